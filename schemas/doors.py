"""The doors by which installed packages add to the house: entry points, built-in ones and those of others alike."""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from schemas.errors import UsageError


def behind(group: str) -> dict[str, EntryPoint]:
    """Return what is registered in a group of entry points, by name in alphabetical order, none of it imported yet.

    Raises:
        UsageError: two packages register one name.
    """
    found: dict[str, EntryPoint] = {}
    for entry in sorted(entry_points(group=group), key=lambda e: (e.name, e.value)):
        if entry.name in found:
            raise UsageError(f"two installed packages register {entry.name} in {group}; remove one of them")
        found[entry.name] = entry
    return found


def data_file(entry: EntryPoint) -> Traversable:
    """Return the file of data that an entry point names, as `package:file.toml` or `package.folder:file.json`.

    Raises:
        UsageError: there is no such package or file.
    """
    try:
        place = files(entry.module).joinpath(entry.attr)
    except ImportError as error:
        raise UsageError(f"{entry.group}: {entry.name} ({entry.value}) cannot be found: {error}") from error
    if not place.is_file():
        raise UsageError(f"{entry.group}: {entry.name} ({entry.value}): there is no file {entry.attr} in {entry.module}")
    return place


def opened_door(entry: EntryPoint, kind: type) -> Any:
    """Return what an entry point names, an instance of `kind`.

    Raises:
        UsageError: it cannot be imported, or is something else.
    """
    try:
        found = entry.load()
    except (ImportError, AttributeError) as error:
        raise UsageError(f"{entry.group}: {entry.name} ({entry.value}) cannot be imported: {error}") from error
    if not isinstance(found, kind):
        raise UsageError(f"{entry.group}: {entry.name} ({entry.value}) is no {kind.__name__}")
    return found
