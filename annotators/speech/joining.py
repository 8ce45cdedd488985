"""Who says which word: words and turns joined by time."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import accumulate

from schemas.claims import Turn, Word
from schemas.values import Span

REACH = 0.5
"""A word that no floor touches goes to the nearest one within this many seconds."""


def join(words: Sequence[Word], turns: Sequence[Turn]) -> tuple[Word, ...]:
    """Return the words, in their order, each with the speaker who holds the floor for most of it.

    A word outside all floors goes to the nearest within `REACH` seconds; the speaker is None where there is none. Of equal floors
    the earlier one wins.
    """
    floors = sorted(((span, turn.speaker) for turn in turns for span in turn.floor), key=lambda floor: (floor[0], floor[1]))
    starts = [span.start for span, _ in floors]
    reached = list(accumulate((span.end for span, _ in floors), max))

    def near(word: Span) -> Iterator[tuple[Span, str]]:
        for k in range(bisect_left(starts, word.end + REACH) - 1, -1, -1):
            if reached[k] < word.start - REACH:
                return
            yield floors[k]

    return tuple(replace(word, speaker=_speaker(word.span, list(near(word.span)))) for word in words)


def _speaker(word: Span, floors: Sequence[tuple[Span, str]]) -> str | None:
    if not floors:
        return None
    span, speaker = min(floors, key=lambda floor: (-word.overlap(floor[0]), _gap(word, floor[0]), floor[0], floor[1]))
    return speaker if _gap(word, span) <= REACH else None


def _gap(one: Span, other: Span) -> float:
    """Return the seconds between two spans, 0.0 where they meet."""
    return max(0.0, other.start - one.end, one.start - other.end)
