"""Cues laid out on a time line: a lane per modality, with as many rows as keep their words apart."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from schemas.claims import Cue
from schemas.values import Span
from schemas.vocabulary.modalities import modality_order

_WIDTH = 1080
"""Pixels that a lane has at least, on a screen of 1366; words are set for it."""
_LETTER = 6.2
"""Mean width of a letter of the marks, in pixels."""
LONGEST = 44
"""Letters of a cue that are shown on its mark; the rest is told on hover and focus."""
_GAP = 5
_THIN = 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One cue; `left`, `wide` and `words` (where its words begin) in percent of the lane, `row` from 0."""

    name: str
    cue_id: str
    text: str
    shown: str
    value: float | None
    start: float | None
    end: float | None
    left: float
    wide: float
    words: float
    row: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """The cues of one modality."""

    modality: str
    rows: int
    marks: tuple[Mark, ...]


def lanes(cues: Iterable[Cue], seconds: float, name: str) -> tuple[Lane, ...]:
    """Return the lanes of a clip by modality; `name` begins the id of each mark in the page."""
    ordered = sorted(cues, key=lambda cue: (modality_order(cue.modality), _start(cue), cue.cue_id))
    names = {id(cue): f"{name}-{number}" for number, cue in enumerate(ordered, 1)}
    found = []
    for modality in dict.fromkeys(cue.modality for cue in ordered):
        mine = [cue for cue in ordered if cue.modality == modality]
        rows: list[float] = []
        marks = [_whole(cue, names[id(cue)], rows) for cue in mine if cue.span is None]
        rows = [math.inf] * len(rows)
        marks += [_timed(cue, cue.span, names[id(cue)], rows, seconds) for cue in mine if cue.span is not None]
        found.append(Lane(modality=modality, rows=len(rows), marks=tuple(marks)))
    return tuple(found)


def ticks(seconds: float) -> tuple[tuple[float, float], ...]:
    """Return the ticks of a time axis, at most about twelve: seconds and percent."""
    if seconds <= 0:
        return ((0.0, 0.0),)
    step = next((step for step in (0.5, 1, 2, 5, 10, 30, 60) if seconds / step <= 12), seconds / 10)
    return tuple((step * k, min(100.0, 100 * step * k / seconds)) for k in range(int(seconds / step) + 1))


def _start(cue: Cue) -> float:
    return cue.span.start if cue.span else -1.0


def _whole(cue: Cue, name: str, rows: list[float]) -> Mark:
    """Return what holds for the whole clip, one beside the other; `rows` says from where on each row is free, in pixels."""
    room = _room(cue)
    row = next((k for k, free in enumerate(rows) if free + room <= _WIDTH), len(rows))
    left = rows[row] if row < len(rows) else 0.0
    rows[row : row + 1] = [left + room + _GAP]
    return _mark(cue, name, row, (left, left + room), left)


def _timed(cue: Cue, span: Span, name: str, rows: list[float], seconds: float) -> Mark:
    """Return a mark at its time, in the first row where neither it nor its words meet another."""
    left, right = (_WIDTH * min(1.0, at / seconds) if seconds else 0.0 for at in (span.start, span.end))
    right = max(right, left + _THIN)
    words = max(0.0, min(left, _WIDTH - _room(cue)))
    row = next((k for k, free in enumerate(rows) if free <= words), len(rows))
    rows[row : row + 1] = [max(right, words + _room(cue)) + _GAP]
    return _mark(cue, name, row, (left, right), words)


def _mark(cue: Cue, name: str, row: int, box: tuple[float, float], words: float) -> Mark:
    return Mark(
        name=name,
        cue_id=cue.cue_id,
        text=cue.text,
        shown=_shown(cue),
        value=cue.value,
        start=cue.span.start if cue.span else None,
        end=cue.span.end if cue.span else None,
        left=round(100 * box[0] / _WIDTH, 2),
        wide=round(100 * (box[1] - box[0]) / _WIDTH, 2),
        words=round(100 * words / _WIDTH, 2),
        row=row,
    )


def _shown(cue: Cue) -> str:
    return cue.text if len(cue.text) <= LONGEST else f"{cue.text[: LONGEST - 1]}…"


def _room(cue: Cue) -> float:
    return _LETTER * len(_shown(cue)) + 2 * _GAP
