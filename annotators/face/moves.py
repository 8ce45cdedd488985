"""What a face does, found in the series of its track: shapes held above the person's own rest, and moves of the head. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from schemas.claims import FaceTrack
from schemas.values import Span
from schemas.vocabulary.spaces import space

Numbers = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
SHAPES = space("arkit52").labels
_NEVER = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """An expression that counts while the mean of some blendshapes (0 to 1) is high enough."""

    kind: str
    text: str
    shapes: tuple[str, ...]
    """Starts of their names: left and right together."""
    least: float
    rise: float
    """By how much it must exceed the person's rest."""
    usual: float
    """Highest level that can be somebody's rest; it is taken as the rest in a track too short to tell."""
    talking: float | None = None
    """Least level while the person talks; None: as ever."""
    strong: tuple[float, str] | None = None
    """From which level on another text says it better."""
    weeping: bool | None = None
    """Counts only while the eyes are closed and the upper lip hangs (True), only while not (False), always (None)."""
    seconds: float = 0.2


_EXPRESSIONS = (
    Shape(
        kind="smile",
        text="smiles",
        shapes=("mouthSmile",),
        least=0.4,
        rise=0.3,
        usual=0.1,
        talking=0.6,
        strong=(0.8, "smiles broadly"),
        weeping=False,
    ),
    Shape(
        kind="mouth_wide",
        text="draws the mouth wide with closed eyes",
        shapes=("mouthSmile",),
        least=0.4,
        rise=0.3,
        usual=0.1,
        talking=0.6,
        weeping=True,
    ),
    Shape(kind="mouth_down", text="pulls the corners of the mouth down", shapes=("mouthFrown",), least=0.2, rise=0.15, usual=0.1),
    Shape(
        kind="pout", text="pushes the lower lip up", shapes=("mouthShrugLower",), least=0.4, rise=0.3, usual=0.2, talking=_NEVER
    ),
    Shape(
        kind="lips_pressed",
        text="presses the lips together",
        shapes=("mouthPress",),
        least=0.4,
        rise=0.25,
        usual=0.3,
        talking=_NEVER,
    ),
    Shape(kind="jaw_dropped", text="drops the jaw", shapes=("jawOpen",), least=0.45, rise=0.35, usual=0.65, talking=_NEVER),
    Shape(kind="nose_wrinkled", text="wrinkles the nose", shapes=("noseSneer",), least=0.3, rise=0.2, usual=0.2),
    Shape(kind="brows_raised", text="raises the brows", shapes=("browInnerUp", "browOuterUp"), least=0.4, rise=0.25, usual=0.4),
    Shape(kind="brows_lowered", text="frowns: brows drawn together", shapes=("browDown",), least=0.4, rise=0.25, usual=0.7),
    Shape(kind="eyes_wide", text="opens the eyes wide", shapes=("eyeWide",), least=0.25, rise=0.2, usual=0.1),
    Shape(kind="eyes_narrowed", text="narrows the eyes", shapes=("eyeSquint",), least=0.65, rise=0.2, usual=0.55),
    Shape(
        kind="eyes_closed",
        text="closes the eyes or looks down",
        shapes=("eyeBlink",),
        least=0.5,
        rise=0.25,
        usual=0.4,
        seconds=0.6,
    ),
)
"""Levels are those of mediapipe's blendshapes, set on a few real videos: resting brows lie anywhere from 0 to 0.7, lids at 0.1 to
0.5, the jaw of one man at 0.6; smiles start from nothing. noseSneer and cheekSquint hardly ever leave 0. The wide mouth of a
woman who weeps is a smile of 0.9 to mediapipe; closed eyes and a hanging upper lip tell the two apart."""
_CLOSED, _HANGING = 0.5, 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """Something that the face or head does for a while; `peak` is a blendshape, 0 to 1, or degrees; `beyond` its bar, 0 to 1."""

    kind: str
    text: str
    span: Span
    peak: float
    beyond: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars:
    """What holds for all kinds, in seconds and degrees."""

    settled: float
    """Least length of a track that shows what is normal for the person."""
    gap: float
    """Shorter interruptions are passed over."""
    turned: float
    """Yaw beyond which shapes are guesses."""
    away: float
    """Turn from the usual direction that counts."""
    swing: float
    """Least travel of each half of a nod or shake."""
    beat: float
    """Longest half of a nod or shake."""


