"""A package that is installed beside Affectory goes through every door in one build, and what it adds is shown everywhere.

`tests/support/outside/gaitlab` is such a package; pip installs it into a folder of its own, and nothing here is changed for it.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from annotators.models import local
from annotators.rationale.llm import LlmRationale
from annotators.registry import used_by
from pipeline.plan import read_plan
from tests.support.media import media
from tests.support.servers.faulty_server import serving

LAB = Path(__file__).parent / "support" / "outside" / "gaitlab"
WORDS = "1\n00:00:00,100 --> 00:00:07,500\nI am so happy, this is the best day of my life!\n"


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """Install the package; return what runs a command with it."""
    folder = tmp_path_factory.mktemp("lab")
    shutil.copytree(LAB, folder / "source")
    flags = ("--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--target", folder / "site")
    subprocess.run([sys.executable, "-m", "pip", "install", *map(str, flags), str(folder / "source")], check=True)
    paths = os.pathsep.join(filter(None, [str(folder / "site"), os.environ.get("PYTHONPATH"), str(LAB.parents[3])]))

    def run(*command, cwd=folder, **variables):
        env = {**os.environ, "PYTHONPATH": paths, **variables}
        return subprocess.run([sys.executable, *map(str, command)], cwd=cwd, env=env, capture_output=True, text=True, check=False)

    run.folder = folder
    return run


@pytest.fixture(scope="module")
def built(lab):
    """One build by the lab's own plan; return its rows and the folder of versions."""
    for name in used_by("embedded"):
        local.fetch(name)
    raw, out = lab.folder / "raw", lab.folder / "shards"
    raw.mkdir()
    shutil.copy(media("man"), raw / "man.mp4")
    (raw / "man.en.srt").write_text(WORDS)
    (raw / "sources.csv").write_text("file,licence\nman.mp4,CC0\n")
    done = lab("-m", "annotators.models", "fetch", "gait-steps")
    assert done.returncode == 0, done.stderr
    done = lab("-m", "pipeline.build", "--source", raw, "--out", out, "--plan", "gait", "--workers", "2")
    assert done.returncode == 0, done.stderr
    rows = [row for file in out.glob("v1/*/*.parquet") if file.parent.name != "dead" for row in pq.read_table(file).to_pylist()]
    assert rows
    return rows, out


@pytest.mark.slow
def test_labels_of_the_modality_in_the_lab_s_space_are_joined_and_compared(built):
    rows, out = built
    (model,) = json.loads((out / "v1" / "manifest.json").read_text())["plan"]["annotators"][-2]["models"]
    assert model["name"] == "gait-steps"
    for row in rows:
        (label,) = (label for label in row["labels"] if label["modality"] == "gait")
        assert (label["space"], label["names"]) == ("gait3", ["light", "steady", "heavy"])
        pairs = {(pair["first"], pair["second"]) for pair in row["assessments"][0]["conflicts"]}
        read = any(label["modality"] == "face" and label["names"] for label in row["labels"])
        assert {("gait", "words"), *([("face", "gait")] if read else [])} <= pairs


@pytest.mark.slow
def test_an_annotator_of_labels_alone_is_cited(built):
    for row in built[0]:
        (cue,) = (cue for cue in row["cues"] if cue["modality"] == "gait")
        assert cue["cue_id"] == "gait.steps.1"
        assert cue["text"].startswith("moves as if ")
        rationale = next(text for text in row["texts"] if text["kind"] == "rationale")
        assert "gait.steps.1" in rationale["cites"]
        assert "The gait moves as if" in rationale["text"]


@pytest.mark.slow
def test_the_rule_sends_clips_to_people_and_belongs_to_the_author_of_routes(built):
    rows, out = built
    heavy = [row for row in rows for label in row["labels"] if label["modality"] == "gait" and label["scores"][2] >= 0.4]
    assert heavy
    for row in heavy:
        (route,) = row["routes"]
        assert route["decision"] == "review"
        assert any(reason.startswith("gaitlab.heavy: somebody moves heavily") for reason in route["reasons"])
    plan = json.loads((out / "v1" / "manifest.json").read_text())["plan"]
    assert plan["rules"] == [{"name": "gaitlab.heavy", "version": "1", "least": 0.4}]
    (author,) = {row["routes"][-1]["by"] for row in rows}
    assert author != read_plan("embedded").judge.author.key


@pytest.mark.slow
def test_page_card_and_explain_show_the_modality(lab, built):
    rows, out = built
    assert "gait" in (out / "v1" / "report.html").read_text()
    assert "gait-steps" in (out / "v1" / "README.md").read_text()
    said = lab("-m", "pipeline.route", "--explain", rows[0]["clip_id"], "--shards", out)
    assert said.returncode == 0, said.stderr
    assert "gait" in said.stdout


