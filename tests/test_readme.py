"""The README says what the code says."""

import re
import tomllib
from pathlib import Path

from pipeline.build import parser
from pipeline.plan import shipped
from schemas.record import Clip
from schemas.table import markdown

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


def test_the_column_table_is_the_derived_one():
    assert markdown(Clip) in README, "write it anew: python -m schemas.table"


def test_every_option_that_it_names_exists():
    known = parser().format_help()
    for option in re.findall(r"`(--[a-z-]+)", README):
        assert option in known or option == "--runner", option


def test_every_plan_is_named():
    assert all(f"`{name}`" in README or f"--plan {name}" in README for name in shipped())


def test_ci_runs_the_test_command_of_the_readme():
    command = re.search(r"^(sh \.ci/setup) && (\.venv/bin/python -m pytest -n 2)$", README, re.M)
    lines = (ROOT / ".ci/run").read_text().splitlines()
    assert [part for part in command.groups() if part in lines] == list(command.groups())


def test_no_placeholder_is_left():
    assert not re.search(r"<!-- (\w+) -->\s*<!-- /\1 -->", README)


def test_the_lock_names_no_address_and_holds_what_the_project_needs():
    lock = (ROOT / "requirements.lock").read_text()
    assert "://" not in lock
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for need in [*project["dependencies"], *project["optional-dependencies"]["dev"]]:
        name = re.match(r"[A-Za-z0-9._-]+", need).group().lower().replace(".", "-").replace("_", "-")
        assert re.search(rf"^{name}==", lock, re.M), need
