"""Clips counted one by one, by hand."""

from dataclasses import replace

import pytest

from pipeline.stats.counters import AXIS, BINS, VersionCounters, routed, step
from schemas.claims import Assessment, Conflict, Label, Route
from tests.support.reported import clip

NAMES = ("happiness", "sadness")


def label(modality, *scores, **more):
    return Label(by=f"labels.{modality}@1#0", modality=modality, space="ekman7", names=NAMES, scores=scores, **more)


def judged(*labels, decision="accept", reasons=("agreed, 0.91",), assessments=(), **more):
    route = Route(by="route@1#0", decision=decision, reasons=reasons, priority=0.0, **more)
    return replace(clip(0), labels=labels, routes=(route,), assessments=assessments)


def counted(*clips):
    counters = VersionCounters("ekman7")
    for one in clips:
        counters.add(one)
    return counters


def test_clips_seconds_and_reasons_are_counted_where_they_went():
    found = counted(judged(), judged(audit=True), judged(decision="review", reasons=("face 0.2 from 0.1", "face 0.3 from 0.1")))
    accepted, review = found.destinations["accept"], found.destinations["review"]
    assert (accepted.clips, accepted.audit, accepted.seconds) == (2, 1, 8.0)
    assert dict(accepted.reasons) == {"agreed, …": 2}
    assert dict(review.reasons) == {"face … from …": 1}, "a reason counts once per clip"
    assert found.destinations["reject"].clips == 0


def test_a_clip_that_nobody_routed_lies_among_the_accepted():
    bare = replace(clip(0), routes=())
    assert routed(bare).decision == "accept"
    assert counted(bare).destinations["accept"].clips == 1


def test_what_each_modality_says_is_summed_and_its_likeliest_label_counted():
    found = counted(judged(label("face", 0.75, 0.25)), judged(label("face", 0.25, 0.75)), judged(label("face", 0.5, 0.5)))
    face = found.felt["face"]
    assert (face.clips, dict(face.mass)) == (3, {"happiness": 1.5, "sadness": 1.5})
    assert sum(face.likeliest.values()) == 3


def test_two_modalities_are_compared_by_label_and_by_divergence():
    conflicts = (Conflict(first="face", second="voice", divergence=0.55, opposed=True, axis="valence", probability=0.62),)
    assessed = Assessment(by="assess@1#0", ambiguity=1.0, consistency=None, category="neither", outlier=None, conflicts=conflicts)
    unlike = replace(
        assessed,
        conflicts=(replace(conflicts[0], divergence=None, opposed=None, axis=None, probability=None),),
        outlier="voice",
        ambiguity=None,
    )
    both = (label("face", 1.0, 0.0), label("voice", 0.0, 1.0))
    found = counted(judged(*both, assessments=(assessed,)), judged(*both, assessments=(unlike,)))
    pair = found.pairs["face", "voice"]
    assert dict(pair.labels) == {("happiness", "sadness"): 2}
    assert (dict(pair.divergence), pair.incomparable, pair.opposed) == ({5: 1}, 1, 1)
    assert dict(pair.probability) == {6: 1}
    assert dict(found.categories) == {"neither": 2}
    assert dict(found.outliers) == {"none": 1, "voice": 1}
    assert dict(found.ambiguity) == {BINS - 1: 1}


def test_points_on_the_axes_are_those_of_the_target_over_the_whole_clip():
    placed = label("voice", 1.0, 0.0, valence=0.0, arousal=1.0)
    other = label("voice", 1.0, 0.0, valence=-1.0, person="P1")
    found = counted(judged(placed, other)).felt["voice"]
    assert dict(found.valence) == {AXIS // 2: 1}
    assert dict(found.both) == {(AXIS // 2, AXIS - 1): 1}


@pytest.mark.parametrize(
    ("share", "of", "place"), [(0.0, 10, 0), (0.3, 10, 3), (0.999, 10, 9), (1.0, 10, 9), (-0.1, 10, 0), (0.5, 11, 5)]
)
def test_a_share_lies_in_one_step(share, of, place):
    assert step(share, of) == place
