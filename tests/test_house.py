"""The rules of the house, held against the source tree: rooms, names, imports, and a test for each module."""

import ast
import re
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Mapping
from itertools import groupby
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parent.parent
HOUSE = ("schemas", "annotators", "label_studio", "pipeline")
MOST = 14
"""Modules of a room."""
SHARED_NAMES = {"main", "parser"}
"""Public names that each command has of its own."""
WHOLE = {"tests/label_studio/test_review.py"}
"""Tests of a package as a whole: they are named after no module."""
ELSEWHERE = re.compile(r"Tested elsewhere: `(?P<module>\w+)` in (?P<test>tests/[\w/]+\.py), (?P<reason>.+)\.")


def modules(*roots: str) -> dict[str, Path]:
    """Return the files of all modules that are no `__init__` or `__main__`, by dotted name."""
    files = sorted(file for root in roots for file in (ROOT / root).rglob("*.py") if not file.name.startswith("__"))
    return {".".join(file.relative_to(ROOT).with_suffix("").parts): file for file in files}


def rooms() -> dict[str, str]:
    """Return the docstrings of all packages of the house, by dotted name."""
    inits = sorted(file for root in HOUSE for file in (ROOT / root).rglob("__init__.py"))
    return {".".join(file.parent.relative_to(ROOT).parts): ast.get_docstring(parsed(file)) or "" for file in inits}


def parsed(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def public(file: Path) -> set[str]:
    """Return the classes and functions that a module defines for others."""
    defined = (node.name for node in parsed(file).body if isinstance(node, ast.ClassDef | ast.FunctionDef))
    return {name for name in defined if not name.startswith("_")}


@pytest.fixture(scope="module")
def imports() -> dict[str, set[str]]:
    graph = grimp.build_graph(*HOUSE, cache_dir=None)
    return {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}


def circling(imports: Mapping[str, set[str]]) -> set[str]:
    """Return the modules that lie on a circle of imports or between two circles."""
    left = {module: set(into) for module, into in imports.items()}
    while True:
        imported = {one for into in left.values() for one in into}
        ends = {module for module, into in left.items() if not into & left.keys() or module not in imported}
        if not ends:
            return set(left)
        left = {module: into - ends for module, into in left.items() if module not in ends}


def test_no_module_imports_in_a_circle_not_even_late(imports):
    assert len(imports) > 200
    assert circling(imports) == set()


def test_a_circle_is_found_and_what_leads_to_it_or_from_it_is_none():
    assert circling({"a": {"b"}, "b": {"c"}, "c": {"b", "d"}, "d": set(), "e": set()}) == {"b", "c"}


def test_no_room_holds_more_modules_than_a_newcomer_takes_in():
    helpers = {name: file for name, file in modules("tests").items() if not file.name.startswith(("test_", "conftest"))}
    tests = {name: file for name, file in modules("tests").items() if file.name.startswith("test_")}
    for held in (modules(*HOUSE, "dags"), helpers, tests):
        counts = Counter(file.parent.relative_to(ROOT).as_posix() for file in held.values())
        assert {room: count for room, count in counts.items() if count > MOST} == {}


def test_a_public_name_is_defined_in_one_module_only():
    found = sorted((name, module) for module, file in modules(*HOUSE, "dags").items() for name in public(file) - SHARED_NAMES)
    where = {name: [module for _, module in group] for name, group in groupby(found, key=lambda pair: pair[0])}
    assert {name: places for name, places in where.items() if len(places) > 1} == {}


def test_each_room_says_in_one_line_what_it_is_for_and_below_it_only_where_else_its_modules_are_tested():
    for room, text in rooms().items():
        first, *others = text.splitlines()
        assert first.endswith("."), room
        assert all(ELSEWHERE.fullmatch(line) for line in others if line), room


def test_each_room_is_named_in_the_order_of_imports():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = {one["containers"][0]: one for one in contracts if one["type"] == "layers" and "containers" in one}
    assert set(layers) == set(HOUSE)
    for package in HOUSE:
        named = {name for line in layers[package]["layers"] for name in re.split(r"[|:()\s]+", line)}
        found = {name.split(".")[1] for name in (*modules(package), *rooms()) if name.startswith(f"{package}.")}
        assert found <= named, package


def mirrored(module: str) -> str:
    room, _, name = module.replace(".", "/").rpartition("/")
    return f"tests/{room}/test_{name}.py"


def elsewhere() -> dict[str, re.Match[str]]:
    """Return the modules whose room says where else they are tested."""
    found = ((room, ELSEWHERE.fullmatch(line)) for room, text in rooms().items() for line in text.splitlines())
    return {f"{room}.{match['module']}": match for room, match in found if match}


def test_each_module_has_a_test_file_of_its_name_or_its_room_says_where_else_it_is_tested():
    missing = {module for module in modules(*HOUSE, "dags") if not (ROOT / mirrored(module)).is_file()}
    assert missing - elsewhere().keys() == set()
    assert elsewhere().keys() - missing == set(), "it has a test file, or is no module any more"


def test_where_else_a_module_is_tested_it_is_named():
    for module, match in elsewhere().items():
        text = (ROOT / match["test"]).read_text(encoding="utf-8")
        room, _, name = module.rpartition(".")
        names = {re.escape(one) for one in {module, *public(modules(*HOUSE)[module])} - SHARED_NAMES}
        ways = {*names, rf"from {re.escape(room)} import .*{name}"}
        assert any(re.search(rf"\b{way}\b", text) for way in ways), module


def test_each_test_file_in_a_room_is_named_after_a_module_of_that_room():
    for name, file in modules("tests").items():
        room = file.parent.relative_to(ROOT / "tests")
        if not file.name.startswith("test_") or room == Path() or name.replace(".", "/") + ".py" in WHOLE:
            continue
        parts = file.stem.removeprefix("test_").split("_")
        names = ("_".join(parts[:count]) for count in range(len(parts), 0, -1))
        assert any((ROOT / room / f"{one}.py").is_file() for one in names), name


def test_each_module_that_the_tests_share_or_that_measures_something_loads():
    helpers = [name for name, file in modules("tests").items() if not file.name.startswith(("test_", "conftest"))]
    outside = [name for name in helpers if name.startswith("tests.support.outside.")]  # a package of its own, which doors install
    code = f"import importlib\nfor name in {[name for name in helpers if name not in outside]}: importlib.import_module(name)"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
