"""Words and turns joined by time."""

from hypothesis import given
from hypothesis import strategies as st

from annotators.speech.joining import REACH, join
from schemas.claims import Turn, Word
from schemas.values import Span

times = st.integers(0, 4000).map(lambda k: k / 100)
spans = st.tuples(times, st.integers(0, 300)).map(lambda t: Span(start=t[0], end=t[0] + t[1] / 100))


def word(start, end, text="so"):
    return Word(by="a", span=Span(start=start, end=end), text=text)


def turn(speaker, *floor):
    held = tuple(Span(start=start, end=end) for start, end in floor)
    return Turn(by="a", span=Span(start=held[0].start, end=held[-1].end), speaker=speaker, floor=held)


def speakers(words, turns):
    return [w.speaker for w in join(words, turns)]


def test_a_word_belongs_to_whoever_holds_the_floor_for_most_of_it():
    turns = [turn("S0", (0, 2)), turn("S1", (2, 4))]
    assert speakers([word(1.7, 2.1), word(1.9, 2.3)], turns) == ["S0", "S1"]


def test_a_word_beside_the_floor_goes_to_the_nearest_within_reach_and_to_nobody_beyond():
    turns = [turn("S0", (1, 2)), turn("S1", (3, 4))]
    assert speakers([word(2.1, 2.3), word(2.7, 2.9), word(4.4, 4.6), word(4.6, 4.8)], turns) == ["S0", "S1", "S1", None]


def test_of_equal_floors_the_earlier_wins():
    assert speakers([word(1.5, 2.5)], [turn("S1", (2, 3)), turn("S0", (1, 2))]) == ["S0"]


def test_the_floor_counts_not_the_turn():
    assert speakers([word(1, 2)], [turn("S0", (0, 0.9), (2.2, 9)), turn("S1", (0.9, 2.2))]) == ["S1"]


def test_without_turns_nobody_is_named():
    assert speakers([word(0, 1)], []) == [None]


@given(st.lists(spans, max_size=20), st.lists(st.tuples(spans, st.sampled_from("ABC")), max_size=20))
def test_it_agrees_with_looking_at_every_floor(words, floors):
    said = [word(span.start, span.end) for span in words]
    turns = [turn(label, (span.start, span.end)) for span, label in floors]
    for one in join(said, turns):
        gaps = [max(0.0, span.start - one.span.end, one.span.start - span.end) for span, _ in floors]
        overlaps = [one.span.overlap(span) for span, _ in floors]
        if one.speaker is None:
            assert all(gap > REACH for gap in gaps)
        else:
            mine = [k for k, (_, label) in enumerate(floors) if label == one.speaker]
            assert max(overlaps[k] for k in mine) == max(overlaps)
            assert max(overlaps) > 0 or min(gaps[k] for k in mine) == min(gaps) <= REACH
    assert [one.text for one in join(said, turns)] == [one.text for one in said]
