"""What modalities say, compared: by hand-worked values and by what must hold for any."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.claims import Label
from schemas.vocabulary.distributions import (
    by_modality,
    category,
    divergence,
    entropy,
    expected_valence,
    opposed,
    outlier,
    pooled,
    top,
)
from schemas.vocabulary.spaces import space

EKMAN = space("ekman7").labels
distributions = st.lists(st.floats(0.001, 1), min_size=7, max_size=7).map(
    lambda weights: {name: weight / sum(weights) for name, weight in zip(EKMAN, weights, strict=True)}
)


def label(modality, named, scores, by="labels.test@1#0", **more):
    return Label(by=by, modality=modality, space=named, names=tuple(scores), scores=tuple(scores.values()), **more)


def sure(name):
    return {one: float(one == name) for one in EKMAN}


@given(distributions, distributions)
def test_divergence_is_symmetric_and_lies_between_0_and_1_bit(one, other):
    assert divergence(one, other) == divergence(other, one)
    assert 0 <= divergence(one, other) <= 1
    assert divergence(one, one) == 0


def test_divergence_is_that_of_scipy():
    from scipy.spatial.distance import jensenshannon

    one, other = {"a": 0.7, "b": 0.2, "c": 0.1}, {"a": 0.1, "b": 0.3, "c": 0.6}
    assert divergence(one, other) == pytest.approx(jensenshannon([0.7, 0.2, 0.1], [0.1, 0.3, 0.6], base=2) ** 2, abs=1e-4)
    assert divergence(sure("anger"), sure("fear")) == 1


def test_what_one_author_cannot_say_does_not_count_against_it():
    voice = {name: 1 / 6 for name in EKMAN if name != "surprise"}
    assert divergence({**sure("surprise")}, voice) is None
    face = {**dict.fromkeys(EKMAN, 0.0), "surprise": 0.4, "fear": 0.6}
    assert divergence(face, {**voice, "fear": 1.0}) < 0.5


def test_spaces_are_brought_into_one_and_other_things_that_are_said_are_left_out():
    labels = [
        label("voice", "emodb7", {"anger": 0.5, "boredom": 0.3, "neutral": 0.2}),
        label("face", "ekman7", {"anger": 0.25, "fear": 0.75}),
        label("face", "ekman7", {"anger": 0.75, "fear": 0.25}, by="labels.other@1#0"),
        label("all", "ekman7", {"anger": 1.0}),
        label("words", "ekman7", {"anger": 1.0}, perspective="evoked"),
        label("words", "vce27", {"Anger": 1.0}),
        Label(by="x@1#0", modality="words", space="ekman7", valence=0.5),
    ]
    heard = by_modality(labels, "ekman7")
    assert heard == {"face": {"anger": 0.5, "fear": 0.5}, "voice": {"anger": 0.5, "neutral": 0.5}}


@given(st.lists(distributions, min_size=1, max_size=4))
def test_the_pool_is_a_distribution_and_no_surer_than_the_surest(many):
    whole = pooled(many)
    assert math.isclose(sum(whole.values()), 1)
    assert max(whole.values()) <= max(max(one.values()) for one in many) + 1e-9
    assert 0 <= entropy(whole) <= 1


def test_entropy_of_certainty_is_0_and_of_ignorance_1():
    assert entropy(sure("fear")) == 0
    assert entropy(dict.fromkeys(EKMAN, 1 / 7)) == 1


def test_valence_has_a_sign_only_where_it_is_strong():
    assert expected_valence(sure("happiness"), "ekman7") == 1
    assert expected_valence(sure("disgust"), "ekman7") == -1
    assert expected_valence(sure("surprise"), "ekman7") == expected_valence(sure("neutral"), "ekman7") == 0
    assert opposed(0.9, -0.9, 0.2) is True
    assert opposed(0.9, 0.3, 0.2) is False
    assert opposed(0.9, -0.1, 0.2) is None


def test_labels_that_are_close_are_tied():
    assert top({"a": 0.40, "b": 0.36, "c": 0.24}, 0.05) == {"a", "b"}
    assert top({"a": 0.45, "b": 0.31, "c": 0.24}, 0.05) == {"a"}


@pytest.mark.parametrize(
    ("video", "audio", "truth", "expected"),
    [
        ("a", "a", "a", "consistent"),
        ("a", "b", "a", "video_aligned"),
        ("b", "a", "a", "audio_aligned"),
        ("a", "b", "c", "neither"),
        ("a", "a", "b", "neither"),
        ("a", "b", "", "unresolved"),
        ("", "b", "b", "unresolved"),
        ("ab", "b", "b", "unresolved"),
        ("ab", "c", "ab", "video_aligned"),
    ],
)
def test_the_category_follows_the_published_rule(video, audio, truth, expected):
    assert category(set(video), set(audio), set(truth) or None) == expected


def test_overlap_thresholds_make_sets_equal_or_unlike():
    assert category({"a", "b"}, {"b"}, {"b"}, same=0.5) == "consistent"
    assert category({"a", "b"}, {"b"}, {"b"}, differ=0.5) == "audio_aligned"


def test_the_outlier_stands_against_all_others_while_these_agree():
    apart = {("face", "voice"): 0.6, ("face", "words"): 0.5, ("voice", "words"): 0.1}
    assert outlier(apart, 0.3) == "face"
    assert outlier({**apart, ("voice", "words"): 0.4}, 0.3) is None
    assert outlier({**apart, ("face", "words"): None}, 0.3) is None
    assert outlier({("face", "voice"): 0.9}, 0.3) is None
