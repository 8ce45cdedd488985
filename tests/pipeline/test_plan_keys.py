"""The reference of a plan's keys is that of the settings."""

from dataclasses import dataclass
from typing import Annotated, Literal

import pytest
from pydantic import Field

from pipeline.plan import TABLES
from pipeline.plan_keys import _keys, field_docs, plan_tables, toml_value


@dataclass(frozen=True, kw_only=True)
class Inner:
    tries: Annotated[int, Field(ge=1)] = 5
    """How often."""


@dataclass(frozen=True, kw_only=True)
class Settings(Inner):
    gap: Annotated[float, Field(gt=0, le=2)] | None = None
    """Longest pause, in seconds."""
    mode: Literal["a", "b"] = "a"
    """The way."""
    words: tuple[str, ...] = ("x",)
    """Words."""
    face_model: str = "m"
    inner: Inner = Inner()


def test_a_key_is_told_with_type_default_range_and_unit():
    told = [(key.name, key.kind, key.default, key.bounds, key.unit, key.says) for key in _keys("t", Settings, "")]
    assert told == [
        ("tries", "int", "5", "≥ 1", "count", "How often."),
        ("gap", "float or none", "none", "> 0, ≤ 2", "s", "Longest pause, in seconds."),
        ("mode", "one of", '"a"', "a, b", "", "The way."),
        ("words", "list of str", '["x"]', "", "", "Words."),
        ("face_model", "str", '"m"', "", "", "Name of an entry of models.toml."),
        ("inner.tries", "int", "5", "≥ 1", "count", "How often."),
    ]
    assert field_docs(Settings)["mode"] == "The way."


def test_no_key_lacks_a_description_nor_a_number_its_unit():
    tables = plan_tables()
    assert [table.name for table in tables if table.kind == "table"] == list(TABLES[:-2])
    keys = [key for table in tables for key in table.keys]
    assert len(keys) > 100
    assert [key.path for key in keys if not key.says.endswith(".")] == []
    assert [key.path for key in keys if key.kind.startswith(("int", "float")) and not key.unit] == []
    assert [table.name for table in tables if not table.says] == []


@pytest.mark.parametrize(
    ("value", "text"), [(None, "none"), (True, "true"), ('a"\n', '"a\\"\\U0000000a"'), ((1, "b"), '[1, "b"]')]
)
def test_a_value_is_written_as_toml_does(value, text):
    assert toml_value(value) == text
