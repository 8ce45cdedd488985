"""Label spaces, as data: names, their sources and the maps between them.

Those of `spaces.json` and those of installed packages come in by the same door: a file of the same form.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from pydantic import TypeAdapter, ValidationError

from schemas.doors import behind, data_file
from schemas.errors import UsageError, did_you_mean

SPACES = "affectory.spaces"
"""The entry-point group; each names a file of the form of `spaces.json`."""


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
    spaces: tuple[LabelSpace, ...] = ()
    axes: tuple[Axis, ...] = ()


@cache
def _shelf() -> _Shelf:
    found: dict[str, LabelSpace] = {}
    dimensions: dict[str, Axis] = {}
    for entry in behind(SPACES).values():
        where = f"{SPACES}: {entry.name} ({entry.value})"
        try:
            shelf = TypeAdapter(_Shelf).validate_json(data_file(entry).read_bytes())
        except ValidationError as error:
            first = error.errors()[0]
            raise UsageError(f"{where}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from error
        names = [one.name for one in shelf.spaces] + [one.name for one in shelf.axes]
        if twice := next((name for name in names if name in found or name in dimensions), None):
            raise UsageError(f"{where}: there is a {twice} already; choose another name")
        found |= {one.name: one for one in shelf.spaces}
        dimensions |= {one.name: one for one in shelf.axes}
    _check_maps(found)
    return _Shelf(spaces=tuple(found.values()), axes=tuple(dimensions.values()))


def _check_maps(found: Mapping[str, LabelSpace]) -> None:
    """Raise UsageError where a map leads to a space or a label that there is not, or leaves a label out."""
    for one in found.values():
        for onto, labels in one.maps.items():
            if onto not in found:
                raise UsageError(f"label space {one.name}: its map leads to {onto}, which is no label space")
            if wrong := (set(one.labels) ^ set(labels)) or set(labels.values()) - set(found[onto].labels):
                raise UsageError(f"label space {one.name}: its map to {onto} is wrong about {', '.join(sorted(wrong))}")


def space(name: str) -> LabelSpace:
    """Return the label space of that name, or raise UsageError."""
    for found in _shelf().spaces:
        if found.name == name:
            return found
    names = [one.name for one in spaces()]
    raise UsageError(f"no label space {name!r}; there are {', '.join(names)}{did_you_mean(name, names)}")


def spaces() -> tuple[LabelSpace, ...]:
    """Return all label spaces, by name."""
    return _shelf().spaces


def axes() -> tuple[Axis, ...]:
    """Return the dimensions of affect."""
    return _shelf().axes
