"""All annotators that are installed, by one door, and how a plan's table becomes one of them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from importlib.metadata import EntryPoint
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from annotators.annotator import Annotator
from schemas.doors import behind, data_file
from schemas.errors import UsageError
from schemas.validate import validate

ENTRY_POINTS = "affectory.annotators"
PLANS = "affectory.plans"
"""The entry-point group of plans, each a TOML file."""


def registered() -> dict[str, EntryPoint]:
    """Return all annotators by name, built-in and third-party alike, none of them imported yet.

    Raises:
        UsageError: two packages register one name.
    """
    return behind(ENTRY_POINTS)


def _imported(entry: EntryPoint) -> type[Annotator[Any, Any]]:
    try:
        kind = entry.load()
    except (ImportError, AttributeError) as error:
        raise UsageError(f"the annotator {entry.name} ({entry.value}) cannot be imported: {error}") from error
    if not (isinstance(kind, type) and issubclass(kind, Annotator)):
        raise UsageError(f"the annotator {entry.name} ({entry.value}) is no subclass of annotators.annotator.Annotator")
    return kind


def configured(table: Mapping[str, object], where: str) -> Annotator[Any, Any]:
    """Return the annotator that a table of a plan asks for: its `name`, and its settings.

    Raises:
        UsageError: there is no such annotator, or it has no such setting.
    """
    known = registered()
    if "name" not in table:
        raise UsageError(f"{where} one has no name")
    name = str(table["name"])
    if name not in known:
        raise UsageError(f"{where} no annotator {name!r} is installed; there are {', '.join(sorted(known))}")
    settings = {key: value for key, value in table.items() if key != "name"}
    made: Annotator[Any, Any] = validate(_imported(known[name]), settings, f"{where} {name}")
    return made


def plan_names() -> tuple[str, ...]:
    """Return the names of the plans that are installed."""
    return tuple(behind(PLANS))


def plan_file(name: str) -> Traversable:
    """Return the file of an installed plan, or the TOML file of that path.

    Raises:
        UsageError: there is neither.
    """
    entry = behind(PLANS).get(name)
    place = data_file(entry) if entry is not None else Path(name)
    if not place.is_file():
        raise UsageError(f"--plan {name}: no such plan and no such file; installed plans are {', '.join(plan_names())}")
    return place


def used_by(plan: str) -> tuple[str, ...]:
    """Return the models that a plan names: every setting called `model` or ending in `_model`, defaults included."""
    tables = tomllib.loads(plan_file(plan).read_text(encoding="utf-8")).get("annotators", [])
    names = [name for table in tables for name in configured(table, f"--plan {plan}:").model_names()]
    return tuple(dict.fromkeys(names))
