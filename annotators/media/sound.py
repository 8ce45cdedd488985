"""The sound of a file as samples that lie where their own times put them: gaps are silence, and what overlaps is heard once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import ffmpeg
import numpy as np
import numpy.typing as npt

from annotators.media import processes
from annotators.media.probing import AudioStream, MediaInfo
from annotators.media.skipped import passed
from annotators.media.timeline import HOLE, Section, runs
from schemas.errors import ItemError
from schemas.values import Span

Samples = npt.NDArray[np.float32]
SLACK = 0.02
"""Seconds by which samples may lie off their time before they are moved: clocks of containers are no finer."""
AUDIBLE = 1e-5
"""Mean square of half a second in which something is heard: 50 dB under full scale."""
_CANCELLED = 0.25
"""Share of the channels' power; two that have nothing to do with each other leave half of it."""
_SOME = 0.05
"""Share of the half seconds with sound."""
_FULL = 0.999
"""Of full scale."""
_BEFORE = 1.0
"""Seconds; a codec is not itself right after a seek."""
_FRAME = re.compile(r"pts:(-?\d+) .*channels:(\d+) .*nb_samples:(\d+)")


@dataclass(frozen=True, slots=True)
class _Frame:
    pts: int
    """In samples, by the container's clock."""
    channels: int
    """Before they were made two."""
    gain: float
    count: int
    first: int
    """Where its samples are in what was decoded."""


@dataclass(frozen=True, slots=True, eq=False)
class Sound:
    """All that is heard of a file."""

    samples: Samples
    """Mono, in [-1, 1]; it ends with the last sample."""
    holes: tuple[Span, ...]
    """Where no sample came out of the decoder between its start and its end."""
    mixing: str | None
    """How one channel was made of several, in words; None where there is one."""
    clipped: npt.NDArray[np.int64]
    """Samples, by number, that are as loud as the format can hold."""

    def clipped_in(self, span: Span, rate: int) -> float:
        """Return which share of the samples of a span is clipped."""
        first, after = np.searchsorted(self.clipped, [round(span.start * rate), round(span.end * rate)])
        return round(float(after - first) / max(1, round(span.duration * rate)), 6)


def whole_sound(path: Path, info: MediaInfo, rate: int) -> Sound:
    """Return the sound of a whole file; sample k is at k / rate.

    Raises:
        ItemError: there is no sound, or it cannot be decoded.
    """
    placed, parts = _stereo(path, info, rate, 0.0, None)
    channels = info.audio.channels if info.audio is not None else 1
    louder = louder_of_opposed(placed, rate)
    mixing = None if channels == 1 else f"sound: the mean of {channels} channels"
    if louder is not None:
        mixing = f"sound: the {('left', 'right')[louder]} channel, because the two are out of phase"
    end = info.audio.end if info.audio is not None else 0.0
    clipped = np.flatnonzero(np.abs(placed).max(axis=1) >= _FULL)
    return Sound(mono(placed, louder), tuple(_holes(parts, info.audio.start if info.audio else 0.0, end, rate)), mixing, clipped)


def _holes(parts: list[tuple[int, int]], start: float, end: float, rate: int) -> Iterator[Span]:
    """Yield where there is no sample for longer than `HOLE`, between the start of the stream and its end."""
    reached = start
    for first, after in [*sorted(parts), (round(end * rate), 0)]:
        if first / rate - reached > HOLE:
            yield Span(start=reached, end=first / rate)
        reached = max(reached, after / rate)


def stereo(path: Path, info: MediaInfo, rate: int, span: Span) -> Samples:
    """Return the sound of a span as samples x 2 in [-1, 1], of one channel twice the same; silence where it has none.

    Raises:
        ItemError: there is no sound, or it cannot be decoded.
    """
    start = span.start if info.straight and span.start > _BEFORE else 0.0
    placed, _ = _stereo(path, info, rate, start, span.end + _BEFORE if info.straight else None)
    first, count = round(span.start * rate), round(span.duration * rate)
    part = placed[first : first + count]
    return np.concatenate([part, np.zeros((count - len(part), 2), np.float32)])


def _stereo(path: Path, info: MediaInfo, rate: int, start: float, until: float | None) -> tuple[Samples, list[tuple[int, int]]]:
    """Return samples x 2 from time 0 on, and the parts of them that were decoded, from the first sample to before the last."""
    since, one = max(0.0, start - _BEFORE), info.audio is not None and info.audio.channels == 1
    frames, data = _decoded(path, info, rate, (since, until), "mono" if one else "stereo")
    if one and any(frame.channels > 1 for frame in frames):
        frames, data = _decoded(path, info, rate, (since, until), "stereo")
    return _placed(frames, data, info, rate)


