"""Marks lie where their cues are, and lanes in the order of modalities."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.report.timeline import lanes, ticks
from schemas.claims import Cue
from schemas.values import Span

some_cues = st.lists(
    st.builds(
        Cue,
        by=st.just("cues.made@1#0"),
        cue_id=st.text(max_size=8),
        modality=st.sampled_from(["face", "voice", "skin"]),
        text=st.text(max_size=80),
        value=st.none() | st.floats(-3, 3),
        span=st.none() | st.tuples(st.floats(0, 9), st.floats(0, 9)).map(lambda t: Span(start=min(t), end=max(t))),
    ),
    max_size=30,
)


@given(some_cues, st.floats(0.1, 9))
def test_marks_lie_on_the_time_line_at_their_times_and_none_covers_another(cues, seconds):
    drawn = lanes(cues, seconds, "c1")
    marks = [mark for lane in drawn for mark in lane.marks]
    assert sorted(mark.cue_id for mark in marks) == sorted(cue.cue_id for cue in cues)
    assert len({mark.name for mark in marks}) == len(marks)
    for lane in drawn:
        for row in range(lane.rows):
            boxes = sorted((mark.left, mark.left + mark.wide) for mark in lane.marks if mark.row == row)
            assert boxes
            assert all(before[1] <= after[0] for before, after in pairwise(boxes))
    for mark in marks:
        assert 0 <= mark.words <= 100 and 0 <= mark.left <= 100
        if mark.start is not None:
            assert mark.left == pytest.approx(100 * min(1.0, mark.start / seconds), abs=0.01)


@given(st.floats(0, 10_000))
def test_a_time_axis_has_a_handful_of_ticks(seconds):
    found = ticks(seconds)
    assert 1 <= len(found) <= 13
    assert all(0 <= share <= 100 for _, share in found)


def test_lanes_are_in_the_order_of_modalities_and_unknown_ones_come_last():
    cues = [Cue(by="c@1#0", cue_id=name, modality=name, span=None, text=name) for name in ("gait", "words", "aura", "face")]
    assert [lane.modality for lane in lanes(cues, 4.0, "c1")] == ["face", "words", "aura", "gait"]
