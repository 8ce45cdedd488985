"""Seconds of a source = seconds in clips + seconds left out with a reason + seconds lost with a reason."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.record import DeadLetter, Gap
from schemas.values import Span
from schemas.versions.accounts import UNSPOKEN, SourceExtent, account, totalled, without_clips, without_source


def span(start, end):
    return Span(start=start, end=end)


def gap(start, end, stream="audio", reason="cannot be decoded"):
    return Gap(span=span(start, end), stream=stream, reason=reason)


def extent(*gaps, seconds=20.0, streams="audio"):
    return SourceExtent(source_id="s", file="a.mp4", streams=streams, seconds=seconds, gaps=gaps)


def letter(part, reason="too short", clip="c"):
    return DeadLetter(source_id="s", file="a.mp4", clip_id=clip, step="segment", reason=reason, span=part)


def test_what_is_in_no_clip_has_the_reason_why():
    found = account(extent(gap(15, 20)), [span(1, 4), span(3, 6)], [letter(span(5, 7)), letter(span(8, 8.5), "0.5 s is short")])
    assert found.clips == 5.0
    assert found.lost == {"cannot be decoded": 5.0}
    assert found.left == {UNSPOKEN: 8.5, "segment: too short": 1.0, "segment: … s is short": 0.5}


def test_a_second_is_lost_only_where_there_is_neither_picture_nor_sound():
    found = account(extent(gap(0, 10), streams="audio+video"), [], [])
    assert (found.lost, found.left) == ({}, {UNSPOKEN: 20.0})
    found = account(extent(gap(0, 10), gap(0, 10, "video"), streams="audio+video"), [], [])
    assert (found.lost, found.left) == ({"cannot be decoded": 10.0}, {UNSPOKEN: 10.0})


def test_all_of_a_source_that_could_not_be_used_is_left_out_for_its_reason():
    assert account(extent(), [], [letter(None, "no model", clip=None)]).left == {"segment: no model": 20.0}


spans = st.tuples(st.floats(0, 30), st.floats(0, 30)).map(lambda pair: span(*sorted(pair)))


@given(
    seconds=st.floats(0.001, 25),
    clips=st.lists(spans, max_size=8),
    letters=st.lists(spans.map(letter), max_size=8),
    gaps=st.lists(st.builds(Gap, span=spans, stream=st.sampled_from(["audio", "video"]), reason=st.just("r"))),
    streams=st.sampled_from(["audio", "video", "audio+video"]),
)
def test_in_is_out_to_the_millisecond_whatever_overlaps(seconds, clips, letters, gaps, streams):
    found = account(extent(*gaps, seconds=seconds, streams=streams), clips, letters)
    assert found.clips + sum(found.left.values()) + sum(found.lost.values()) == pytest.approx(found.seconds, abs=1e-9)
    assert min([found.clips, *found.left.values(), *found.lost.values()]) >= 0.0
    fewer = without_clips(found, clips[:1], "withdrawn")
    for one in (fewer, without_source(found, "withdrawn")):
        assert one.clips + sum(one.left.values()) + sum(one.lost.values()) == pytest.approx(one.seconds, abs=1e-9)


def test_the_sum_of_all_sources_adds_up_by_reason():
    first, second = account(extent(gap(15, 20)), [span(0, 4)], []), account(extent(), [span(0, 1)], [letter(span(1, 3))])
    total = totalled([first, second])
    assert (total.seconds, total.clips) == (40.0, 5.0)
    assert dict(total.left) == {UNSPOKEN: 28.0, "segment: too short": 2.0}
    assert dict(total.lost) == {"cannot be decoded": 5.0}
