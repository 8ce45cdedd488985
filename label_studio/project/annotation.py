"""Label Studio's annotation, checked against the form: the server lets wrong things through."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from label_studio.project.form import SPACE, controls
from schemas.errors import ItemError

MAX_TEXT = 50_000
"""Characters of a text that is shown or written; what is longer is no text for a person."""


class _Value(BaseModel):
    choices: tuple[str, ...] | None = None
    text: tuple[str, ...] | str | None = None


class _Result(BaseModel):
    from_name: str
    value: _Value


class _Person(BaseModel):
    id: int


class _Annotation(BaseModel):
    """The parts of an annotation that count; the rest of what the server sends is let go."""

    id: int
    completed_by: int | _Person
    result: tuple[_Result, ...]
    lead_time: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    was_cancelled: bool = False
    created_at: datetime
    updated_at: datetime | None = None


_ANNOTATION = TypeAdapter(_Annotation)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """Who filled in what, when, in how long."""

    annotation: int
    person: int
    seconds: float
    submitted: str
    """ISO 8601, UTC."""
    values: Mapping[str, str]
    """By control; what was left open is missing."""


def filled_in(annotation: Mapping[str, object], kind: str, space_name: str = SPACE) -> Filled:
    """Return what an annotation, as the API gives it, says on the form of this kind that asks about this label space.

    Raises:
        ItemError: it was skipped, has a control or a choice that the form has not, or lacks who, when or how long.
    """
    try:
        found = _ANNOTATION.validate_python(annotation)
    except ValidationError as error:
        wrong = error.errors()[0]
        raise ItemError(f"the annotation's {'.'.join(map(str, wrong['loc']))}: {wrong['msg']}") from error
    if found.was_cancelled:
        raise ItemError("the reviewer skipped it")
    if found.lead_time is None:
        raise ItemError("the server does not say how long it took")
    when = (found.updated_at or found.created_at).astimezone(UTC)
    return Filled(
        annotation=found.id,
        person=found.completed_by if isinstance(found.completed_by, int) else found.completed_by.id,
        seconds=round(found.lead_time, 3),
        submitted=when.isoformat(timespec="seconds").replace("+00:00", "Z"),
        values=_values(found, kind, space_name),
    )


def _values(annotation: _Annotation, kind: str, space_name: str) -> dict[str, str]:
    known, values = controls(kind, space_name), dict[str, str]()
    for result in annotation.result:
        name = result.from_name
        if name not in known:
            raise ItemError(f"the form {kind!r} has no {name!r}: the answer was given on another form")
        if name in values:
            raise ItemError(f"{name!r} is answered twice")
        value = _choice(name, result.value, known[name]) if known[name] else _text(name, result.value)
        if value is not None:
            values[name] = value
    return values


def _choice(name: str, value: _Value, known: Sequence[str]) -> str | None:
    chosen = value.choices or ()
    if len(chosen) > 1:
        raise ItemError(f"{name!r} has more than one choice: {', '.join(chosen)}")
    if chosen and chosen[0] not in known:
        raise ItemError(f"{name!r} cannot be {chosen[0]!r}; it can be {', '.join(known)}")
    return chosen[0] if chosen else None


def _text(name: str, value: _Value) -> str | None:
    parts = (value.text,) if isinstance(value.text, str) else value.text or ()
    text = "\n".join(parts).strip()
    if len(text) > MAX_TEXT:
        raise ItemError(f"{name!r} is longer than {MAX_TEXT} characters")
    return text or None
