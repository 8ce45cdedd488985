"""Where clips begin and end: a pure function of turns, words and shots.

One clip is one utterance, or a run of utterances, of one speaker inside one shot. All times are source times.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from pipeline.clips.widening import Bounds, Spoken, widened
from schemas.claims import Word
from schemas.record import Source
from schemas.validate import NotNegative, Positive
from schemas.values import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentSettings:
    """Bounds of a clip, in seconds."""

    min_seconds: Positive = 1.0
    """Least seconds of a clip; a shorter turn is widened into the silence around it, else joined to its neighbour."""
    max_seconds: Positive = 15.0
    """Most seconds of a clip; a longer turn is cut between words."""
    join_seconds: NotNegative = 1.0
    """Neighbouring turns of one speaker become one clip where the silence between them has at most so many seconds."""

    def __post_init__(self) -> None:
        if self.min_seconds > self.max_seconds:
            raise ValueError(f"min_seconds {self.min_seconds} is more than max_seconds {self.max_seconds}")

    @property
    def bounds(self) -> Bounds:
        """Return what decides about an utterance that is too short."""
        return Bounds(least=self.min_seconds, longest=self.max_seconds, near=self.join_seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class CutRequest:
    """A clip that is asked for, or, with a reason, one that cannot be had."""

    span: Span
    speaker: str | None
    reason: str | None = None


def segment(source: Source, settings: SegmentSettings) -> tuple[CutRequest, ...]:
    """Return the clips to cut in order of time; too short ones carry the reason why they are not cut."""
    shots = [shot.span for shot in source.shots] or [Span(start=0.0, end=source.source.duration)]
    speakers = sorted({turn.speaker for turn in source.turns})
    pieces: list[Spoken] = []
    if speakers:
        said = ((piece, speaker) for speaker in speakers for piece in _utterances(source, speaker, shots, settings))
        found = [Spoken(span=span, speaker=speaker) for span, speaker in said]
        pieces = list(widened(found, source.turns, shots, settings.bounds))
    elif "video" in source.source.streams:
        pieces = [Spoken(span=part, speaker=None) for shot in shots for part in _even_parts(shot, settings.max_seconds)]
    requests = [_request(piece, settings) for piece in pieces]
    return tuple(sorted(requests, key=lambda r: (r.span.start, r.span.end, r.speaker or "")))


def _request(piece: Spoken, settings: SegmentSettings) -> CutRequest:
    whole = Span(start=round(piece.span.start, 3), end=round(piece.span.end, 3))
    if piece.reason is None and piece.speaker is None and whole.duration < settings.min_seconds:
        reason = f"{whole.duration:.2f} s of one shot is less than the minimum of {settings.min_seconds:g} s"
        return CutRequest(span=whole, speaker=None, reason=reason)
    return CutRequest(span=whole, speaker=piece.speaker, reason=piece.reason)


def _utterances(source: Source, speaker: str, shots: Sequence[Span], settings: SegmentSettings) -> Iterator[Span]:
    words = sorted((word for word in source.words if word.speaker == speaker), key=lambda word: word.span)
    for run in _runs(source, speaker, settings):
        for shot in shots:
            piece = run & shot
            if piece is not None:
                yield from _split(_hold_words(piece, words, shot), words, settings)


def _runs(source: Source, speaker: str, settings: SegmentSettings) -> list[Span]:
    """Join neighbouring turns of one speaker, unless somebody else speaks in between."""
    mine = sorted(turn.span for turn in source.turns if turn.speaker == speaker)
    others = [part for turn in source.turns if turn.speaker != speaker for part in turn.floor]
    runs: list[Span] = []
    for span in mine:
        last = runs[-1] if runs else None
        if last is not None and (
            span.start <= last.end
            or (
                span.start - last.end <= settings.join_seconds
                and max(span.end, last.end) - last.start <= settings.max_seconds
                and not any(part.overlap(Span(start=last.end, end=span.start)) > 0 for part in others)
            )
        ):
            runs[-1] = replace(last, end=max(last.end, span.end))
        else:
            runs.append(span)
    return runs


def _hold_words(piece: Span, words: Sequence[Word], shot: Span) -> Span:
    """Widen a piece so that it holds whole the words whose middle lies inside, as far as the shot goes."""
    inside = [word.span for word in words if piece.start <= word.span.middle < piece.end]
    start = min((span.start for span in inside), default=piece.start)
    end = max((span.end for span in inside), default=piece.end)
    return Span(start=max(shot.start, min(piece.start, start)), end=min(shot.end, max(piece.end, end)))


def _split(piece: Span, words: Sequence[Word], settings: SegmentSettings) -> Iterator[Span]:
    """Cut a piece that is too long at its pauses, the longest one within reach first."""
    while piece.duration > settings.max_seconds:
        first = piece.start + settings.min_seconds
        last = min(piece.start + settings.max_seconds, piece.end - settings.min_seconds)
        pauses = [
            Span(start=a.span.end, end=max(a.span.end, b.span.start))
            for a, b in pairwise(words)
            if first <= (a.span.end + max(a.span.end, b.span.start)) / 2 <= last
        ]
        if not pauses:
            yield from _even_parts(piece, settings.max_seconds)
            return
        pause = max(pauses, key=lambda span: (round(span.duration, 1), span.start))
        yield Span(start=piece.start, end=pause.middle)
        piece = Span(start=pause.middle, end=piece.end)
    yield piece


def _even_parts(span: Span, longest: float) -> Iterator[Span]:
    count = max(1, math.ceil(span.duration / longest - 1e-9))
    step = span.duration / count
    for k in range(count):
        yield Span(start=span.start + k * step, end=span.end if k == count - 1 else span.start + (k + 1) * step)