def expressions(face: FaceTrack, talking: Flags, bars: Bars) -> Iterator[Movement]:
    """Yield what is held of `_EXPRESSIONS`, kind by kind."""
    table, times = np.asarray(face.blendshapes, np.float64), np.asarray(face.times)
    facing = np.abs(np.asarray(face.yaw)) <= bars.turned
    weeping = (_mean(table, "eyeBlink") >= _CLOSED) & (_mean(table, "mouthUpperUp") < _HANGING)
    for shape in _EXPRESSIONS:
        series = _mean(table, *shape.shapes)
        long = times[-1] - times[0] >= bars.settled
        rest = min(float(np.median(series)), shape.usual) if long else shape.usual
        bar = max(shape.least, rest + shape.rise)
        level = np.where(talking, max(bar, shape.talking or bar), bar)
        counts = facing if shape.weeping is None else facing & (weeping == shape.weeping)
        for first, last in _runs((series >= level) & counts, times, bars.gap):
            span, peak = _span(face, first, last), float(series[first : last + 1].max())
            if span.duration >= shape.seconds - 1e-6:
                text = shape.strong[1] if shape.strong and peak >= shape.strong[0] else shape.text
                yield Movement(kind=shape.kind, text=text, span=span, peak=peak, beyond=(peak - bar) / max(1e-6, 1 - bar))


def movements(face: FaceTrack, bars: Bars) -> Iterator[Movement]:
    """Yield turns of the head that are held, nods and shakes; angles count from the usual ones, where the track shows these."""
    times = np.asarray(face.times)
    yaw, pitch, roll = (_steady(np.asarray(angle, np.float64)) for angle in (face.yaw, face.pitch, face.roll))
    settled = times[-1] - times[0] >= bars.settled
    turned, raised, tilted = (angle - np.median(angle) if settled else angle for angle in (yaw, pitch, roll))
    held = (
        ("head_turned", "turns the head away", np.abs(turned)),
        ("head_down", "lowers the head", -raised),
        ("head_up", "raises the head", raised),
        ("head_tilted", "tilts the head", np.abs(tilted)),
    )
    for kind, text, angle in held:
        bar = bars.away * (1.5 if kind == "head_turned" else 1.0)
        for first, last in _runs(angle >= bar, times, bars.gap):
            span, peak = _span(face, first, last), float(angle[first : last + 1].max())
            if span.duration >= 2 * bars.gap:
                yield Movement(kind=kind, text=text, span=span, peak=peak, beyond=min(1.0, (peak - bar) / 30))
    for kind, text, angle, other in (("nod", "nods", pitch, yaw), ("shake", "shakes the head", yaw, pitch)):
        for first, last in _swings(angle, times, bars):
            travel = float(np.ptp(angle[first : last + 1]))
            if travel >= 1.5 * np.ptp(other[first : last + 1]):
                span, beyond = _span(face, first, last), min(1.0, (travel - bars.swing) / 30)
                yield Movement(kind=kind, text=text, span=span, peak=travel, beyond=beyond)


def strongest(held: Sequence[Movement], most: int) -> list[Movement]:
    """Return at most so many, those furthest beyond their bars, in order of time."""
    ranked = sorted(held, key=lambda one: (-one.beyond, one.span, one.kind))
    return sorted(ranked[:most], key=lambda one: (one.span, one.kind))


def _mean(table: Numbers, *starts: str) -> Numbers:
    columns = [number for number, name in enumerate(SHAPES) if name.startswith(starts)]
    return _steady(table[:, columns].mean(axis=1))


def _steady(series: Numbers) -> Numbers:
    """Return the median of each sample and its neighbours: a single stray sample is none of the person's doing."""
    padded = np.pad(series, 1, mode="edge")
    return np.asarray(np.median([padded[:-2], padded[1:-1], padded[2:]], axis=0))


def _runs(on: Flags, times: Numbers, gap: float) -> list[tuple[int, int]]:
    """Return first and last sample of each run, interruptions of up to `gap` seconds included."""
    runs: list[tuple[int, int]] = []
    for number in np.flatnonzero(on):
        if runs and times[number] - times[runs[-1][1]] <= gap:
            runs[-1] = (runs[-1][0], int(number))
        else:
            runs.append((int(number), int(number)))
    return runs


def _swings(angle: Numbers, times: Numbers, bars: Bars) -> list[tuple[int, int]]:
    """Return first and last sample of each to and fro: three swings or more, each far and quick enough."""
    turns = [0, *(np.flatnonzero(np.diff(np.sign(np.diff(angle))) * np.sign(np.diff(angle)[1:]) > 0) + 1), len(angle) - 1]
    found: list[tuple[int, int]] = []
    start = 0
    for number in range(1, len(turns) + 1):
        goes_on = number < len(turns) and _swing(angle, times, turns[number - 1], turns[number], bars)
        if not goes_on:
            if number - 1 - start >= 3:
                found.append((int(turns[start]), int(turns[number - 1])))
            start = number
    return found


def _swing(angle: Numbers, times: Numbers, first: int, last: int, bars: Bars) -> bool:
    return bool(abs(angle[last] - angle[first]) >= bars.swing and times[last] - times[first] <= bars.beat)


def _span(face: FaceTrack, first: int, last: int) -> Span:
    """Return from when to when; the last sample stands until the next one, as far as the face was looked for."""
    end = min(face.times[last] + 1 / face.rate, max(face.span.end, face.times[last]))
    return Span(start=round(face.times[first], 3), end=round(max(end, face.times[first]), 3))
