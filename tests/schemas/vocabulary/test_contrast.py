"""When two modalities contradict each other: on what they can both say, and as people see it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.claims import Label
from schemas.vocabulary.contrast import (
    AROUSAL,
    CALIBRATION,
    CLASSES,
    VALENCE,
    at_odds,
    calibrated,
    contrast,
    emotional,
    evidence_by_modality,
    sure_enough,
)
from schemas.vocabulary.spaces import space

EKMAN = space("ekman7").labels


def said(modality="face", **scores):
    return evidence_by_modality([label(modality, **scores)], "ekman7")[modality]


def label(modality, **scores):
    rest = (1 - sum(scores.values())) / max(1, len(EKMAN) - len(scores))
    told = {name: scores.get(name, rest) for name in EKMAN}
    return Label(by="l@1#0", modality=modality, space="ekman7", names=tuple(told), scores=tuple(told.values()))


def point(**axes):
    return evidence_by_modality([Label(by="l@1#0", modality="skin", space="open", **axes)], "ekman7")["skin"]


def test_unlike_emotions_conflict_and_what_shows_none_contradicts_none():
    sure = contrast(said(happiness=0.95), said(anger=0.95), "ekman7")
    assert sure.axis in {CLASSES, VALENCE}
    assert sure.probability > 0.7
    assert contrast(said(sadness=0.95), said(anger=0.95), "ekman7").axis == CLASSES
    for calm in ("neutral", "surprise", "happiness"):
        assert contrast(said(happiness=0.95), said(**{calm: 0.95}), "ekman7").probability < 0.1


def test_two_that_know_nothing_are_not_called_a_conflict():
    assert contrast(said(), said(), "ekman7").probability < 0.35


def test_without_classes_in_common_valence_or_arousal_is_compared_and_nothing_else():
    happy = said(happiness=0.95)
    assert contrast(point(valence=-0.9), happy, "ekman7").axis == VALENCE
    assert contrast(point(valence=0.9), happy, "ekman7").probability < 0.1
    assert contrast(point(arousal=-0.9), happy, "ekman7") == contrast(happy, point(arousal=0.9), "ekman7")
    assert contrast(point(arousal=-0.9), happy, "ekman7").axis is None
    assert contrast(point(arousal=-0.9), point(arousal=0.9), "ekman7").axis == AROUSAL


def test_a_withheld_label_is_evidence_of_its_arousal_alone():
    held = Label(by="l@1#0", modality="voice", space="ekman7", arousal=0.4, withheld="too short")
    (found,) = evidence_by_modality([held], "ekman7").values()
    assert (found.distribution, found.valence, found.arousal) == ({}, None, 0.4)
    assert evidence_by_modality([Label(by="l@1#0", modality="voice", space="ekman7", withheld="too short")], "ekman7") == {}


def test_an_unsure_label_is_taken_out_with_its_valence():
    assert sure_enough(said(anger=0.3), 0.4).distribution == {}
    assert sure_enough(said(anger=0.3), 0.4).valence is None
    assert sure_enough(said(anger=0.5), 0.4) == said(anger=0.5)


@given(*[st.dictionaries(st.sampled_from(EKMAN), st.floats(0.01, 1), min_size=2)] * 2)
def test_it_is_the_same_either_way_round_and_a_probability(one, other):
    first, second = (
        evidence_by_modality(
            [
                Label(
                    by="l@1#0",
                    modality="m",
                    space="ekman7",
                    names=tuple(d),
                    scores=tuple(v / sum(d.values()) for v in d.values()),
                )
            ],
            "ekman7",
        )["m"]
        for d in (one, other)
    )
    found = contrast(first, second, "ekman7")
    assert found == contrast(second, first, "ekman7")
    assert found.probability is None or 0 <= found.probability <= 1


@given(st.floats(0, 1), st.floats(0, 1), st.sampled_from(sorted(CALIBRATION)))
def test_the_more_is_unlike_the_likelier_a_conflict(unlike, more, axis):
    low, high = sorted((unlike, more))
    assert calibrated(low, (1 - low) / 2, CALIBRATION[axis]) <= calibrated(high, (1 - high) / 2, CALIBRATION[axis])


@pytest.mark.parametrize(
    ("one", "other", "seen"),
    [
        (("anger",), ("happiness",), True),
        (("anger",), ("neutral",), False),
        (("surprise",), ("anger",), False),
        (("anger", "fear"), ("fear",), False),
        (("anger", "neutral"), ("sadness",), True),
        ((), ("sadness",), None),
    ],
)
def test_people_see_a_conflict_where_each_names_an_emotion_and_they_share_none(one, other, seen):
    assert at_odds(one, other, "ekman7") is seen
    assert at_odds(other, one, "ekman7") is seen


def test_where_a_space_does_not_say_how_labels_feel_all_of_them_can_contradict():
    assert emotional(("nod", "cry"), "celebvhq_action35") == ("nod", "cry")
    assert emotional(EKMAN, "ekman7") == ("anger", "disgust", "fear", "happiness", "sadness")


def test_on_the_votes_of_crema_d_the_probability_holds_for_actors_that_it_was_not_fitted_on(capsys):
    from tests.accuracy import votes

    found = list(votes.rows())
    with capsys.disabled():
        print("\n" + "\n".join(map(str, found)))
    assert all(row.ece < 0.02 for row in found)
    classes, valence, _ = found
    assert classes.found == pytest.approx(classes.expected, abs=0.05)
    assert valence.found == pytest.approx(valence.expected, abs=0.08)
    assert {axis: votes.fitted(axis) for axis in CALIBRATION} == dict(CALIBRATION)
