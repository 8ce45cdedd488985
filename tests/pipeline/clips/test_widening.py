"""What becomes of utterances that are too short, as properties and by example."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.clips.widening import Bounds, Spoken, widened
from schemas.claims import Turn
from schemas.values import Span

BOUNDS = Bounds(least=1.0, longest=15.0, near=1.0)
WHOLE = (Span(start=0, end=60),)


def span(start, end):
    return Span(start=start, end=end)


def placed(turns, shots=WHOLE, pieces=None):
    """Return (span, speaker, whether it is cut) of each piece, one per turn unless told otherwise."""
    pieces = [Spoken(span=one, speaker=who) for one, who in (pieces if pieces is not None else turns)]
    said = [Turn(by="t@1#0", span=one, speaker=who, floor=(one,)) for one, who in turns]
    return [(one.span, one.speaker, one.reason is None) for one in widened(pieces, said, shots, BOUNDS)]


def test_an_exclamation_is_widened_into_the_silence_around_it():
    assert placed([(span(10, 10.4), "S0")]) == [(span(9.7, 10.7), "S0", True)]


def test_it_is_widened_to_one_side_where_the_other_is_taken():
    assert placed([(span(5, 9.9), "S1"), (span(10, 10.4), "S0")])[1] == (span(9.9, 10.9), "S0", True)
    assert placed([(span(10, 10.4), "S0"), (span(10.5, 14), "S1")])[0] == (span(9.5, 10.5), "S0", True)


def test_it_is_not_widened_across_a_cut_while_there_is_room_in_the_shot():
    shots = (span(0, 10.1), span(10.1, 60))
    assert placed([(span(9.8, 10.1), "S0")], shots) == [(span(9.1, 10.1), "S0", True)]


def test_it_crosses_a_cut_where_the_shot_has_no_room():
    shots = (span(0, 9.8), span(9.8, 10.3), span(10.3, 60))
    assert placed([(span(9.8, 10.2), "S0")], shots) == [(span(9.5, 10.5), "S0", True)]


def test_what_a_cut_leaves_of_an_utterance_goes_with_the_rest_of_it():
    turns, shots = [(span(5, 10.1), "S0")], (span(0, 10), span(10, 60))
    assert placed(turns, shots, [(span(5, 10), "S0"), (span(10, 10.1), "S0")]) == [(span(5, 10.1), "S0", True)]


def test_without_room_it_is_joined_to_its_own_neighbour_rather_than_to_anothers():
    turns = [(span(5, 9), "S0"), (span(9.1, 9.5), "S0"), (span(9.6, 14), "S1")]
    assert placed(turns) == [(span(5, 9.5), "S0", True), (span(9.6, 14), "S1", True)]


def test_an_exclamation_amid_anothers_speech_stands_in_the_others_clip():
    assert placed([(span(5, 14), "S1"), (span(9, 9.4), "S0")]) == [(span(5, 14), "S1", True)]


def test_two_exclamations_in_one_silence_do_not_overlap():
    (one, _, _), (other, _, _) = placed([(span(10, 10.4), "S0"), (span(10.9, 11.3), "S0")])
    assert one.end <= other.start + 1e-6
    assert one.duration >= 1.0
    assert other.duration >= 1.0


def test_what_has_neither_room_nor_neighbour_says_so():
    ((_, _, cut),) = placed([(span(0, 0.4), "S0")], (span(0, 0.5),))
    assert not cut


times = st.integers(0, 6000).map(lambda ms: ms / 100)
some_spans = st.tuples(times, times).filter(lambda p: p[0] < p[1]).map(lambda p: span(*p))
some_turns = st.lists(st.tuples(some_spans, st.sampled_from(["S0", "S1"])), max_size=8)
some_cuts = st.lists(times.filter(lambda t: 0 < t < 60), max_size=5, unique=True).map(sorted)


@settings(deadline=None, max_examples=30)
@given(some_turns, some_cuts)
def test_every_piece_stands_in_a_clip_that_is_long_enough_or_has_a_reason(turns, cuts):
    shots = [span(a, b) for a, b in pairwise([0.0, *cuts, 60.0])]
    told = placed(turns, shots)
    for piece, _ in turns:
        assert any(one.covers(piece, 0.001) for one, _, _ in told)
    assert all(not cut or one.duration >= BOUNDS.least - 1e-3 for one, _, cut in told)


@settings(deadline=None, max_examples=30)
@given(some_turns)
def test_what_is_widened_takes_none_of_anothers_speech_that_it_did_not_have(turns):
    for one, who, cut in placed(turns):
        if cut and not any(abs(one.duration - piece.duration) < 1e-3 and speaker == who for piece, speaker in turns):
            foreign = [piece for piece, speaker in turns if speaker != who]
            own = [piece for piece, speaker in turns if one.covers(piece, 0.001)]
            for piece in foreign:
                held = max((piece.overlap(mine) for mine in own), default=0.0)
                assert piece.overlap(one) <= held + 0.002
