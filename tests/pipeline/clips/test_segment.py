"""Segmentation, as properties that hold for any turns, words and shots."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.clips.segment import SegmentSettings, segment
from schemas.claims import Shot, Turn, Word
from schemas.record import Origin, Source
from schemas.values import Span

BOUNDS = SegmentSettings()


def span(start, end):
    return Span(start=start, end=end)


def source(turns=(), words=(), shots=(), duration=60.0, streams="audio+video"):
    origin = Origin(source_id="0" * 16, sha256="0" * 64, file="a.mp4", duration=duration, streams=streams)
    return Source(
        source=origin,
        path="/nowhere/a.mp4",
        turns=tuple(Turn(by="t@1#0", span=s, speaker=who, floor=(s,)) for s, who in turns),
        words=tuple(Word(by="w@1#0", span=s, text=text, speaker=who) for s, text, who in words),
        shots=tuple(Shot(by="s@1#0", span=s) for s in shots),
    )


times = st.integers(0, 60000).map(lambda ms: ms / 1000)
some_spans = st.tuples(times, times).filter(lambda p: p[0] < p[1]).map(lambda p: span(*p))
some_turns = st.lists(st.tuples(some_spans, st.sampled_from(["S0", "S1"])), max_size=8)
some_cuts = st.lists(times.filter(lambda t: 0 < t < 60), max_size=5, unique=True).map(sorted)


@settings(deadline=None)
@given(some_turns, some_cuts)
def test_clips_lie_in_one_shot_hold_one_speaker_and_keep_to_the_bounds(turns, cuts):
    edges = [0.0, *cuts, 60.0]
    shots = [span(a, b) for a, b in pairwise(edges)]
    pieces = [part for turn, _ in turns for shot in shots if (part := turn & shot) is not None]
    for request in segment(source(turns, shots=shots), BOUNDS):
        # Only what is too short for a clip of its own may lead across a cut.
        short = any(part.overlap(request.span) > 0 and part.duration < BOUNDS.min_seconds for part in pieces)
        assert short or any(shot.covers(request.span, 0.001) for shot in shots)
        assert request.span.duration <= BOUNDS.max_seconds + 0.002
        assert request.reason is not None or request.span.duration >= BOUNDS.min_seconds - 0.001
        if turns:
            assert any(request.span.overlap(turn) > 0 for turn, who in turns if who == request.speaker) or (
                request.span.duration < BOUNDS.join_seconds + 0.002
            )


@settings(deadline=None)
@given(some_turns)
def test_all_speech_lands_in_a_clip_or_in_a_dead_letter(turns):
    requests = segment(source(turns), BOUNDS)
    for turn, who in turns:
        own = sum(request.span.overlap(turn) for request in requests if request.speaker == who)
        assert own >= turn.duration - 0.01 or any(request.span.covers(turn, 0.01) for request in requests)


def test_neighbouring_turns_of_one_speaker_join_unless_another_speaks_in_between():
    alone = segment(source([(span(1, 3), "S0"), (span(3.5, 6), "S0")]), BOUNDS)
    assert [request.span for request in alone] == [span(1, 6)]
    answered = segment(source([(span(1, 3), "S0"), (span(3.1, 3.4), "S1"), (span(3.5, 6), "S0")]), BOUNDS)
    assert [r.span for r in answered] == [span(1, 3.4), span(3.5, 6)]


def test_a_long_turn_is_cut_in_its_longest_pause():
    words = [(span(t, t + 0.9), "la", "S0") for t in range(10)] + [(span(12 + t, 12.9 + t), "la", "S0") for t in range(8)]
    requests = segment(source([(span(0, 20), "S0")], words), BOUNDS)
    assert [request.span for request in requests] == [span(0, 10.95), span(10.95, 20)]


def test_a_clip_is_widened_to_hold_its_words_whole_but_not_beyond_the_shot():
    words = [(span(0.8, 1.4), "oh", "S0"), (span(2.0, 4.2), "well", "S0")]
    requests = segment(source([(span(1, 4), "S0")], words, [span(0, 4.1), span(4.1, 60)]), BOUNDS)
    assert [request.span for request in requests] == [span(0.8, 4.1)]


def test_a_silent_video_gives_its_shots_and_a_silent_recording_gives_nothing():
    shots = [span(0, 20), span(20, 60)]
    assert [r.span.end for r in segment(source(shots=shots), BOUNDS)] == [10, 20, 33.333, 46.667, 60]
    assert segment(source(streams="audio"), BOUNDS) == ()


def test_an_hour_of_talk_is_segmented_in_a_moment():
    turns = [(span(4 * k, 4 * k + 3), f"S{k % 2}") for k in range(900)]
    words = [(span(4 * k + j / 3, 4 * k + j / 3 + 0.3), "la", f"S{k % 2}") for k in range(900) for j in range(9)]
    assert len(segment(source(turns, words, duration=3600.0), BOUNDS)) == 900
