"""From somebody's diarization to claims."""

import math
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from annotators.speech.turns import Diarized, turn_claims
from schemas.claims import Speaker, Turn
from schemas.values import Span

times = st.integers(0, 3000).map(lambda k: k / 100)
parts = st.lists(
    st.tuples(times, st.integers(1, 500), st.sampled_from("xyz")).map(lambda t: (Span(start=t[0], end=t[0] + t[1] / 100), t[2])),
    max_size=15,
)


def labelled(*parts):
    return tuple((Span(start=start, end=end), label) for start, end, label in parts)


def told(speech, floor=None, voices=None, bridge=0.5, duration=60.0):
    found = Diarized(speech=labelled(*speech), floor=labelled(*(floor or speech)), voices=voices or {})
    made = turn_claims("me", found, bridge, duration)
    return [c for c in made if isinstance(c, Turn)], [c for c in made if isinstance(c, Speaker)]


def test_speakers_are_named_in_order_of_first_speech():
    turns, speakers = told([(5, 6, "A"), (1, 2, "B"), (8, 9, "B")])
    assert [(t.span.start, t.speaker) for t in turns] == [(1, "S0"), (5, "S1"), (8, "S0")]
    assert [(s.speaker, s.seconds) for s in speakers] == [("S0", 2.0), ("S1", 1.0)]


def test_a_pause_belongs_to_the_turn_and_to_the_floor_unless_somebody_else_has_it():
    speech = [(0, 1, "A"), (1.4, 2, "A"), (2.4, 3, "A"), (1.1, 1.3, "B")]
    turns, _ = told(speech)
    first = turns[0]
    assert (first.span, [(f.start, f.end) for f in first.floor]) == (Span(start=0, end=3), [(0, 1), (1.4, 3)])
    assert [(f.start, f.end) for f in turns[1].floor] == [(1.1, 1.3)]


def test_times_are_cut_to_the_source_and_rounded():
    turns, speakers = told([(9.87654, 12, "A"), (12, 13, "B")], duration=10.0005)
    assert [(t.span.start, t.span.end, t.speaker) for t in turns] == [(9.877, 10.0, "S0")]
    assert len(speakers) == 1


def test_a_voice_has_unit_length_in_float32_and_no_voice_is_empty():
    _, speakers = told([(0, 1, "A"), (2, 3, "B"), (4, 5, "C")], voices={"A": (3.0, 4.0), "B": (0.0, 0.0), "C": (math.nan, 1.0)})
    assert [len(s.embedding) for s in speakers] == [2, 0, 0]
    assert speakers[0].embedding[0] == 0.6000000238418579


def test_no_speech_is_no_claim():
    assert told([]) == ([], [])


@given(parts, parts, st.sampled_from([0.0, 0.58, 2.0]))
def test_every_floor_lies_in_its_turn_and_every_time_in_the_source(speech, floor, bridge):
    made = turn_claims("me", Diarized(speech=tuple(speech), floor=tuple(floor), voices={}), bridge, 20.0)
    turns = [c for c in made if isinstance(c, Turn)]
    assert all(turn.span.covers(part) for turn in turns for part in turn.floor)
    assert all(0 <= turn.span.start < turn.span.end <= 20.0 for turn in turns)
    assert turns == sorted(turns, key=lambda turn: (turn.span, turn.speaker))
    first = min((turn.span.start for turn in turns), default=None)
    assert not turns or "S0" in {turn.speaker for turn in turns if turn.span.start == first}
    for speaker in {turn.speaker for turn in turns}:
        mine = [turn.span for turn in turns if turn.speaker == speaker]
        assert all(b.start - a.end > bridge for a, b in pairwise(mine))
