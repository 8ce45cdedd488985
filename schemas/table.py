"""`python -m schemas.table`: the columns of a clip as a Markdown table, derived, for the README and the card."""

from __future__ import annotations

import sys
from typing import Any, get_args, get_origin

from schemas.arrow import columns, notes_of, unwrap
from schemas.meta import Feature
from schemas.record import Clip

_SHORT = {str: "string", int: "int", float: "float", bool: "bool", bytes: "bytes"}


def markdown(record: type) -> str:
    """Return one row per column: name, type, unit and range, what it holds."""
    lines = ["| column | type | unit, range | what |", "|---|---|---|---|"]
    for name, hint in columns(record).items():
        bare, optional, marks = unwrap(hint)
        notes = notes_of(marks)
        measure = ", ".join(notes[key] for key in ("unit", "range") if key in notes)
        says = notes.get("says") or ("" if _inner(bare) in _SHORT else _inner(bare).__doc__.partition("\n")[0])
        lines.append(f"| `{name}` | {_kind(bare, marks)}{' or null' if optional else ''} | {measure} | {says} |")
    return "\n".join(lines) + "\n"


def _inner(bare: Any) -> Any:
    return unwrap(get_args(bare)[0])[0] if get_origin(bare) is tuple else bare


def _kind(bare: Any, marks: tuple[object, ...]) -> str:
    media = next((mark.kind for mark in marks if isinstance(mark, Feature)), None)
    inner = _inner(bare)
    name = media or _SHORT.get(inner, inner.__name__)
    return f"list of {name}" if get_origin(bare) is tuple else name


if __name__ == "__main__":
    sys.stdout.write(markdown(Clip))
