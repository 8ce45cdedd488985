import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.values import Box, Span

times = st.integers(0, 10**7).map(lambda ms: ms / 1000)
spans = st.tuples(times, times).map(lambda pair: Span(start=min(pair), end=max(pair)))


@given(spans, spans)
def test_overlap_is_the_length_of_the_common_part(a, b):
    common = a & b
    assert a.overlap(b) == pytest.approx(common.duration if common else 0.0)
    assert a.overlap(b) == b.overlap(a)


@given(spans, times)
def test_a_shifted_span_keeps_its_length(span, seconds):
    assert span.shift(seconds).duration == pytest.approx(span.duration, abs=1e-6)


def test_a_span_cannot_run_backwards_or_start_before_zero():
    with pytest.raises(ValueError, match="not a span"):
        Span(start=2, end=1)
    with pytest.raises(ValueError, match="not a span"):
        Span(start=-1, end=1)


def test_boxes_that_do_not_meet_share_nothing_and_a_box_shares_all_with_itself():
    left, right = (Box(x=x, y=0, width=0.4, height=1) for x in (0, 0.6))
    assert left.iou(right) == 0
    assert left.iou(left) == pytest.approx(1)


def test_a_span_is_rounded_to_milliseconds():
    assert Span(start=0.12345, end=2.0004999).rounded() == Span(start=0.123, end=2.0)
