"""Where a file has no sound or no picture though its streams go on: what it lacks, and what cannot be decoded."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from annotators.media import decoder, processes
from annotators.media.probing import MediaInfo, VideoStream, probe
from schemas.record import Gap
from schemas.values import Span

ABSENT, UNREADABLE, CUT_OFF = "the file holds none", "it cannot be decoded", "the file breaks off"
_LEAST = 0.1
"""Seconds of sound that are called a gap."""
_STANDS = 1.0
"""Seconds for which a picture stands without being called damaged."""
_SHOWN = re.compile(r" pts_time:(-?[\d.]+)")


def gaps(path: Path) -> tuple[Gap, ...]:
    """Return where picture or sound are missing, in order of time; what lies behind the end is what the file should still hold.

    All sound is decoded for it; pictures only where the sound, or the packets of the pictures, give reason to.

    Raises:
        ItemError: nothing in it can be decoded at all.
    """
    info = probe(path)
    found = list(_of_sound(path, info))
    if info.video is not None and (info.audio is None or found or any(one.duration > _STANDS for one in info.video.gaps)):
        found += _of_pictures(path, info, info.video)
    if info.missing > 0.0:
        span = Span(start=info.duration, end=info.duration + info.missing)
        found += [Gap(span=span, stream=stream, reason=CUT_OFF) for stream in ("audio", "video") if getattr(info, stream)]
    return tuple(sorted(found, key=lambda gap: (gap.span, gap.stream)))


def _of_sound(path: Path, info: MediaInfo) -> Iterator[Gap]:
    if info.audio is not None:
        yield from _told("audio", decoder.sound(path).holes, info.audio.gaps, _LEAST)


def _of_pictures(path: Path, info: MediaInfo, video: VideoStream) -> Iterator[Gap]:
    times: list[float] = []

    def shown(line: str) -> bool:
        found = _SHOWN.search(line) if "showinfo" in line else None
        if found is not None:
            times.append(float(found[1]))
        return "showinfo" in line

    picture = decoder.pictures(path, info, 0.0, 0.0).filter("scale", 16, 16, flags="neighbor").filter("showinfo", checksum=0)
    with processes.running(path, picture.output("pipe:", format="null").get_args(), shown):
        pass
    known = [video.start, *sorted(times), video.end]
    usual = _STANDS + 1.0 / float(video.rate)
    holes = [Span(start=max(0.0, a), end=b) for a, b in pairwise(known) if b - a > usual]
    found = _told("video", holes, video.gaps, _STANDS)
    # Of a rate that varies on purpose, a picture may stand for long: only what its packets promise is missing.
    yield from (gap for gap in found if video.constant or gap.reason == UNREADABLE)


def _told(stream: str, holes: Sequence[Span], absent: Sequence[Span], least: float) -> Iterator[Gap]:
    """Yield the holes, those of which most is absent from the file itself as such."""
    for hole in holes:
        if hole.duration >= least:
            lacking = 2 * sum(hole.overlap(one) for one in absent) > hole.duration
            yield Gap(span=hole.rounded(), stream=stream, reason=ABSENT if lacking else UNREADABLE)
