"""One honest timeline of a file: where the clocks of its streams lie on it, where they break, and where there is no sound.

A clock that steps back, or more than an hour forward, has been set anew: what follows is a new stretch, and lies behind what was
before. A smaller step forward is a gap. A few packets whose stamps lie far from those around them have damaged stamps: they keep
their place in the file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from annotators.media.packets import Packets, Places, Seconds
from annotators.media.skipped import Skip, passed
from schemas.values import Span

FAR = 3600.0
"""Seconds; a step forward by more than this is no gap."""
BACK = 0.1
"""Seconds; joined and re-multiplexed files overlap by less where nothing was set anew."""
HOLE = 0.1
"""Seconds without a packet of sound that are called a gap."""
_STEP = 1.0
"""Seconds; damaged stamps lie farther off than this."""
_TOGETHER = 10.0
"""Seconds by which the streams of a stretch may begin apart."""
_FEW = 3
"""Packets, one after the other, that can have damaged stamps."""
NOTHING: Mapping[int, tuple[Skip, ...]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A part of a file in which the container's clock was not set."""

    at: float
    """Where it begins on the timeline, in seconds."""
    clock: float
    """What the container's clock says there."""

    @property
    def shift(self) -> float:
        """Return what the clock's times are to be moved by."""
        return self.at - self.clock


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Track:
    """One stream on the timeline."""

    start: float
    """First packet that is presented, in seconds."""
    end: float
    """Where the last one is over."""
    times: Seconds
    """Of each packet that is presented, in order of time."""
    keys: Seconds
    """Those of them from which a decoder can begin."""
    stretches: tuple[int, ...]
    """The stretches in which it has packets."""
    damaged: tuple[float, ...]
    """What the clock says of packets whose stamps are damaged."""
    gaps: tuple[Span, ...]
    """Where it has nothing between start and end, on the timeline."""
    skips: tuple[Skip, ...] = ()
    """What its clock does not count."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Timeline:
    """A file's streams on one line; 0 is the start of the earliest of them."""

    stretches: tuple[Section, ...]
    tracks: tuple[Track, ...]
    """Of the streams that were asked for, in that order."""
    duration: float
    """Seconds until the last stream is over."""


def runs(times: Seconds) -> tuple[list[Places], Places]:
    """Return which times follow one another on one clock, as lists of places, and the places whose stamps are damaged."""
    steps = np.diff(times)
    near = np.split(np.arange(len(times)), np.flatnonzero((steps < -BACK) | (steps > _STEP)) + 1)
    whole: list[Places] = []
    damaged: list[Places] = []
    for k, piece in enumerate(near):
        (damaged if _is_damaged(times, piece, whole, near[k + 1 :]) else whole).append(piece)
    joined: list[list[Places]] = []
    for piece in whole:
        if joined and _follows(times[joined[-1][-1][-1]], times[piece[0]]):
            joined[-1].append(piece)
        else:
            joined.append([piece])
    return [np.concatenate(one) for one in joined if len(one[0])], np.concatenate([*damaged, np.array([], np.int64)])


def _follows(last: float, next_one: float) -> bool:
    return bool(-BACK <= next_one - last <= FAR)


def _is_damaged(times: Seconds, piece: Places, before: Sequence[Places], after: Sequence[Places]) -> bool:
    """Tell whether a few packets break the clock while those around them go on without them."""
    if not 0 < len(piece) <= _FEW or not (before or after):
        return False
    last = times[before[-1][-1]] if before else None
    following = next((one for one in after[:_FEW] if len(one) > _FEW), after[0]) if after else None
    first = times[following[0]] if following is not None else None
    fits = (last is None or _follows(last, times[piece[0]])) and (first is None or _follows(times[piece[-1]], first))
    return not fits and (last is None or first is None or _follows(last, first))


def lay(packets: Packets, streams: Mapping[int, float], skipped: Mapping[int, tuple[Skip, ...]] = NOTHING) -> Timeline:
    """Put these streams of a file on one timeline, each with the start that the container states: a packet may begin before.

    What their clocks do not count is put between what they count.
    """
    read = [_Stream(packets, stream, start, skipped.get(stream, ())) for stream, start in streams.items()]
    numbers = _joined(read)
    stretches: list[Section] = []
    at = 0.0
    for e in range(1 + max((n for mine in numbers for n in mine), default=-1)):
        mine = [(one, n) for one, each in zip(read, numbers, strict=True) for n, stretch in enumerate(each) if stretch == e]
        clock = min(one.first(n) for one, n in mine)
        stretches.append(Section(at=at, clock=clock))
        at += max(one.last(n) for one, n in mine) - clock
    tracks = tuple(one.track(stretches, each) for one, each in zip(read, numbers, strict=True))
    return Timeline(stretches=tuple(stretches), tracks=tracks, duration=max((track.end for track in tracks), default=0.0))