def mono(sound: Samples, louder: int | None) -> Samples:
    """Return the mean of two channels, or one of them."""
    return np.ascontiguousarray(sound.mean(axis=1) if louder is None else sound[:, louder])


def louder_of_opposed(sound: Samples, rate: int) -> int | None:
    """Return the louder of two channels that are out of phase, so that their mean would cancel what is heard, None of others."""
    left, right = (power_of(sound[:, channel], rate) for channel in (0, 1))
    mixed = sound.mean(axis=1)
    heard = np.maximum(left, right) > AUDIBLE
    lost = power_of(mixed, rate) < _CANCELLED * (left + right) / 2
    if heard.any() and (lost & heard).sum() > _SOME * heard.sum():
        return int(right.sum() > left.sum())
    return None


def power_of(channel: Samples, rate: int) -> npt.NDArray[np.float64]:
    """Return the mean square of each half second."""
    size = max(1, rate // 2)
    whole = np.concatenate([channel, np.zeros(-len(channel) % size, np.float32)])
    power: npt.NDArray[np.float64] = np.square(whole.reshape(-1, size), dtype=np.float64).mean(axis=1)
    return power


def _decoded(
    path: Path, info: MediaInfo, rate: int, part: tuple[float, float | None], layout: Literal["mono", "stereo"]
) -> tuple[list[_Frame], Samples]:
    if info.audio is None:
        raise ItemError("it has no sound")
    start, until = part
    seek = {"ss": info.seek(start), "noaccurate_seek": None} if start > 0.0 else {}
    source = ffmpeg.input(processes.url(path), **processes.ONE_FILE, **seek, copyts=None)[str(info.audio.index)]
    if until is not None:
        source = source.filter("atrim", start=f"{info.clock(start):.6f}", end=f"{info.clock(until):.6f}")
    # Channels that are summed must not exceed 1: ffmpeg sees to that by itself for whole numbers only.
    told = source.filter("aresample", rate).filter("aformat", sample_fmts="flt").filter("ashowinfo")
    both = told.filter("aresample", ochl=layout, osf="flt", rematrix_maxval=1.0)
    args = both.output("pipe:", format="f32le", acodec="pcm_f32le").get_args()
    frames: list[_Frame] = []
    reached = 0

    def heard(line: str) -> bool:
        nonlocal reached
        found = _FRAME.search(line) if "ashowinfo" in line else None
        if found is not None:
            pts, channels, count = map(int, found.groups())
            # Of one channel that becomes two, half of the power goes into each.
            frames.append(
                _Frame(pts, channels, float(np.sqrt(2.0)) if channels == 1 and layout == "stereo" else 1.0, count, reached)
            )
            reached += count
        return found is not None

    data = bytearray()
    with processes.running(path, args, heard) as pipe:
        while more := pipe.read(2**20, whole=False):
            data += more
    samples = np.frombuffer(data, np.float32)
    return frames, samples.reshape(-1, 2) if layout == "stereo" else np.stack([samples, samples], axis=1)


def _placed(frames: list[_Frame], data: Samples, info: MediaInfo, rate: int) -> tuple[Samples, list[tuple[int, int]]]:
    if info.audio is None or not frames:
        return np.zeros((0, 2), np.float32), []
    at: list[int] = []
    end = 0
    for frame, wanted in zip(frames, _wanted(frames, info.audio, info.stretches, rate), strict=True):
        here = end if wanted is None or (abs(wanted - end) <= SLACK * rate and at) else wanted
        at.append(here)
        end = here + frame.count
    placed = np.zeros((max(0, *(k + frame.count for k, frame in zip(at, frames, strict=True))), 2), np.float32)
    for k, frame in zip(at, frames, strict=True):
        part = data[frame.first + max(0, -k) : frame.first + frame.count]
        placed[max(0, k) : max(0, k) + len(part)] = part * frame.gain
    return placed.clip(-1.0, 1.0), [(k, k + frame.count) for k, frame in zip(at, frames, strict=True)]


def _wanted(frames: list[_Frame], audio: AudioStream, stretches: tuple[Section, ...], rate: int) -> list[int | None]:
    """Return where each frame begins on the timeline, in samples; None where its stamp is damaged."""
    clock = np.array([frame.pts for frame in frames], np.float64) / rate
    late = passed(audio.skips, clock)
    parts, _ = runs(clock + late)
    wanted: list[int | None] = [None] * len(frames)
    for part, number in zip(parts, audio.stretches, strict=False):
        for k in part:
            wanted[k] = round(frames[k].pts + (stretches[number].shift + late[k]) * rate)
    return wanted
