"""Which key chooses what: the rows of a keyboard, shared out among the questions of a page."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

NO_KEY = "ctrl+alt+shift+command+f19"
"""Nobody presses it. A choice without a key would be given one by Label Studio, of which nobody is told."""
EXPLAINED = ("9", "0")


def _shifted(row: str) -> tuple[str, ...]:
    return tuple(f"shift+{key}" for key in row)


CANNOT_KEYS = _shifted("67890")
TRUTH_KEYS = _shifted("zxcvbnm,")
ROWS = (
    *map(tuple, ("12345678", "qwertyuiop", "asdfghjkl;", "zxcvbnm,./")),
    *map(_shifted, ("12345", "qwertyuiop", "asdfghjkl;")),
)
"""What is not spoken for; a column is one label, whatever the question."""


def share_keys(sizes: Sequence[int]) -> list[tuple[str, ...]]:
    """Return for questions of so many choices, in order, a key for each choice, none twice.

    A question begins a row of its own, and goes on in the next where it is longer; once all rows are begun it gets what is left
    of one, and where that is too little, NO_KEY throughout.
    """
    left, begun, shared = list(ROWS), set[int](), list[tuple[str, ...]]()
    for size in sizes:
        rows = _rows(left, begun, size)
        begun.update(rows)
        keys = tuple(chain.from_iterable(left[row] for row in rows))[:size]
        for row in rows:
            left[row] = tuple(key for key in left[row] if key not in keys)
        shared.append(padded(keys, size))
    return shared


def padded(keys: Sequence[str], size: int) -> tuple[str, ...]:
    """Return so many keys, NO_KEY where they do not suffice."""
    return (*keys[:size], *(NO_KEY,) * (size - len(keys)))


def _rows(left: Sequence[Sequence[str]], begun: set[int], size: int) -> range:
    """Return the rows that a question takes, the fewest first; none where there is no room."""
    runs = (range(first, first + many) for many in range(1, len(left)) for first in range(len(left) + 1 - many))
    fresh = (run for run in runs if begun.isdisjoint(run) and sum(len(left[row]) for row in run) >= size)
    rest = (range(row, row + 1) for row in range(len(left)) if len(left[row]) >= size)
    return next(chain(fresh, rest), range(0))
