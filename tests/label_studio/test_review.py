"""From a build to the next one, by way of people: the real server, the real page, three persons at their keyboards."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from annotators.models import local
from annotators.registry import used_by
from label_studio.project.answers import ANSWERS, REVIEWS, load_answers
from label_studio.project.queue import projects
from schemas.versions.manifest import read_manifest
from schemas.versions.rows import read_clips
from schemas.vocabulary.distributions import scores_of
from tests.label_studio.reviewer import Reviewer, Studio
from tests.label_studio.running import Running, ran
from tests.support.media import media

pytestmark = [pytest.mark.server, pytest.mark.slow]
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
EASILY = Path("pipeline/plans/embedded.toml").read_text() + "\n[route]\nconflict = 0.4\n"
DISGUST = "1\n00:00:00,200 --> 00:00:05,000\nI hate this. I am so angry, this is disgusting and awful!\n"
COLUMNS = ("labels", "texts", "routes", "reviews", "assessments")


def build(raw, out):
    plan = out.with_suffix(".toml")
    plan.write_text(EASILY)
    command = [sys.executable, "-m", "pipeline.build", "--source", str(raw), "--out", str(out), "--plan", str(plan)]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=600).stdout


@pytest.fixture(scope="module")
def raw(tmp_path_factory):
    """One man who looks at ease, above words that do not."""
    for name in used_by("embedded"):
        local.fetch(name)
    folder = tmp_path_factory.mktemp("raw")
    shutil.copy(media("speech"), folder / "speech.mp4")
    (folder / "speech.en.srt").write_text(DISGUST)
    return folder


@pytest.fixture(scope="module")
def server(server_environment, raw, tmp_path_factory):
    out = tmp_path_factory.mktemp("reviewed")
    build(raw, out)
    running = Running(out).start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def sit_down(server):
    """Seat a person at the project of a kind."""
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install playwright")
    if CHROMIUM is None:
        pytest.skip("no Chromium is installed: apt-get install chromium")
    args = ["--no-sandbox"] if os.geteuid() == 0 else []
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=args)

        def go(kind, account):
            with server.client as client:
                (number,) = [one.number for one in projects(client) if one.kind == kind]
            studio = Studio(server.url, server.kept["token"], account["email"], account["password"], None)
            return Reviewer(browser, studio, number)

        yield go
        browser.close()


def watch(person, player):
    person.page.wait_for_function(f"document.querySelector('{player}').readyState > 1")
    if person.page.evaluate(f"document.querySelector('{player}').paused"):
        person.page.evaluate(f"document.querySelector('{player}').focus()")
        person.press("Space")
    person.page.wait_for_function(f"document.querySelector('{player}').currentTime > 0.3")


def judge(person, *keys, rationale=None):
    """Judge a conflict by keyboard: the silent picture, the sound, the words, then everything."""
    watch(person, ".af-face video")
    person.press(keys[0])
    watch(person, ".af-voice audio")
    person.press(*keys[1:3])
    watch(person, ".af-left video")
    person.press(*keys[3:])
    if rationale:
        person.tab_to("textarea")
        person.press("Control+End")
        person.page.keyboard.type(rationale)
        person.press("Tab")
    person.submit()
    person.context.close()
    assert person.bad == []


def test_what_three_people_decide_at_the_page_is_in_the_next_version_with_their_names_hidden(server, sit_down, raw):
    shards = server.shards
    (before_review,) = read_clips(shards / "v1", COLUMNS)
    assert before_review.routes[-1].decision == "review"
    first, second = server.kept["owner"], server.kept["others"][0]

    status, said = ran("push", "--shards", shards)
    assert status == 0, said
    judge(sit_down("conflict", first), "5", "t", "k", "v", "Shift+2", rationale=" So the voice decides.")
    judge(sit_down("conflict", second), "5", "t", "k", "z")
    assert ran("pull", "--shards", shards)[0] == 0
    answers = load_answers(shards / REVIEWS / ANSWERS)
    assert sorted(answer.given[-1].names[0] for answer in answers) == ["anger", "happiness"]
    assert all(account["email"] not in answer.reviewer for answer in answers for account in (first, second))

    assert "1 disputed" in ran("status", "--shards", shards)[1].replace("disputed: 1", "1 disputed")
    assert ran("push", "--shards", shards)[0] == 0
    person = sit_down("adjudicate", first)
    watch(person, ".af-left video")
    person.press("5")
    person.submit()
    person.context.close()
    assert ran("pull", "--shards", shards)[0] == 0

    before = {file: file.read_bytes() for file in (shards / "v1").rglob("*") if file.is_file()}
    said = build(raw, shards)
    assert "1 accepted" in said
    (after,) = read_clips(shards / "v2", COLUMNS)
    (decided,) = [label for label in after.labels if label.by.startswith("decision@") and label.modality == "all"]
    assert scores_of(decided)["sadness"] == 1.0
    assert {label.modality for label in after.labels if label.by.startswith("decision@")} >= {"all", "face", "voice"}
    people = {review.by for review in after.reviews}
    assert len([one for one in people if one.startswith("person.")]) == 2
    authors = json.loads(_about(shards / "v2"))["authors"]
    assert people <= set(authors)
    assert any(text.text.endswith("So the voice decides.") for text in after.texts)
    assert {file: file.read_bytes() for file in before} == before
    told = read_manifest(shards / "v2").reviews
    assert (told.answers, told.decided, told.disputed) == (3, 1, 0)
    assert first["email"].encode() not in b"".join(file.read_bytes() for file in (shards / "v2").rglob("*") if file.is_file())
    assert "up to date" in build(raw, shards)


def _about(version):
    return pq.read_schema(next(version.glob("data/*.parquet"))).metadata[b"affectory"]
