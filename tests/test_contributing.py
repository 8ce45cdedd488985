"""CONTRIBUTING says which files one touches; the source is counted to see that it is those and no others."""

import re
from dataclasses import dataclass, make_dataclass
from typing import get_type_hints

import pytest

from pipeline.affectory import main
from pipeline.cli.arguments import build_arguments
from pipeline.judge.rule import RULES
from schemas.arrow import schema_of
from schemas.claims import Cue
from schemas.record import Clip, claim_fields
from schemas.table import markdown
from tests.test_house import HOUSE, ROOT

PAGE = (ROOT / "CONTRIBUTING.md").read_text()
COUNTED = re.search(r"<!-- counted -->(.*)<!-- /counted -->", PAGE, re.S)[1]
ROWS = re.findall(r"^\| ([a-z][^|]*) \| `([^`]+)` \| ([^|]+) \|$", COUNTED, re.M)
KINDS = {".py", ".toml", ".json", ".css", ".html", ".js"}


def naming(word: str) -> set[str]:
    """Return the files in which a word stands, by itself or as a part of a name; snapshots are written by a command."""
    pattern = re.compile(rf"(?<![a-z_])({word}|{word.capitalize()})(?![a-z])")
    files = [ROOT / "pyproject.toml", *(file for root in HOUSE for file in (ROOT / root).rglob("*") if file.suffix in KINDS)]
    found = {str(file.relative_to(ROOT)) for file in files if pattern.search(file.read_text(encoding="utf-8"))}
    return {file for file in found if not file.startswith("schemas/snapshots/")}


def test_there_is_a_row_for_each_thing_that_labs_add():
    wanted = {"voice model", "export", "review question", "new kind of claim", "language", "rule"}
    assert {one for one in wanted for what, *_ in ROWS if one in what} == wanted


@pytest.mark.parametrize(("what", "example", "files"), ROWS, ids=[row[0] for row in ROWS])
def test_what_is_added_is_named_in_the_files_that_are_listed_and_in_no_others(what, example, files):
    assert naming(example) == set(re.findall(r"`([\w./]+)`", files)), what


def test_each_room_is_on_the_map():
    rooms = {str(file.parent.relative_to(ROOT)) for root in HOUSE for file in (ROOT / root).rglob("__init__.py")}
    named = set(re.findall(r"`([\w/]+)/`", PAGE))
    assert rooms - named == set()
    assert {name for name in named if not (ROOT / name).is_dir()} == set()


@dataclass(frozen=True, slots=True, kw_only=True)
class Gaze(Cue):
    """A claim that the house does not know."""

    degrees: float


def test_schema_and_table_of_a_new_kind_of_claim_follow_from_its_field():
    record = make_dataclass("Gazing", [("gazes", tuple[Gaze, ...], ())], bases=(Clip,), frozen=True, slots=True, kw_only=True)
    assert claim_fields(record)[Gaze] == "gazes"
    assert "degrees" in str(schema_of(record).field("gazes").type)
    assert "`gazes`" in markdown(record) and "`gazes`" not in markdown(Clip)
    assert "gazes" not in get_type_hints(Clip)


def test_the_recipes_are_parts_of_the_package_that_is_installed_and_built_with():
    recipes = re.search(r"<!-- gaitlab -->(.*)<!-- /gaitlab -->", PAGE, re.S)[1]
    lab = ROOT / "tests/support/outside/gaitlab"
    files = [file.read_text() for file in lab.rglob("*") if file.suffix in {".py", ".toml", ".json", ".md"}]
    blocks = re.findall(r"```\w+\n(.*?)```", recipes, re.S)
    assert len(blocks) == 9
    assert [block for block in blocks if not any(block.strip() in file for file in files)] == []
    doors = set(re.findall(r"affectory\.\w+", (ROOT / "pyproject.toml").read_text())) | {RULES}
    assert doors - set(re.findall(r"affectory\.\w+", PAGE)) == set()


def test_a_plan_is_made_as_the_recipe_says(tmp_path, capsys):
    recipe = PAGE.partition("### A plan")[2]
    lines = [line.partition("#")[0].split() for line in re.findall(r"^affectory (.*)$", recipe, re.M)]
    shown, checked, built = lines
    assert shown[-2:] == [">", "mine.toml"]
    mine = tmp_path / "mine.toml"
    main(shown[:-2])
    mine.write_text(capsys.readouterr().out)
    assert main([str(mine) if word == "mine.toml" else word for word in checked]) == 0
    assert build_arguments().parse_args(built[1:]).plan == "mine.toml"
