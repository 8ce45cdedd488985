"""Where two sequences of codes run alike: an index over all of them finds who may, an alignment finds from where to where.

Pure. Codes are rows of bytes; a row of zeros is nothing to recognise and never counts, for or against.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Codes = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int64]
Small = npt.NDArray[np.int32]
_NEIGHBOURS = 16
"""Of all sources that hold an equal piece, each meets so many before it: a piece in thousands of sources still joins them all."""
_SPAN = 1 << 22
"""More codes than one source has: six days of sound."""
_BLOCK = 1 << 22
"""Distances that are in memory at once."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Codes `first` to `first + count` of one sequence run like those from `first + offset` on of another."""

    first: int
    offset: int
    count: int


def meetings(codes: Codes, owners: Small, places: Small) -> tuple[Ints, Ints, Ints]:
    """Return pairs of owners (lower first) that hold an equal piece of 32 bits, and how much later it is in the second.

    Each owner's first place of a piece stands for all of them. Rows come in order of owner and place, those of zeros left out.
    Pairs repeat.
    """
    found = [_met(piece, owners, places) for piece in np.ascontiguousarray(codes).view("<u4").T]
    first, second, offset = (np.concatenate(part) for part in zip(*found, strict=True))
    return first, second, offset


def _met(piece: npt.NDArray[np.uint32], owners: Small, places: Small) -> tuple[Ints, Ints, Ints]:
    order = np.argsort(piece, kind="stable")
    piece, owner, place = piece[order], owners[order], places[order]
    new = np.ones(len(piece), bool)
    new[1:] = (piece[1:] != piece[:-1]) | (owner[1:] != owner[:-1])
    piece, owner, place = piece[new], owner[new], place[new]
    pairs, at = [], np.arange(len(piece))
    for step in range(1, _NEIGHBOURS + 1):
        at = at[at + step < len(piece)]
        at = at[piece[at] == piece[at + step]]
        pairs.append(
            (owner[at].astype(np.int64), owner[at + step].astype(np.int64), place[at + step].astype(np.int64) - place[at])
        )
    first, second, offset = (np.concatenate(part) for part in zip(*pairs, strict=True))
    return first, second, offset


def often(first: Ints, second: Ints, least: int) -> list[tuple[int, int]]:
    """Return the pairs that are given at least so many times, in order."""
    pairs, counts = np.unique(first << 32 | second, return_counts=True)
    return [(int(pair) >> 32, int(pair) & 0xFFFFFFFF) for pair in pairs[counts >= least]]


def offsets(first: Ints, second: Ints, offset: Ints, least: int) -> dict[tuple[int, int], list[int]]:
    """Return for each pair the offsets that, with their neighbours, are given at least so many times, peaks only."""
    keys, counts = np.unique((first << 20 | second) << 23 | (offset + _SPAN), return_counts=True)
    left, right = np.zeros_like(counts), np.zeros_like(counts)
    beside = keys[1:] - keys[:-1] == 1
    left[1:][beside], right[:-1][beside] = counts[:-1][beside], counts[1:][beside]
    peaks = (counts + left + right >= least) & (counts >= left) & (counts > right)
    found: dict[tuple[int, int], list[int]] = {}
    for key in keys[peaks].tolist():
        pair = key >> 23
        found.setdefault((pair >> 20, pair & 0xFFFFF), []).append((key & 0x7FFFFF) - _SPAN)
    return found


def apart(one: Codes, other: Codes) -> npt.NDArray[np.float32]:
    """Return the share of bits in which rows differ, one by one; NaN where either is nothing to recognise."""
    differ: npt.NDArray[np.float32] = np.bitwise_count(one ^ other).sum(axis=1, dtype=np.float32) / (8 * one.shape[1])
    differ[~(one.any(axis=1) & other.any(axis=1))] = np.nan
    return differ


def aligned(one: Codes, other: Codes, offset: int) -> tuple[int, npt.NDArray[np.float32]]:
    """Return the first row of `one` that has a counterpart `offset` rows later in `other`, and how far apart each pair is."""
    start, end = max(0, -offset), min(len(one), len(other) - offset)
    return start, apart(one[start:end], other[start + offset : end + offset]) if start < end else np.zeros(0, np.float32)


def stretches(one: Codes, other: Codes, offset: int, window: int, most: float) -> Iterator[Stretch]:
    """Yield where the two run alike: every window of so many codes inside differs in at most the share `most` of bits.

    At least half of a window must be recognisable, and half of its codes unlike each other: a hum or a still proves nothing.
    """
    start, differ = aligned(one, other, offset)
    if len(differ) < window:
        return
    known = ~np.isnan(differ)
    counts = _sums(known.astype(np.float64), window)
    means = _sums(np.nan_to_num(differ).astype(np.float64), window) / np.maximum(counts, 1)
    moved = _sums(_moves(one[start : start + len(differ)]), window)
    good = (counts >= window / 2) & (means <= most) & (moved >= window / 2)
    edges = np.flatnonzero(np.diff(np.r_[False, good, False]))
    for begin, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        yield Stretch(start + begin, offset, end - begin + window - 1)


def _moves(codes: Codes) -> npt.NDArray[np.float64]:
    moved = np.ones(len(codes))
    moved[1:] = (codes[1:] != codes[:-1]).any(axis=1)
    return moved


def _sums(values: npt.NDArray[np.float64], window: int) -> npt.NDArray[np.float64]:
    total = np.r_[0.0, np.cumsum(values)]
    summed: npt.NDArray[np.float64] = total[window:] - total[:-window]
    return summed


def nearest(one: Codes, other: Codes, most: float) -> Ints:
    """Return for each row of `one` which row of `other` is closest, -1 where none differs in at most `most` of its bits."""
    bits = 8 * one.shape[1]
    right = np.unpackbits(other, axis=1).astype(np.float32) * 2 - 1
    right[~other.any(axis=1)] = 0
    found = np.full(len(one), -1, np.int64)
    rows = max(1, _BLOCK // max(1, len(other)))
    for start in range(0, len(one), rows):
        left = np.unpackbits(one[start : start + rows], axis=1).astype(np.float32) * 2 - 1
        left[~one[start : start + rows].any(axis=1)] = 0
        alike = left @ right.T
        best = alike.argmax(axis=1)
        close = alike[np.arange(len(best)), best] >= bits * (1 - 2 * most)
        found[start : start + rows][close] = best[close]
    return found


def voted(closest: Ints, least: int) -> Sequence[int]:
    """Return the offsets at which at least so many rows, give or take one place, have their closest counterpart, best first."""
    rows = np.flatnonzero(closest >= 0)
    if not len(rows):
        return ()
    values, counts = np.unique(closest[rows] - rows, return_counts=True)
    votes = dict(zip(values.tolist(), counts.tolist(), strict=True))
    near = {value: sum(votes.get(value + step, 0) for step in (-1, 0, 1)) for value in votes}
    ranked = sorted(near, key=lambda value: (-near[value], -votes[value], value))
    chosen: list[int] = []
    for value in ranked:
        if near[value] >= least and all(abs(value - other) > 1 for other in chosen):
            chosen.append(value)
    return chosen
