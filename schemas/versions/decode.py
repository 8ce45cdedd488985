"""Records out of Arrow: column by column, with decoders made once per type from the fields of its dataclass."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import MISSING, dataclass, fields, is_dataclass
from functools import cache
from itertools import accumulate, pairwise
from typing import Any, TypeVar, get_args, get_origin

import pyarrow as pa

from schemas.arrow import columns, unwrap

T = TypeVar("T")
_Decode = Callable[[pa.Array], list[Any]]


def decoded(kind: type[T], batch: pa.RecordBatch | pa.Table) -> list[T]:
    """Return the records that the rows hold, of a dataclass with slots.

    What a column is missing for is its field's default, or empty: "", 0, (), None.
    """
    return _records(kind, {name: batch[name] for name in batch.schema.names}, batch.num_rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Member:
    """One field of a record: how its column is decoded, and what stands for a column that is not there."""

    name: str
    decode: _Decode
    absent: Any


def _records(kind: Any, held: dict[str, Any], rows: int) -> list[Any]:
    members = _members(kind)
    lists = [one.decode(held[one.name]) if one.name in held else [one.absent] * rows for one in members]
    if hasattr(kind, "__post_init__"):
        names = [one.name for one in members]
        return [kind(**dict(zip(names, values, strict=True))) for values in zip(*lists, strict=True)]
    # Where nothing is checked when a record is made, filling its slots a column at a time takes less than half as long.
    made = [kind.__new__(kind) for _ in range(rows)]
    for one, values in zip(members, lists, strict=True):
        deque(map(getattr(kind, one.name).__set__, made, values), maxlen=0)
    return made


@cache
def _members(kind: Any) -> tuple[_Member, ...]:
    defaults = {field.name: field.default for field in fields(kind)}
    return tuple(
        _Member(name=name, decode=_decoder(hint), absent=_empty(hint) if (held := defaults[name]) is MISSING else held)
        for name, hint in columns(kind).items()
    )


def _decoder(hint: Any) -> _Decode:
    bare = unwrap(hint)[0]
    if is_dataclass(bare):
        return lambda array: _structs(bare, array)
    if get_origin(bare) is tuple:
        inner = _decoder(get_args(bare)[0])
        return lambda array: _tuples(inner, array)
    return _plain


def _plain(array: pa.Array) -> list[Any]:
    if array.null_count or not pa.types.is_floating(array.type):
        return array.to_pylist()  # type: ignore[no-any-return]
    return array.to_numpy(zero_copy_only=False).tolist()  # type: ignore[no-any-return]


def _structs(kind: Any, array: pa.StructArray | pa.ChunkedArray) -> list[Any]:
    whole = array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
    there = whole.drop_null()
    held = {field.name: child for field, child in zip(there.type, there.flatten(), strict=True)}
    made = _records(kind, held, len(there))
    if not whole.null_count:
        return made
    left = iter(made)
    return [next(left) if valid else None for valid in whole.is_valid().to_pylist()]


def _tuples(inner: _Decode, array: pa.ListArray | pa.ChunkedArray) -> list[Any]:
    whole = array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
    items = tuple(inner(whole.flatten()))
    ends = tuple(accumulate((length or 0 for length in whole.value_lengths().to_pylist()), initial=0))
    return [items[start:end] for start, end in pairwise(ends)]


def _empty(hint: Any) -> Any:
    bare, optional, _ = unwrap(hint)
    if optional:
        return None
    if is_dataclass(bare):
        return _absent(bare)
    return () if get_origin(bare) is tuple else bare()


def _absent(kind: Any) -> Any:
    return kind(**{one.name: one.absent for one in _members(kind)})
