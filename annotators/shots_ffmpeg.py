"""Shots: stretches of video without a cut, by ffmpeg's `scdet` filter."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Annotated, ClassVar

import ffmpeg
from pydantic import Field

from annotators import media
from annotators.annotator import Annotator
from schemas.claims import Claim, Shot
from schemas.record import Source
from schemas.values import Span


@dataclass(frozen=True, kw_only=True)
class FfmpegShots(Annotator[Source, None]):
    """Hard cuts: the mean difference to the picture before, less what is usual there, in percent."""

    name: ClassVar[str] = "shots.ffmpeg"
    version: ClassVar[str] = "1"
    scope: ClassVar = "source"
    provides: ClassVar[tuple[str, ...]] = ("shots",)
    shared: ClassVar[bool] = True
    threshold: Annotated[float, Field(ge=0, le=100)] = 10.0
    width: Annotated[int, Field(ge=16)] = 320
    """Pictures are compared at this width, in pixels."""

    def load(self, device: str) -> None:
        """Load nothing: ffmpeg brings the filter."""

    def annotate(self, model: None, records: Sequence[Source]) -> Sequence[tuple[Claim, ...]]:
        """Return the shots of each source in order, none for one without picture."""
        return [self._shots(record) for record in records]

    def _shots(self, record: Source) -> tuple[Claim, ...]:
        if "video" not in record.source.streams:
            return ()
        edges = [0.0, *cut_times(Path(record.path), self.threshold, self.width), record.source.duration]
        spans = (Span(start=start, end=end) for start, end in pairwise(edges) if start < end)
        return tuple(Shot(by=self.key, span=span) for span in spans)


def cut_times(path: Path, threshold: float = 10.0, width: int = 320) -> tuple[float, ...]:
    """Return the times in seconds at which a new shot begins."""
    info = media.probe(path)
    if info.video is None:
        return ()
    picture = ffmpeg.input(media.url(path), **media.ONE_FILE)[str(info.video.index)]
    picture = picture.filter("scale", min(width, info.video.width), -2, flags="fast_bilinear").filter("scdet", t=threshold)
    picture = picture.filter("metadata", "print", key="lavfi.scd.time", file="pipe:1")
    told = media.run(path, picture.output("-", format="null").get_args()).decode()
    times = {round(float(time), 3) for time in re.findall(r"lavfi\.scd\.time=([0-9.]+)", told)}
    return tuple(sorted(time for time in times if 0 < time < info.duration))