def _joined(read: Sequence[_Stream]) -> list[tuple[int, ...]]:
    """Return of each run of each stream the stretch that it lies in: streams whose clocks are set anew together share one."""
    starts = sorted((int(one.places[run[0]]), k, n) for k, one in enumerate(read) for n, run in enumerate(one.runs))
    opened: list[float] = []
    numbers: list[list[int]] = [[] for _ in read]
    for _, k, n in starts:
        clock = read[k].first(n)
        after = numbers[k][-1] + 1 if n else max(0, len(opened) - 1)
        fits = (e for e in range(after, len(opened)) if n == 0 or abs(clock - opened[e]) < _TOGETHER)
        numbers[k].append(next(fits, len(opened)))
        if numbers[k][-1] == len(opened):
            opened.append(clock)
    return [tuple(one) for one in numbers]


class _Stream:
    """The packets of one stream that have a time and are presented, and its runs."""

    def __init__(self, packets: Packets, stream: int, start: float, skips: tuple[Skip, ...]) -> None:
        places = packets.of(stream)
        places = places[~packets.hidden[places] & ~(np.isnan(packets.shown[places]) & np.isnan(packets.decoded[places]))]
        lasts, shown, clock = packets.lasts[places], packets.shown[places], packets.decoded[places]
        shown = np.where(np.isnan(shown), clock, shown)
        # The first ones may lack it; they are decoded before those that follow.
        known = np.flatnonzero(~np.isnan(clock))
        after = known[np.minimum(np.searchsorted(known, np.arange(len(clock))), len(known) - 1)] if len(known) else known
        clock = np.where(np.isnan(clock), clock[after], clock) if len(known) else shown
        late = passed(skips, clock)
        shown, clock = shown + late, clock + late
        usual = np.nanmedian(lasts) if np.isfinite(lasts).any() else _usual(shown)
        self.places, self.key, self.skips = places, packets.key[places], skips
        self.ends = shown + np.where(np.isnan(lasts), usual, lasts)
        self.shown = np.where((shown < start) & (shown > start - BACK), start, shown)
        parts, self.damaged = runs(clock)
        # A stamp of when it is shown can be damaged though the one of when it is decoded is whole.
        apart = np.abs(shown - clock - (np.median(shown - clock) if len(shown) else 0.0)) > _TOGETHER
        self.damaged = np.union1d(self.damaged, np.flatnonzero(apart))
        self.runs = [left for part in parts if len(left := part[~apart[part]])]

    def first(self, n: int) -> float:
        return float(self.shown[self.runs[n]].min())

    def last(self, n: int) -> float:
        return float(self.ends[self.runs[n]].max())

    def track(self, stretches: Sequence[Section], numbers: tuple[int, ...]) -> Track:
        laid = np.concatenate([*self.runs, np.array([], np.int64)])
        parts = [np.full(len(run), stretches[n].shift) for run, n in zip(self.runs, numbers, strict=True)]
        shifts = np.concatenate([*parts, np.array([], np.float64)])
        times, ends = self.shown[laid] + shifts, self.ends[laid] + shifts
        order = np.argsort(times, kind="stable")
        return Track(
            start=float(times.min(initial=np.inf)) if len(times) else 0.0,
            end=float(ends.max(initial=0.0)),
            times=times[order],
            keys=np.sort(times[self.key[laid]]),
            stretches=numbers,
            damaged=tuple(self.shown[self.damaged].tolist()),
            gaps=_gaps(times[order], ends[order]),
            skips=self.skips,
        )


def _gaps(times: Seconds, ends: Seconds) -> tuple[Span, ...]:
    reached = np.maximum.accumulate(ends)[:-1] if len(ends) else ends
    holes = np.flatnonzero(times[1:] - reached > HOLE)
    return tuple(Span(start=round(float(reached[k]), 3), end=round(float(times[k + 1]), 3)) for k in holes)


def _usual(times: Seconds) -> float:
    steps = np.diff(np.sort(times))
    return float(np.median(steps)) if len(steps) else 0.0