@pytest.mark.slow
def test_the_lab_s_exporter_and_the_built_in_one_write_what_the_lab_added(lab, built):
    rows, out = built
    for name in ("gaitcsv", "jsonl"):
        command = ("-m", "pipeline.export", "--shards", out, "--format", name, "--decision", "review", "--out", lab.folder / name)
        done = lab(*command)
        assert done.returncode == 0, done.stderr
    waiting = [row for row in rows if row["routes"][-1]["decision"] == "review"]
    assert (lab.folder / "gaitcsv" / "gait.csv").read_text().split() == [
        "clip_id,gait",
        *(f"{row['clip_id']},heavy" for row in waiting),
    ]
    lines = [json.loads(line) for line in (lab.folder / "jsonl" / "clips.jsonl").read_text().splitlines()]
    assert [[label["modality"] for label in line["labels"]] for line in lines] == [
        [label["modality"] for label in row["labels"]] for row in waiting
    ]


def test_the_form_asks_about_the_modality_at_a_stage_of_its_own(lab):
    made = lab("-c", "from label_studio.project.form import form, CONFLICT; print(form(CONFLICT, 'gait3'))")
    assert made.returncode == 0, made.stderr
    assert "what does the movement alone show?" in made.stdout
    assert 'value="heavy"' in made.stdout


def test_plans_and_models_are_listed_beside_those_of_affectory(lab):
    listed = lab("-m", "annotators.models", "list")
    assert "gait-steps" in listed.stdout and "whisper-base" in listed.stdout
    refused = lab("-m", "pipeline.build", "--source", lab.folder / "source", "--out", "out", "--plan", "gate")
    assert refused.returncode == 2
    assert "installed plans are embedded, gait, studio" in refused.stderr


ASKED = """
import json
from annotators.llm.usage import Usage
from annotators.registry import configured
from schemas.claims import Cue
from schemas.record import Clip, Origin
from schemas.values import Span
origin = Origin(source_id="0" * 16, sha256="0" * 64, file="a.mp4", duration=9.0, streams="audio")
cue = Cue(by="x@1#0", cue_id="gait.steps.1", modality="gait", span=None, text="moves as if heavy")
clip = Clip(source=origin, clip_id="1" * 16, requested=Span(start=0, end=9), transcript="I trudged home", cues=(cue,))
for table in ({"name": "cues.gait_told"}, {"name": "rationale.llm", "prompt": "gait"}):
    annotator = configured({**table, "chat": "small", "calls": {"tries": 1}}, "plan:")
    client = annotator.load("cpu")
    (claims,) = annotator.annotate(client, [clip])
    used = Usage.among(annotator.usage(client))
    told = [claims[0].kind if hasattr(claims[0], "kind") else claims[0].cue_id, claims[0].text, annotator.provenance.config]
    print(json.dumps([*told, annotator.is_final(claims), used.paid.answers, used.faults]))
"""


def test_the_lab_asks_a_language_model_by_its_own_prompt_and_for_its_own_answers(lab):
    """Two words for a manner are complained about; the rationale is asked for by the lab's prompt."""
    with serving() as (server, address):
        server.faults = [{"content": '{"walks": true, "manner": "very slow"}'}, {"content": '{"walks": true, "manner": "slow"}'}]
        said = lab("-c", ASKED, OPENAI_BASE_URL=address, AFFECTORY_CACHE=str(lab.folder / "cache"), no_proxy="127.0.0.1")
    assert said.returncode == 0, said.stderr
    moves, rationale = map(json.loads, said.stdout.splitlines())
    assert moves[:2] == ["gait.told.1", "tells of walking: slow"]
    assert moves[3:] == [True, 2, {"answer: manner": 1}]
    first, again, asked = server.asked
    assert first["messages"][1]["content"] == "I trudged home"
    assert again["messages"][3]["content"] == "That cannot be used. `manner` is one word. Answer again."
    assert asked["messages"][0]["content"] == (LAB / "gaitlab" / "gait.md").read_text()
    assert '"id": "gait.steps.1", "modality": "gait", "text": "moves as if heavy"' in asked["messages"][1]["content"]
    assert rationale[0] == "rationale"
    assert json.loads(rationale[2])["prompts"] != LlmRationale(chat="small").prompts


def test_a_prompt_that_is_not_installed_is_told_with_those_that_are(lab):
    refused = lab("-c", "from annotators.llm.prompts import prompt_text; prompt_text('gate')")
    assert "installed prompts are gait, rationale, rationale_again, rationale_given_label; did you mean gait?" in refused.stderr
