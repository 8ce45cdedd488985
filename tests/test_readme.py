"""The README and the pages that it leads to say what the code says."""

import importlib.util
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pyarrow.parquet as pq

from annotators.face.faces_mediapipe import MediapipeFaces
from annotators.models import local
from annotators.registry import ENTRY_POINTS, plan_names
from pipeline.build import parser
from schemas.record import Clip
from schemas.table import markdown
from tests.support import making
from tests.support.media import media

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text()
PAGES = {path.name: path.read_text() for path in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]}


def test_the_column_table_is_the_derived_one():
    assert markdown(Clip) in PAGES["dataset.md"], "write it anew: python -m schemas.table"


def test_every_option_that_it_names_exists():
    known = parser().format_help()
    shown = README.partition("## What you can say to a build")[2].partition("\n## ")[0]
    options = re.findall(r"`(--[a-z-]+)", shown)
    assert len(options) > 8
    for option in options:
        assert option in known or option == "--runner", option


def test_the_readme_is_short_and_shows_first_what_comes_out():
    lines = README.splitlines()
    assert len(lines) <= 250
    assert any("clip_id" in line for line in lines[:24])


def test_every_page_that_a_page_leads_to_is_there():
    for name, page in PAGES.items():
        folder = ROOT if name in {"README.md", "CONTRIBUTING.md"} else ROOT / "docs"
        for link in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", re.sub(r"```.*?```", "", page, flags=re.S)):
            assert (folder / link).exists(), f"{name} leads to {link}"


def test_every_file_and_module_that_a_page_names_is_there():
    for name, page in PAGES.items():
        for path in re.findall(r"`((?:schemas|annotators|label_studio|pipeline|dags|tests|docs)/[\w./]*)`", page):
            assert (ROOT / path).exists(), f"{name} names {path}"
        for module in re.findall(r"python -m ((?:schemas|annotators|label_studio|pipeline|tests)[\w.]*)", page):
            assert importlib.util.find_spec(module.rstrip(".")) is not None, f"{name} names {module}"


def test_every_plan_is_named():
    assert all(f"`{name}`" in README or f"--plan {name}" in README for name in plan_names())


def test_the_annotator_of_ones_own_works(tmp_path):
    part = re.search(r"<!-- own annotator -->(.*)<!-- /own annotator -->", CONTRIBUTING, re.S)[1]
    code, package, plan = re.findall(r"```\w+\n(.*?)```", part, re.S)
    entries = tomllib.loads(package)["project"]["entry-points"][ENTRY_POINTS]
    raw, library = tmp_path / "raw", tmp_path / "library"
    installed = library / "lab-1.dist-info"
    installed.mkdir(parents=True)
    raw.mkdir()
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: lab\nVersion: 1\n")
    (installed / "entry_points.txt").write_text(f"[{ENTRY_POINTS}]\n" + "".join(f"{a} = {b}\n" for a, b in entries.items()))
    (library / "lab.py").write_text(code)
    faces = MediapipeFaces()
    for model in faces.model_names():
        local.fetch(model)
    mine, out = tmp_path / "mine.toml", tmp_path / "out"
    mine.write_text(f'[[annotators]]\nname = "{faces.name}"\n{plan}')
    making.ffmpeg("-i", media("speech"), "-t", 3, raw / "a.mp4")
    command = [sys.executable, "-m", "pipeline.build", "--source", raw, "--out", out, "--plan", mine]
    subprocess.run(command, env=os.environ | {"PYTHONPATH": str(library)}, cwd=ROOT, check=True)
    cues = [cue for row in pq.read_table(out / "v1" / "data").to_pylist() for cue in row["cues"]]
    assert cues and {cue["text"] for cue in cues} == {"loud"}
    assert all(0.02 <= cue["value"] < 0.5 and cue["by"].startswith("cues.loud@1#") for cue in cues)


def test_ci_runs_the_test_command_of_the_readme():
    command = re.search(r"^(sh \.ci/setup) && (\.venv/bin/python -m pytest -n 2)$", README, re.M)
    lines = (ROOT / ".ci/run").read_text().splitlines()
    assert [part for part in command.groups() if part in lines] == list(command.groups())


def test_no_placeholder_is_left():
    assert not any(re.search(r"<!-- (\w+) -->\s*<!-- /\1 -->", page) for page in PAGES.values())


def test_the_lock_names_no_address_and_holds_what_the_project_needs():
    lock = (ROOT / "requirements.lock").read_text()
    assert "://" not in lock
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for need in [*project["dependencies"], *project["optional-dependencies"]["dev"]]:
        name = re.match(r"[A-Za-z0-9._-]+", need).group().lower().replace(".", "-").replace("_", "-")
        assert re.search(rf"^{name}==", lock, re.M), need
