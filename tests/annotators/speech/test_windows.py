"""What a recogniser is given to hear."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from annotators.speech.windows import JITTER, LONGEST, windows
from schemas.values import Span

pieces = st.lists(
    st.tuples(st.integers(0, 20000), st.integers(1, 6000)).map(lambda t: Span(start=t[0] / 100, end=(t[0] + t[1]) / 100)),
    max_size=12,
)


def made(speech, turns=(), gap=2.0, margin=0.2, duration=100.0):
    spans = windows([Span(start=a, end=b) for a, b in speech], [Span(start=a, end=b) for a, b in turns], gap, margin, duration)
    return [(round(span.start, 3), round(span.end, 3)) for span in spans]


def test_near_speech_shares_a_window_and_far_speech_does_not():
    assert made([(1, 2), (3, 4), (7, 8)]) == [(0.8, 4.2), (6.8, 8.2)]


def test_a_turn_that_detection_missed_is_heard_too():
    assert made([(1, 2)], [(1, 2.1), (50, 53)]) == [(0.8, 2.2), (49.8, 53.2)]


def test_margins_meet_half_way_and_stay_in_the_source():
    assert made([(0.1, 1), (1.1, 99.95)], gap=0.0)[0] == (0.0, 1.05)
    assert made([(99, 99.95)])[-1][1] == 100.0


def test_nothing_said_is_nothing_to_hear():
    assert made([]) == []


@given(pieces, pieces)
def test_windows_hold_all_speech_do_not_overlap_and_fit_into_whisper(speech, turns):
    out = windows(speech, turns, 2.0, 0.2, 300.0)
    assert all(a.end <= b.start + 1e-9 for a, b in pairwise(out))
    assert all(0 < span.duration <= LONGEST + 0.4 + 1e-9 for span in out)
    for span in speech:
        assert abs(sum(span.overlap(window) for window in out) - span.duration) < 1e-6
    for turn in turns:
        lost = turn.duration - sum(turn.overlap(window) for window in out)
        assert lost < JITTER * (len(speech) + 1) + 1e-6
