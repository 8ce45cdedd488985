"""Claims about who speaks when, out of spans with the labels of some diarization; pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from schemas.claims import Claim, Speaker, Turn
from schemas.values import Span

Labelled = tuple[Span, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Diarized:
    """What a diarization found, under labels of its own."""

    speech: tuple[Labelled, ...]
    """Who speaks when; speakers may overlap."""
    floor: tuple[Labelled, ...]
    """The same with one speaker at a time."""
    voices: Mapping[str, tuple[float, ...]]
    """One embedding per label; a label without one, or with numbers that are not finite or all zero, has no voice."""


def turn_claims(by: str, found: Diarized, bridge: float, duration: float) -> tuple[Claim, ...]:
    """Return turns in order of time, then one claim per speaker; () without speech.

    Pauses of one speaker up to `bridge` seconds belong to the turn; for the floor, only where nobody else has it meanwhile. Times
    are cut to `duration` seconds and rounded to milliseconds. Speakers are named in order of first speech.
    """
    speech = sorted(_whole(found.speech, duration), key=lambda part: (part[0], part[1]))
    names: dict[str, str] = {}
    for _, label in speech:
        names.setdefault(label, f"S{len(names)}")
    floor = _bridged(sorted(_whole(found.floor, duration), key=lambda part: part[0]), bridge)
    turns: list[Turn] = []
    speakers: list[Speaker] = []
    for label, name in names.items():
        mine = [span for span, whose in speech if whose == label]
        held = [span for span, whose in floor if whose == label]
        for span in _merged(mine, bridge):
            parts = tuple(part for part in (span & one for one in held) if part is not None)
            turns.append(Turn(by=by, span=span, speaker=name, floor=parts))
        seconds = round(sum(span.duration for span in _merged(mine, 0.0)), 3)
        speakers.append(Speaker(by=by, speaker=name, seconds=seconds, embedding=_unit(found.voices.get(label, ()))))
    return (*sorted(turns, key=lambda turn: (turn.span, turn.speaker)), *speakers)


def _whole(parts: Sequence[Labelled], duration: float) -> list[Labelled]:
    """Cut to the source and round."""
    cut = ((max(0.0, span.start), min(duration, span.end), label) for span, label in parts)
    rounded = ((round(start, 3), math.floor(end * 1000 + 1e-6) / 1000, label) for start, end, label in cut)
    return [(Span(start=start, end=end), label) for start, end, label in rounded if start < end]


def _merged(spans: Sequence[Span], bridge: float) -> list[Span]:
    merged: list[Span] = []
    for span in spans:
        if merged and span.start - merged[-1].end <= bridge:
            merged[-1] = Span(start=merged[-1].start, end=max(merged[-1].end, span.end))
        else:
            merged.append(span)
    return merged


def _bridged(floor: Sequence[Labelled], bridge: float) -> list[Labelled]:
    """Join neighbours of one speaker; others' parts between two of them keep the two apart."""
    joined: list[Labelled] = []
    for span, label in floor:
        if joined and joined[-1][1] == label and span.start - joined[-1][0].end <= bridge:
            joined[-1] = (Span(start=joined[-1][0].start, end=max(joined[-1][0].end, span.end)), label)
        else:
            joined.append((span, label))
    return joined


def _unit(voice: Sequence[float]) -> tuple[float, ...]:
    """Return the embedding at unit length in float32, () where there is none."""
    import numpy as np  # noqa: PLC0415

    vector = np.asarray(voice, dtype=np.float64)
    length = float(np.linalg.norm(vector))
    if not (math.isfinite(length) and length > 0):
        return ()
    return tuple(float(number) for number in (vector / length).astype(np.float32))
