"""Which stretches of a source a speech recogniser should hear; pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

from schemas.values import Span

LONGEST = 28.0
"""Seconds of speech in one window; with its margins it fits the 30 s that Whisper sees at once."""
JITTER = 0.3
"""What is left of a turn beside detected speech counts from this many seconds."""


def windows(speech: Iterable[Span], turns: Iterable[Span], gap: float, margin: float, duration: float) -> tuple[Span, ...]:
    """Return stretches of at most `LONGEST` seconds and two margins, in order, that hold all speech and all turns.

    Neighbours up to `gap` seconds apart share a window where they fit; a window is one stretch of the source, pauses and all, so
    times in it need no mapping. Windows do not overlap.
    """
    heard = _union(speech)
    left = [part for turn in _union(turns) for part in _without(turn, heard) if part.duration >= JITTER]
    packed: list[Span] = []
    for piece in sorted(part for span in (*heard, *left) for part in _parts(span)):
        last = packed[-1] if packed else None
        if last is not None and piece.start - last.end <= gap and piece.end - last.start <= LONGEST:
            packed[-1] = Span(start=last.start, end=max(last.end, piece.end))
        else:
            packed.append(piece)
    return tuple(_widened(packed, margin, duration))


def _union(spans: Iterable[Span]) -> list[Span]:
    merged: list[Span] = []
    for span in sorted(spans):
        if merged and span.start < merged[-1].end:
            merged[-1] = Span(start=merged[-1].start, end=max(merged[-1].end, span.end))
        else:
            merged.append(span)
    return merged


def _without(turn: Span, heard: Sequence[Span]) -> Iterator[Span]:
    """Yield what is left of a turn outside what was heard."""
    start = turn.start
    for span in heard:
        if span.end <= start or span.start >= turn.end:
            continue
        if span.start > start:
            yield Span(start=start, end=span.start)
        start = max(start, span.end)
    if start < turn.end:
        yield Span(start=start, end=turn.end)


def _parts(span: Span) -> Iterator[Span]:
    count = max(1, math.ceil(span.duration / LONGEST))
    step = span.duration / count
    for k in range(count):
        yield Span(start=span.start + k * step, end=span.start + (k + 1) * step)


def _widened(packed: Sequence[Span], margin: float, duration: float) -> Iterator[Span]:
    """Yield the windows with their margins, as far as the neighbours and the ends of the source leave room."""
    for k, span in enumerate(packed):
        before = (packed[k - 1].end + span.start) / 2 if k else 0.0
        after = (span.end + packed[k + 1].start) / 2 if k + 1 < len(packed) else duration
        start, end = max(span.start - margin, before), min(span.end + margin, after)
        if start < end:
            yield Span(start=start, end=end)
