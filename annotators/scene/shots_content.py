"""Shots: stretches of video without a cut.

The content score of PySceneDetect's ContentDetector: mean absolute difference of hue, saturation and value between neighbouring
pictures. ffmpeg's own `scdet` looks at brightness alone and misses cuts between two dark pictures; PySceneDetect itself brings a
second OpenCV that writes over the one of mediapipe.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, ClassVar

import numpy as np
from pydantic import Field

from annotators.annotator import Annotator, Scope
from annotators.media import decoder
from schemas.claims import Claim, Shot
from schemas.record import Source
from schemas.validate import NotNegative
from schemas.values import Span

_HIGHEST_RATE = 30.0
"""Pictures per second that are compared at most."""


@dataclass(frozen=True, kw_only=True)
class ContentShots(Annotator[Source, None]):
    """Hard cuts by the change of content from one picture to the next."""

    name: ClassVar[str] = "shots.content"
    version: ClassVar[str] = "1"
    scope: ClassVar[Scope] = "source"
    provides: ClassVar[tuple[str, ...]] = ("shots",)
    shared: ClassVar[bool] = True
    threshold: Annotated[float, Field(ge=0, le=255)] = 27.0
    """Mean change of hue, saturation and value, in steps of 256."""
    width: Annotated[int, Field(ge=16)] = 240
    """Pictures are compared at this width, in pixels."""
    shortest: NotNegative = 0.5
    """Seconds after a cut in which no other one is looked for: flashes."""

    def load(self, device: str) -> None:
        """Load nothing."""

    def annotate(self, model: None, records: Sequence[Source]) -> Sequence[tuple[Claim, ...]]:
        """Return the shots of each source in order, none for one without picture."""
        return [self._shots(record) for record in records]

    def _shots(self, record: Source) -> tuple[Claim, ...]:
        if "video" not in record.source.streams:
            return ()
        edges = [0.0, *self.cuts(Path(record.path)), record.source.duration]
        spans = (Span(start=start, end=end) for start, end in pairwise(edges) if start < end)
        return tuple(Shot(by=self.key, span=span) for span in spans)

    def cuts(self, path: Path) -> tuple[float, ...]:
        """Return the times in seconds at which a new shot begins."""
        found: list[float] = []
        last = 0.0
        for time, score in self._scores(path):
            if score >= self.threshold and time - last >= self.shortest:
                found.append(round(time, 3))
                last = time
        return tuple(found)

    def _scores(self, path: Path) -> Iterator[tuple[float, float]]:
        import cv2  # noqa: PLC0415

        video = decoder.probe(path).video
        rate = min(float(video.rate), _HIGHEST_RATE) if video is not None else _HIGHEST_RATE
        before: Any = None
        for frame in decoder.frames(path, rate, width=self.width):
            now = cv2.cvtColor(np.ascontiguousarray(frame.image), cv2.COLOR_RGB2HSV)
            if before is not None:
                yield frame.time, float(cv2.absdiff(now, before).mean())
            before = now
