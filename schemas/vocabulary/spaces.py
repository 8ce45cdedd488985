"""Label spaces, as data: `spaces.json` holds the names, their sources and the maps between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from pydantic import TypeAdapter

from schemas.errors import UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelSpace:
    """A closed, ordered set of label names. Only names ship; `licence` says so, with the state of the data behind them."""

    name: str
    labels: tuple[str, ...]
    source: str
    licence: str
    maps: Mapping[str, Mapping[str, str]]

    def project(self, scores: Mapping[str, float], onto: str) -> dict[str, float]:
        """Return `scores` summed into the label space `onto`, in that space's order.

        Raises:
            UsageError: no map leads there, or a label is not in this space.
        """
        if unknown := set(scores) - set(self.labels):
            raise UsageError(f"{sorted(unknown)} are not labels of {self.name}")
        if onto == self.name:
            return {label: scores.get(label, 0.0) for label in self.labels}
        if onto not in self.maps:
            raise UsageError(f"no map leads from {self.name} to {onto}; it has {sorted(self.maps) or 'none'}")
        into = dict.fromkeys(space(onto).labels, 0.0)
        for label, score in scores.items():
            into[self.maps[onto][label]] += score
        return into


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """A dimension of affect with its closed range."""

    name: str
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shelf:
    spaces: tuple[LabelSpace, ...]
    axes: tuple[Axis, ...]


@cache
def _shelf() -> _Shelf:
    return TypeAdapter(_Shelf).validate_json(files("schemas.vocabulary").joinpath("spaces.json").read_bytes())


def space(name: str) -> LabelSpace:
    """Return the label space of that name, or raise UsageError."""
    for found in _shelf().spaces:
        if found.name == name:
            return found
    raise UsageError(f"no label space {name!r}; there are {', '.join(s.name for s in spaces())}")


def spaces() -> tuple[LabelSpace, ...]:
    """Return all label spaces, by name."""
    return _shelf().spaces


def axes() -> tuple[Axis, ...]:
    """Return the dimensions of affect."""
    return _shelf().axes
