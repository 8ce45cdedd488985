"""Arrow schemas, `datasets` features and rows, derived from the records."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import pyarrow as pa

from schemas.meta import Bits, Feature, Says, Unit, Within

_PLAIN: Mapping[type, pa.DataType] = {
    str: pa.string(),
    int: pa.int64(),
    float: pa.float64(),
    bool: pa.bool_(),
    bytes: pa.binary(),
}


def unwrap(hint: Any) -> tuple[Any, bool, tuple[object, ...]]:
    """Return the bare type, whether None is allowed, and the marks, of a hint such as `Annotated[X | None, …]`."""
    marks: tuple[object, ...] = ()
    nullable = False
    while True:
        if get_origin(hint) is Annotated:
            hint, *found = get_args(hint)
            marks += tuple(found)
        elif get_origin(hint) in (Union, UnionType):
            rest = [arg for arg in get_args(hint) if arg is not NoneType]
            if len(rest) != 1:
                raise TypeError(f"{hint} has no Arrow type: a field holds one type, or None")
            hint, nullable = rest[0], True
        else:
            return hint, nullable, marks


def _type(hint: Any) -> pa.DataType:
    bare, _, marks = unwrap(hint)
    if is_dataclass(bare):
        return pa.struct(_fields(bare))  # type: ignore[arg-type]
    if get_origin(bare) is tuple:
        item, rest = get_args(bare)
        if rest is not Ellipsis:
            raise TypeError(f"{bare} has no Arrow type: write tuple[X, ...]")
        return pa.list_(_type(item))
    if bare is float and any(isinstance(mark, Bits) and mark.width == 32 for mark in marks):
        return pa.float32()
    return _PLAIN[bare]


def notes_of(marks: tuple[object, ...]) -> dict[str, str]:
    """Return what the marks of a field say: unit, range, says."""
    notes: dict[str, str] = {}
    for mark in reversed(marks):
        match mark:
            case Unit(name):
                notes["unit"] = name
            case Within(low, high):
                notes["range"] = f"{low:g} to {high:g}" if high != float("inf") else f"{low:g} or more"
            case Says(text):
                notes["says"] = text
    return notes


def columns(record: Any) -> dict[str, Any]:
    """Return the annotations of a record type, the ones that it wants to lead first."""
    hints = get_type_hints(record, include_extras=True)
    names = (*getattr(record, "LEADING", ()), *(field.name for field in fields(record)))
    return {name: hints[name] for name in dict.fromkeys(names)}


def _fields(record: type) -> list[pa.Field]:
    # All fields may be null for Arrow, as in every schema that `datasets` writes; "optional" tells which ones are.
    found = []
    for name, hint in columns(record).items():
        _, optional, marks = unwrap(hint)
        notes = notes_of(marks) | ({"optional": "yes"} if optional else {})
        found.append(pa.field(name, _type(hint), metadata=notes or None))
    return found


def _feature(hint: Any) -> Any:
    """Return the `datasets` feature of a hint as the JSON that the Hub reads."""
    bare, _, marks = unwrap(hint)
    for mark in marks:
        if isinstance(mark, Feature):
            rate = {"sampling_rate": mark.sampling_rate} if mark.sampling_rate else {}
            return {**rate, "_type": mark.kind}
    if is_dataclass(bare):
        return {name: _feature(inner) for name, inner in columns(bare).items()}
    if get_origin(bare) is tuple:
        return {"feature": _feature(get_args(bare)[0]), "_type": "List"}
    kind = _type(hint)
    return {"dtype": {"double": "float64", "float": "float32"}.get(str(kind), str(kind)), "_type": "Value"}


@cache
def schema_of(record: type) -> pa.Schema:
    """Return the Arrow schema of a record type, with units and ranges as field metadata and the `datasets` features."""
    features = {name: _feature(hint) for name, hint in columns(record).items()}
    return pa.schema(_fields(record), metadata={"huggingface": json.dumps({"info": {"features": features}})})


@cache
def media_columns(record: type) -> tuple[str, ...]:
    """Return the names of the columns that hold encoded media."""
    marked = ((name, unwrap(hint)[2]) for name, hint in columns(record).items())
    return tuple(name for name, marks in marked if any(isinstance(mark, Feature) for mark in marks))


def snapshot(record: type) -> dict[str, Any]:
    """Return all that must not change silently about a record type: columns, types, units, ranges, features."""
    schema = schema_of(record)
    return {
        "columns": {field.name: _describe(field) for field in schema},
        "features": json.loads(schema.metadata[b"huggingface"])["info"]["features"],
    }


def _describe(field: pa.Field) -> dict[str, Any]:
    notes = {key.decode(): value.decode() for key, value in (field.metadata or {}).items()}
    return {"type": str(field.type), **{key: note for key, note in notes.items() if key != "says"}}
