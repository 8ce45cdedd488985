"""Small immutable values with algebra, shared by all records."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from schemas.meta import Unit, Within


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Span:
    """Half-open interval [start, end) of presentation time, counted from the start of the source or clip that holds it."""

    start: Annotated[float, Unit("s"), Within(0)]
    end: Annotated[float, Unit("s"), Within(0)]

    def __post_init__(self) -> None:
        if not 0 <= self.start <= self.end:
            raise ValueError(f"not a span: [{self.start}, {self.end})")

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return self.end - self.start

    @property
    def middle(self) -> float:
        """Time half-way, in seconds."""
        return (self.start + self.end) / 2

    def __and__(self, other: Span) -> Span | None:
        """Return the common part, or None where there is none."""
        start, end = max(self.start, other.start), min(self.end, other.end)
        return Span(start=start, end=end) if start < end else None

    def overlap(self, other: Span) -> float:
        """Return how many seconds both share, 0.0 where they do not meet."""
        return max(0.0, min(self.end, other.end) - max(self.start, other.start))

    def covers(self, other: Span, tolerance: float = 0.0) -> bool:
        """Tell whether `other` lies inside, within `tolerance` seconds at either end."""
        return self.start - tolerance <= other.start and other.end <= self.end + tolerance

    def rounded(self) -> Span:
        """Return the span to the millisecond."""
        return Span(start=round(self.start, 3), end=round(self.end, 3))

    def shift(self, seconds: float) -> Span:
        """Return the span moved by `seconds`; its start is never below 0."""
        start = max(0.0, self.start + seconds)
        return Span(start=start, end=max(start, self.end + seconds))


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """Axis-aligned box relative to the displayed (rotated) frame, origin at the top left."""

    x: Annotated[float, Unit("frame width"), Within(0, 1)]
    y: Annotated[float, Unit("frame height"), Within(0, 1)]
    width: Annotated[float, Unit("frame width"), Within(0, 1)]
    height: Annotated[float, Unit("frame height"), Within(0, 1)]

    @property
    def area(self) -> float:
        """Share of the frame that the box covers, 0 to 1."""
        return self.width * self.height

    def iou(self, other: Box) -> float:
        """Return intersection over union, 0 to 1."""
        across = max(0.0, min(self.x + self.width, other.x + other.width) - max(self.x, other.x))
        down = max(0.0, min(self.y + self.height, other.y + other.height) - max(self.y, other.y))
        union = self.area + other.area - across * down
        return across * down / union if union > 0 else 0.0
