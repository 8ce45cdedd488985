"""Records come out of Arrow as they went in: every kind of claim, and rows of older versions that lack a column."""

from dataclasses import asdict, fields, replace
from typing import get_args, get_origin

import pyarrow as pa
import pytest

from schemas.arrow import columns, schema_of, unwrap
from schemas.record import Clip, DeadLetter, Origin
from schemas.values import Span
from schemas.versions.decode import decoded
from tests.support.reported import clip


def table(*records, kind=Clip):
    return pa.Table.from_pylist([asdict(one) for one in records], schema=schema_of(kind))


def full(hint, number=1):
    """Return a value of the type in which nothing is empty, so that each field holds something of its own."""
    bare = unwrap(hint)[0]
    if bare is Span:
        return Span(start=float(number), end=number + 0.5)
    if hasattr(bare, "__dataclass_fields__"):
        return bare(**{name: full(inner, number + place) for place, (name, inner) in enumerate(columns(bare).items())})
    if get_origin(bare) is tuple:
        return (full(get_args(bare)[0], number), full(get_args(bare)[0], number + 1))
    return {str: f"s{number}", int: number, float: number + 0.25, bool: True, bytes: bytes([number])}[bare]


def test_a_clip_with_every_claim_filled_in_is_read_as_it_was_written():
    whole = full(Clip)
    assert all(getattr(whole, field.name) for field in fields(Clip))
    sparse = clip(3)
    assert decoded(Clip, table(whole, sparse, whole)) == [whole, sparse, whole]


def test_of_each_claim_alone_nothing_leaks_into_the_next_row():
    bare, whole = clip(0), full(Clip)
    some = [replace(bare, **{field.name: getattr(whole, field.name)}) for field in fields(Clip)]
    assert decoded(Clip, table(*some, bare)) == [*some, bare]
    assert decoded(Clip, table(*some, bare).slice(5, 7)) == some[5:12]
    assert [one for part in table(*some).to_batches(4) for one in decoded(Clip, part)] == some


def test_a_dead_letter_too():
    letter = DeadLetter(source_id="s", file="f", clip_id=None, step="cut", reason="…")
    letters = [letter, replace(letter, span=Span(start=0.0, end=1.0))]
    assert decoded(DeadLetter, table(*letters, kind=DeadLetter)) == letters
    assert decoded(DeadLetter, table(kind=DeadLetter)) == []


@pytest.mark.parametrize("name", [field.name for field in fields(Clip)])
def test_a_column_that_is_not_there_is_its_default_or_empty(name):
    whole = full(Clip)
    (found,) = decoded(Clip, table(whole).drop_columns([name]))
    default = Clip(source=found.source, clip_id="", requested=Span(start=0.0, end=0.0))
    if name == "source":
        default = replace(default, source=Origin(source_id="", sha256="", file="", duration=0.0, streams=""))
    assert found == replace(whole, **{name: getattr(default, name)})


def test_a_field_that_an_older_claim_lacks_is_its_default_or_empty():
    whole = full(Clip)
    kind = schema_of(Clip).field("routes").type
    older = pa.list_(pa.struct([field for field in kind.value_type if field.name not in {"kept", "audit", "priority"}]))
    rows = table(whole)
    cut = [[{field.name: route[field.name] for field in older.value_type} for route in row] for row in rows["routes"].to_pylist()]
    place = rows.schema.get_field_index("routes")
    (found,) = decoded(Clip, rows.set_column(place, "routes", pa.array(cut, older)))
    assert found.routes == tuple(replace(route, kept=None, audit=False, priority=0.0) for route in whole.routes)


def test_a_column_that_a_clip_does_not_have_is_passed_over():
    whole = clip(1)
    assert decoded(Clip, table(whole).append_column("from_the_future", pa.array([1]))) == [whole]
