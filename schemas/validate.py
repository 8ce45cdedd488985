"""Tables from people (TOML, CSV) are checked where they come in."""

from __future__ import annotations

import math
from dataclasses import fields
from typing import Annotated, Any, TypeVar

from pydantic import Field, TypeAdapter, ValidationError

from schemas.errors import UsageError, did_you_mean

T = TypeVar("T")
Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
PositiveInt = Annotated[int, Field(ge=1)]
NotNegativeInt = Annotated[int, Field(ge=0)]
Proportion = Annotated[float, Field(ge=0, le=1)]
InnerProportion = Annotated[float, Field(gt=0, lt=1)]
"""A proportion that is neither 0 nor 1."""


def validate(kind: type[T], table: Any, where: str) -> T:
    """Return the dataclass that a table holds.

    Raises:
        UsageError: it holds another key or a wrong value; the message begins with `where` and names the key.
    """
    names = [field.name for field in fields(kind)]  # type: ignore[arg-type]
    if isinstance(table, dict) and (unknown := sorted(set(table) - set(names))):
        raise UsageError(
            f"{where}: there is no {unknown[0]!r}; there are {', '.join(names) or 'no settings'}{did_you_mean(unknown[0], names)}"
        )
    try:
        made = TypeAdapter(kind).validate_python(table)
    except ValidationError as error:
        wrong = error.errors()[0]
        raise UsageError(f"{where}: {'.'.join(map(str, wrong['loc'])) or 'the table'}: {wrong['msg']}") from error
    if endless := [name for name in names if isinstance(value := getattr(made, name), float) and not math.isfinite(value)]:
        raise UsageError(f"{where}: {endless[0]}: a finite number is needed")
    return made
