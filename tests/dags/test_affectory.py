"""The schedule, parsed and run by a real Airflow: our own commands on a made source, a person's answer through its API."""

import json
import re
import shlex
import sys
import time
from pathlib import Path

import pytest

from pipeline.versions.command import main
from schemas.versions.manifest import read_manifest
from tests.support import fixed, making
from tests.support.servers import airflow

pytestmark = [pytest.mark.slow, pytest.mark.server]
ROOT = Path(__file__).parent.parent.parent
PLAN = '[[annotators]]\nname = "turns.fixed"\n\n[[annotators]]\nname = "cues.fixed"\n'
HOSTILE = "$(touch owned);`touch owned`\"'é {{ 7 * 7 }} -x"
STAND_IN = """#!/bin/sh
{ printf '%s\\037' "$@"; printf '\\036'; } >> CALLS
case "$2" in
  label_studio.*) echo "the server is away" >&2; exit 1 ;;
  pipeline.publish) exit 0 ;;
esac
export PYTHONPATH=PATHS
exec PYTHON "$@"
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with a source and a plan, and with what runs our commands: all but those that need a server elsewhere."""
    folder = tmp_path_factory.mktemp("lab")
    (folder / HOSTILE / "raw").mkdir(parents=True)
    making.video(folder / HOSTILE / "raw" / "talk.mp4")
    (folder / "plan.toml").write_text(PLAN)
    (folder / "site").mkdir()
    fixed.installed(folder / "site")
    words = {"CALLS": folder / "calls", "PATHS": f"{ROOT}:{folder / 'site'}", "PYTHON": sys.executable}
    text = re.sub("CALLS|PATHS|PYTHON(?!PATH)", lambda found: shlex.quote(str(words[found[0]])), STAND_IN)
    (folder / "python").write_text(text)
    (folder / "python").chmod(0o755)
    return folder


@pytest.fixture(scope="module")
def one(place):
    (place / "airflow").mkdir()
    with airflow.running(place / "airflow", {"AFFECTORY_PYTHON": str(place / "python")}) as started:
        yield started


def conf(place, **more):
    lab = place / HOSTILE
    return {
        "source": str(lab / "raw"),
        "shards": str(lab / "shards"),
        "plan": str(place / "plan.toml"),
        "repo": "lab/faces",
    } | more


def calls(place, until=""):
    """Return the commands since the last time, and forget them; wait for one that runs beside what is known to be done."""
    end = time.monotonic() + 120
    while until not in (place / "calls").read_text() and time.monotonic() < end:
        time.sleep(0.1)
    found = [call.split("\037")[1:-1] for call in (place / "calls").read_text().split("\036")[:-1]]
    (place / "calls").unlink()
    return found


def finished(run):
    said = run.communicate(timeout=120)[0]
    print(said[-4000:])


def test_it_is_parsed_without_an_error(one):
    said = one.said("dags", "list-import-errors", "-o", "json")
    assert json.loads(said[said.rindex("\n[") if "\n[" in said else said.index("[") :]) == []


def test_it_imports_nothing_of_ours_and_is_thin():
    text = (airflow.DAGS / "affectory.py").read_text()
    assert not re.search(r"^\s*(from|import) (schemas|annotators|label_studio|pipeline)", text, re.M)
    assert not re.search(r"^\s*(if|for|while|try)\b", text, re.M)
    assert len(text.splitlines()) < 100


def test_what_a_person_approves_is_released_and_published_though_no_reviewer_is_there(one, place):
    run = one.run("affectory", conf(place))
    question = one.question("affectory")
    shards = place / HOSTILE / "shards"
    seal = read_manifest(shards / "v1").seal
    assert question["subject"] == "Release v1?"
    assert seal in question["body"]
    made = [call[0] for call in calls(place, until="label_studio.push")]
    assert sorted(made) == ["label_studio.pull", "label_studio.push", "pipeline.build", "pipeline.versions"]
    assert made[:2] == ["label_studio.pull", "pipeline.build"]
    one.answer(question, "Approve")
    finished(run)
    done = ("build", "approve", "release", "publish")
    assert one.states(question) == dict.fromkeys(done, "success") | {"pull": "failed", "push": "failed"}
    assert calls(place) == [
        ["pipeline.versions", "verify", "v1", "--shards", str(shards), "--seal", seal, "--deep"],
        ["pipeline.publish", "--shards", str(shards), "--version", "v1", "--repo", "lab/faces", "--private"],
    ]
    assert not list(place.rglob("owned"))
    # What is not as it was approved: the task fails, and what stands behind it is not started.
    verify = ["verify", "v1", "--shards", str(shards), "--seal"]
    assert main([*verify, seal]) == 0
    assert main([*verify, seal[::-1]]) == 1


def test_what_a_person_rejects_goes_no_further(one, place):
    run = one.run("affectory", conf(place))
    question = one.question("affectory")
    calls(place, until="label_studio.push")
    one.answer(question, "Reject")
    finished(run)
    states = one.states(question)
    assert (states["approve"], states["release"], states["publish"]) == ("success", "skipped", "skipped")
    assert not (place / "calls").exists()
