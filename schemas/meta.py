"""Marks that fields carry in `Annotated[...]`: they become Arrow field metadata and rows of the field table."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Unit:
    """Unit of a number, spelled as a reader says it: "s", "Hz", "degree"."""

    name: str


@dataclass(frozen=True, slots=True)
class Within:
    """Closed range of a number."""

    low: float
    high: float = math.inf


@dataclass(frozen=True, slots=True)
class Says:
    """What the field holds, in one clause."""

    text: str


@dataclass(frozen=True, slots=True)
class Feature:
    """Name of the `datasets` feature that decodes the field: "Video", "Audio" or "Image"."""

    kind: str
    sampling_rate: int | None = None


@dataclass(frozen=True, slots=True)
class Bits:
    """Width of a number where it is not 64."""

    width: int
