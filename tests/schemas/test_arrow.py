"""The derived schemas: complete, readable by `datasets`, and never changed in silence."""

import json
from dataclasses import asdict, fields
from pathlib import Path

import datasets
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

import schemas
from schemas.arrow import media_columns, schema_of, snapshot
from schemas.record import SCHEMA_VERSION, Clip, DeadLetter

SNAPSHOT = Path(schemas.__file__).parent / "snapshots" / f"{SCHEMA_VERSION}.json"


def test_the_schema_is_the_one_on_record_for_its_version():
    now = {kind.__name__: snapshot(kind) for kind in (Clip, DeadLetter)}
    assert now == json.loads(SNAPSHOT.read_text()), (
        "A column, type, unit or feature has changed. Raise SCHEMA_VERSION and write the snapshot of the new version with "
        "`python -m tests.schemas.write_snapshot`; a snapshot that has been released never changes."
    )


def test_every_field_of_a_clip_is_a_column_and_the_id_comes_first():
    assert set(schema_of(Clip).names) == {field.name for field in fields(Clip)}
    assert schema_of(Clip).names[0] == "clip_id"


def test_datasets_reads_the_features_and_knows_the_media_columns():
    features = datasets.Features.from_arrow_schema(schema_of(Clip))
    assert features.arrow_schema.names == schema_of(Clip).names
    assert [type(features[name]).__name__ for name in media_columns(Clip)] == ["Video", "Audio", "Image"]


def test_units_and_ranges_stand_in_the_field_metadata():
    assert schema_of(Clip).field("overlap").metadata[b"unit"] == b"s"
    assert schema_of(Clip).field("image").metadata[b"optional"] == b"yes"


@settings(max_examples=50, deadline=None)
@given(st.builds(DeadLetter, span=st.none()))
def test_a_record_survives_arrow(letter):
    table = pa.Table.from_pylist([asdict(letter)], schema=schema_of(DeadLetter))
    assert TypeAdapter(DeadLetter).validate_python(table.to_pylist()[0]) == letter


def test_a_field_without_an_arrow_type_is_refused():
    from dataclasses import make_dataclass

    with pytest.raises((KeyError, TypeError)):
        schema_of(make_dataclass("Loose", [("anything", dict)]))
