"""From features of a voice to arousal, and to an emotion where the gate opens."""

from dataclasses import replace

import numpy as np
import pytest

from annotators.voice.features import ACOUSTIC, COUNT, ENCODED, LEVEL
from annotators.voice.head import LABELS, LIKE, STRANGE, Head, Usual, baseline_weight, softmax

ONE = np.ones(1)
ANGER, HAPPINESS, SADNESS, NEUTRAL = range(4)


def head(acoustic=ANGER, encoded=ANGER, strength=6.0):
    """Return a head whose views hear a label each, so strongly, in whatever they hear; arousal is the first statistic."""
    blank = Head.blank(np.zeros(COUNT), np.ones(COUNT))
    slope = np.zeros(COUNT)
    slope[ACOUSTIC.start] = 1.0
    heard, other = strength * np.eye(4)[acoustic], strength * np.eye(4)[encoded]
    return replace(blank, acoustic_bias=heard, encoded_bias=other, arousal=slope, axes=np.eye(1, ENCODED.stop - ENCODED.start))


def voice(strange, first=0.0):
    """Return the features of one piece that is so strange."""
    features = np.zeros((1, COUNT))
    features[0, ENCODED] = strange / np.sqrt(1 - 1 / (ENCODED.stop - ENCODED.start))
    features[0, ENCODED.start] = 0.0
    features[0, ACOUSTIC.start] = first
    return features


def usual(pieces, deviation=1.0):
    return Usual(pieces, np.zeros(COUNT), np.full(COUNT, deviation))


def test_what_is_usual_is_measured_over_pieces():
    made = Usual.of(np.array([[1.0, 2.0], [3.0, 2.0]]))
    assert (made.pieces, made.mean.tolist(), made.deviation.tolist()) == (2, [2.0, 2.0], [1.0, 0.0])


def test_without_a_baseline_features_are_told_against_all_speakers_and_loudness_never():
    far = head().relative(np.full((2, COUNT), 9.0), None)
    assert far[:, LEVEL].tolist() == [0.0, 0.0]
    assert set(np.delete(far, LEVEL, axis=1).ravel()) == {5.0}


def test_ten_pieces_of_a_speaker_weigh_as_much_as_all_others():
    assert (baseline_weight(0), baseline_weight(10), baseline_weight(30)) == (0.0, 0.5, 0.75)
    known = replace(usual(10), mean=np.full(COUNT, 2.0))
    assert head().relative(np.full(COUNT, 3.0), known)[1] == pytest.approx(3.0 - 1.0)


def test_what_is_unusual_counts_from_the_speakers_own_mean_loudness_too():
    known = replace(usual(3), mean=np.full(COUNT, 1.0))
    assert head().unusual(np.full(COUNT, 2.0), known)[LEVEL] == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("known", "counts"),
    [(None, False), (usual(7), False), (usual(8), True), (usual(20, deviation=0.7), False), (usual(20, deviation=0.9), True)],
    ids=["none", "few pieces", "enough", "always in one state", "varied"],
)
def test_a_baseline_counts_where_it_is_long_and_varied_enough(known, counts):
    assert head().knows(known) is counts


def test_a_baseline_of_somebody_always_in_one_state_takes_no_arousal_away():
    excited = Usual(20, np.full(COUNT, 3.0), np.full(COUNT, 0.5))
    features = voice(0.1, first=3.0)
    assert head().verdict(features, ONE, excited).arousal == head().verdict(features, ONE, None).arousal
    varied = replace(excited, deviation=np.ones(COUNT))
    assert head().verdict(features, ONE, varied).arousal < head().verdict(features, ONE, None).arousal


@pytest.mark.parametrize("strange", [0.1, (LIKE + STRANGE) / 2, 3.0], ids=["like", "unlike", "strange"])
def test_arousal_is_always_told_and_rises_with_what_it_is_made_of(strange):
    told = [head().verdict(voice(strange, first), ONE, None).arousal for first in (-2.0, 0.0, 2.0)]
    assert told == sorted(told)
    assert told[0] == -told[2]
    assert -1 < told[0] < 0 == told[1]


@pytest.mark.parametrize("label", range(4))
def test_speech_like_the_training_data_gets_each_label(label):
    found = head(label, label).verdict(voice(LIKE - 0.01), ONE, None)
    assert LABELS[int(found.scores.argmax())] == LABELS[label]
    assert found.scores.sum() == pytest.approx(1)
    assert found.withheld is None


@pytest.mark.parametrize(
    ("label", "known", "given"),
    [(ANGER, False, True), (NEUTRAL, False, False), (NEUTRAL, True, True), (HAPPINESS, True, False), (SADNESS, True, False)],
)
def test_other_speech_gets_only_labels_that_carried_over(label, known, given):
    found = head(label, label).verdict(voice((LIKE + STRANGE) / 2), ONE, usual(20) if known else None)
    assert (found.scores is not None) is given
    assert (found.withheld is None) is given
    assert given or LABELS[label] in found.withheld


@pytest.mark.parametrize(
    ("judge", "strange", "why"),
    [
        (head(ANGER, HAPPINESS), 0.1, "different emotions"),
        (head(strength=1.0), 0.1, "no emotion stands out"),
        (head(), STRANGE + 0.01, "too unlike"),
    ],
    ids=["the views disagree", "no margin", "strange"],
)
def test_a_closed_gate_says_why_and_gives_neither_label_nor_valence(judge, strange, why):
    found = judge.verdict(voice(strange), ONE, None)
    assert (found.scores, found.valence) == (None, None)
    assert why in found.withheld


def test_more_is_asked_of_a_label_on_speech_unlike_the_training_data():
    judge = head(strength=2.2)
    assert judge.verdict(voice(0.1), ONE, None).scores is not None
    assert judge.verdict(voice(1.0), ONE, None).scores is None


def test_valence_is_happiness_against_anger_and_sadness_and_neutral_is_neither():
    assert head(HAPPINESS, HAPPINESS).verdict(voice(0.1), ONE, None).valence > 0.9
    assert head(SADNESS, SADNESS).verdict(voice(0.1), ONE, None).valence < -0.9
    assert abs(head(NEUTRAL, NEUTRAL).verdict(voice(0.1), ONE, None).valence) < 0.01


def test_pieces_weigh_by_their_duration():
    pieces = np.concatenate([voice(0.1, 2.0), voice(0.1, -2.0)])
    assert head().verdict(pieces, np.array([3.0, 1.0]), None).arousal > 0
    assert head().verdict(pieces, np.array([2.0, 2.0]), None).arousal == 0


def test_probabilities_sum_to_one_whatever_the_logits():
    found = softmax(np.array([[1000.0, 0.0], [-1000.0, -1000.0], [0.0, np.log(3)]]))
    assert found.sum(axis=1) == pytest.approx([1, 1, 1])
    assert found[1:].tolist() == [[0.5, 0.5], pytest.approx([0.25, 0.75])]


def test_a_head_is_read_as_it_was_written(tmp_path):
    head().save(tmp_path / "head.safetensors", {"b": 1, "a": "é"})
    found = Head.load(tmp_path / "head.safetensors")
    for name in Head.__dataclass_fields__:
        assert getattr(found, name) == pytest.approx(getattr(head(), name), rel=1e-6)
