"""The whole build, on real people, with real models, as a user runs it: in a process of its own."""

import filecmp
import json
import operator
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import datasets
import pyarrow.parquet as pq
import pytest

from annotators.models import local
from annotators.registry import used_by
from label_studio.project.answers import ANSWERS, REVIEWS, Answer, Given, write_answer
from pipeline.build import main
from pipeline.publish.embed import embed_media
from pipeline.report.page import REPORT
from pipeline.runtime.holding import holding
from pipeline.takedown.command import main as takedown
from schemas.record import Origin
from schemas.values import Span
from schemas.versions.manifest import read_manifest
from schemas.versions.rows import FOLDERS
from tests.support.media import media
from tests.support.servers.portable import flink_running, prism_running

pytestmark = pytest.mark.slow
ASKING = Path("pipeline/plans/embedded.toml").read_text() + "\n[route]\nambiguity = 0.7\n"
HOSTILE = "-rf $(touch owned) 'é\n%03d:.mp4"


def build(source, out, *more):
    """Build by the embedded plan, which here asks people sooner."""
    if "--plan" not in more:
        plan = Path(out).parent / "asking.toml"
        plan.write_text(ASKING)
        more = ("--plan", plan, *more)
    command = [sys.executable, "-m", "pipeline.build", "--source", str(source), "--out", str(out), *map(str, more)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finished(process):
    out, err = process.communicate(timeout=800)
    assert process.returncode == 0, err
    return out


@pytest.fixture(scope="module")
def raw(tmp_path_factory):
    """Two videos with faces, one sound, and what goes wrong in a real folder."""
    for name in used_by("embedded"):
        local.fetch(name)
    folder = tmp_path_factory.mktemp("raw")
    shutil.copy(media("speech"), folder / HOSTILE)
    (folder / "deep").mkdir()
    shutil.copy(media("woman"), folder / "deep" / "woman.mp4")
    shutil.copy(media("jfk"), folder / "address.wav")
    shutil.copy(media("jfk"), folder / "copy of address.wav")
    (folder / "text.mp4").write_text("no video")
    (folder / "empty.mov").touch()
    (folder / "cut off.mp4").write_bytes(media("speech").read_bytes()[:90_000])
    (folder / "sources.csv").write_text("file,licence,speakers\naddress.wav,public domain,John F. Kennedy\n")
    return folder


@pytest.fixture(scope="module")
def built(raw, tmp_path_factory):
    """One build; the folder, how long it took and what it said."""
    out = tmp_path_factory.mktemp("one")
    start = time.monotonic()
    said = finished(build(raw, out))
    return out, time.monotonic() - start, said


def manifest(version):
    return json.loads((version / "manifest.json").read_text())


def shards(version):
    return sorted(file.relative_to(version).as_posix() for folder in FOLDERS.values() for file in version.glob(f"{folder}/*"))


def rows(version):
    return [row for file in shards(version) for row in pq.read_table(version / file).to_pylist()]


def steps(said):
    """Return how many items each step of the closing table worked on, and how many of them were not at hand."""
    _, _, table = said.partition("\nstep ")
    return [line.split()[:-1] for line in table.splitlines()[1:] if line]


def same_data(one, two):
    assert shards(one) == shards(two)
    files = [*shards(one), REPORT]
    return filecmp.cmpfiles(one, two, files, shallow=False)[0] == files


def test_what_goes_in_comes_out_as_a_row_or_a_dead_letter_with_a_reason(built):
    version = built[0] / "v1"
    counts = manifest(version)["ledger"]
    dead = pq.read_table(version / "dead").to_pylist()
    assert counts["sources"] == 7 == counts["copies"] + counts["dead_sources"] + counts["sources_with_clips"]
    assert counts["clips"] == counts["accepted"] + counts["review"] + counts["rejected"] + counts["dead_clips"]
    assert counts["accepted"] + counts["review"] + counts["rejected"] == len(rows(version)) > 0
    assert len(dead) == counts["copies"] + counts["dead_sources"] + counts["dead_clips"]
    reasons = {letter["file"]: letter["reason"] for letter in dead if letter["clip_id"] is None}
    assert reasons["empty.mov"] == "the file is empty (0 bytes)"
    assert reasons["text.mp4"].startswith("not a media file")
    assert reasons["copy of address.wav"] == "the same bytes as address.wav, which is kept"
    assert re.search("breaks off|not a media file", reasons["cut off.mp4"])
    assert not (built[0] / "owned").exists()
    assert {row["source"]["file"] for row in rows(version)} == {HOSTILE, "deep/woman.mp4", "address.wav"}


def test_datasets_shows_video_audio_and_image_columns_that_decode(built):
    version = built[0] / "v1"
    data = datasets.load_dataset("parquet", data_files=[str(version / file) for file in shards(version)], split="train")
    assert len(data) == len(rows(version))
    for row in data:
        if row["video"] is not None:
            pictures = sum(1 for _ in row["video"])
            assert pictures / row["fps"] == pytest.approx(row["actual"]["end"] - row["actual"]["start"], abs=0.05)
            assert row["video"].metadata.width - row["width"] in {0, 1}
        if row["audio"] is not None:
            sound = row["audio"].get_all_samples()
            assert sound.sample_rate == 16000
            assert sound.duration_seconds == pytest.approx(row["actual"]["end"] - row["actual"]["start"], abs=0.05)
        if row["faces"]:
            assert row["image"].size[0] > 0
            assert all(frame["image"].size[0] > 0 for frame in row["frames"])


def test_face_turn_and_words_of_a_row_are_of_one_person_and_inside_its_span(built):
    for row in rows(built[0] / "v1"):
        length = row["actual"]["end"] - row["actual"]["start"]

        def inside(span, length=length):
            return 0 <= span["start"] <= span["end"] <= length + 0.05

        (target,) = row["targets"]
        tracks = {face["track"]: face for face in row["faces"]}
        assert target["speaker"] == row["speaker"]
        assert target["track"] is None or target["track"] in tracks
        assert all(inside(face["span"]) and max(face["times"]) <= length + 0.05 for face in row["faces"])
        assert {person["track"] for person in row["persons"]} <= set(tracks)
        assert all(inside(turn["span"]) for turn in row["turns"])
        assert all(inside(word["span"]) and word["speaker"] == row["speaker"] for word in row["words"])
        assert (row["transcript"] or "").replace(" ", "") == "".join(word["text"] for word in row["words"])
        if row["speaker"] is not None:
            assert row["speaker"] in {turn["speaker"] for turn in row["turns"]}
            assert row["speaker"] in {speaker["speaker"] for speaker in row["speakers"]}


def test_every_author_resolves_to_models_and_configuration_in_the_file_itself(built):
    for file in (built[0] / "v1/data").iterdir():
        authors = json.loads(pq.read_schema(file).metadata[b"affectory"])["authors"]
        for row in pq.read_table(file).to_pylist():
            claims = [claim for value in row.values() if isinstance(value, list) for claim in value if isinstance(claim, dict)]
            assert claims
            for by in {claim["by"] for claim in claims} | set(row["authors"]):
                assert json.loads(authors[by]["config"]) is not None
                assert all(len(model["sha256"]) == 64 for model in authors[by]["models"])


def test_the_words_are_those_that_are_said(built):
    said = " ".join(row["transcript"] or "" for row in rows(built[0] / "v1") if row["source"]["file"] == "address.wav")
    assert "ask not what your country can do for you" in re.sub(r"[^a-z ]", "", said.lower())


def test_the_terms_of_a_source_travel_with_its_rows(built):
    (row, *_) = [row for row in rows(built[0] / "v1") if row["source"]["file"] == "address.wav"]
    origin = Origin(**row["source"])
    assert (origin.licence, list(origin.speakers), origin.consent) == ("public domain", ["John F. Kennedy"], None)


def test_a_second_run_does_nothing_and_says_so(built, raw):
    out, first, _ = built
    before = {file: file.stat().st_mtime_ns for file in out.rglob("*")}
    start = time.monotonic()
    assert "nothing to do" in finished(build(raw, out))
    print(f"second run: {(time.monotonic() - start) / first:.1%} of the first")
    assert {file: file.stat().st_mtime_ns for file in out.rglob("*")} == before


def test_a_version_without_its_files_is_not_called_up_to_date(built, raw, tmp_path):
    shutil.copytree(built[0], tmp_path / "out")
    version = tmp_path / "out" / "v1"
    gone = shards(version)[0]
    (version / gone).unlink()
    process = build(raw, tmp_path / "out")
    out, err = process.communicate(timeout=800)
    assert process.returncode == 0 and "nothing to do" not in out
    assert f"{version} is not whole: {gone} missing or of another size" in err
    again = tmp_path / "out" / "v2"
    assert filecmp.cmpfiles(built[0] / "v1", again, shards(again), shallow=False)[0] == shards(built[0] / "v1")


@pytest.mark.parametrize("where", ["out", "work"])
def test_a_second_build_in_one_folder_is_told_who_is_at_work_there(raw, tmp_path, where):
    out, work = tmp_path / "out", tmp_path / "work"
    with holding(work if where == "work" else out / ".work", "a build"):
        process = build(raw, out, "--work", work)
        _, err = process.communicate(timeout=800)
    assert process.returncode == 1
    assert f"is in use by a build, process {os.getpid()} on {socket.gethostname()}, since {datetime.now(UTC):%Y-}" in err
    assert not list(out.glob("v*"))


def test_another_folder_and_another_number_of_workers_give_the_same_bytes(built, raw, tmp_path):
    moved = tmp_path / "moved"
    shutil.copytree(raw, moved)
    finished(build(moved, tmp_path / "two", "--workers", 1))
    assert same_data(built[0] / "v1", tmp_path / "two/v1")


def test_killed_anywhere_and_run_again_it_gives_the_same_bytes_and_redoes_nothing(built, raw, tmp_path):
    out, seconds, _ = built
    kept = {}
    for _ in range(3):
        process = build(raw, tmp_path)
        after = random.uniform(0.1, 0.6) * seconds
        time.sleep(after)
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
        print(f"killed after {after:.1f} s of about {seconds:.1f}")
        kept |= {file: file.stat().st_mtime_ns for file in (tmp_path / ".work").rglob("claims/*/*.json")}
    finished(build(raw, tmp_path))
    assert same_data(out / "v1", tmp_path / "v1")
    assert {file: file.stat().st_mtime_ns for file in kept} == kept


def test_parts_share_the_work_and_the_plain_command_assembles_it(built, raw, tmp_path):
    out = built[0]
    shutil.copytree(out / ".work" / "cuts", tmp_path / ".work" / "cuts")
    shutil.copytree(out / ".work" / "blobs", tmp_path / ".work" / "blobs")
    shutil.copytree(out / ".work" / "claims", tmp_path / ".work" / "claims")
    both = [build(raw, tmp_path, "--part", f"{k}/2") for k in (1, 2)]
    assert all("is done" in finished(one) for one in both)
    assert not (tmp_path / "v1").exists()
    finished(build(raw, tmp_path))
    assert same_data(out / "v1", tmp_path / "v1")


def test_an_edited_plan_redoes_only_what_it_changes(built, raw, tmp_path):
    out = built[0]
    shutil.copytree(out, tmp_path / "out")
    plan = tmp_path / "edited.toml"
    plan.write_text(ASKING.replace('name = "persons.agglomerative"', 'name = "persons.agglomerative"\nthreshold = 0.5'))
    said = finished(build(raw, tmp_path / "out", "--plan", plan))
    worked = {line.split()[0] for line in said.splitlines() if re.match(r"\S+ +\d+ +\d+ ", line) and len(line.split()) == 4}
    assert worked == {"persons.agglomerative", "targets.joint"}
    assert (tmp_path / "out/v2").is_dir()


@pytest.mark.server
def test_what_people_answer_decides_the_next_version_and_leaves_the_last_one_as_it_was(built, raw, tmp_path):
    shutil.copytree(built[0] / "v1", tmp_path / "v1")
    before = {file: (tmp_path / "v1" / file).read_bytes() for file in shards(tmp_path / "v1")}
    (clip_id, *_) = (row["clip_id"] for row in rows(tmp_path / "v1") if row["routes"][-1]["decision"] == "review")
    for who in ("ann", "bob"):
        given = tuple(Given(modality=modality, names=("disgust",)) for modality in ("face", "all"))
        answer = Answer(
            answer_id=who,
            clip_id=clip_id,
            version="v1",
            form="0",
            kind="conflict",
            reviewer=who,
            seconds=9.0,
            submitted="2026-11-21T10:00:00Z",
            given=given,
        )
        write_answer(tmp_path / REVIEWS / ANSWERS, answer)
    said = finished(build(raw, tmp_path, "--work", built[0] / ".work"))
    assert "turns.pyannote" in said
    (row,) = (row for row in rows(tmp_path / "v2") if row["clip_id"] == clip_id)
    assert row["routes"][-1]["decision"] == "accept"
    assert row["routes"][-1]["reasons"] == ["decided by 2 people: disgust, 1.00"]
    authors = json.loads(pq.read_schema(tmp_path / "v2" / shards(tmp_path / "v2")[0]).metadata[b"affectory"])["authors"]
    assert {one["by"] for one in row["reviews"]} <= set(authors)
    assert len(rows(tmp_path / "v2")) == len(rows(tmp_path / "v1"))
    assert {file: (tmp_path / "v1" / file).read_bytes() for file in before} == before
    assert manifest(tmp_path / "v2")["reviews"]["decided"] == 1
    assert "up to date" in finished(build(raw, tmp_path, "--work", built[0] / ".work"))


@pytest.mark.parametrize("running", [prism_running, flink_running])
def test_a_portable_runner_gives_the_same_rows(built, raw, tmp_path, running):
    with running(tmp_path) as options:
        said = finished(build(raw, tmp_path, *options))
    assert ["write", "2"] in steps(built[2])
    assert steps(said) == steps(built[2])
    assert manifest(tmp_path / "v1")["rows_sha256"] == manifest(built[0] / "v1")["rows_sha256"]
    assert same_data(built[0] / "v1", tmp_path / "v1")


def test_media_beside_the_shards_are_the_embedded_ones(built, raw, tmp_path):
    shutil.copytree(built[0] / ".work", tmp_path / ".work")
    finished(build(raw, tmp_path, "--media", "reference"))
    inside = {row["clip_id"]: row for row in rows(built[0] / "v1")}
    for row in rows(tmp_path / "v1"):
        for column in ("video", "audio", "image"):
            if row[column] is None:
                assert inside[row["clip_id"]][column] is None
            else:
                assert row[column]["bytes"] is None
                assert (tmp_path / "v1" / row[column]["path"]).read_bytes() == inside[row["clip_id"]][column]["bytes"]
    found = embed_media(tmp_path / "v1", read_manifest(tmp_path / "v1"), tmp_path / "published")
    accepted = [one.file for one in found.files if one.file.startswith("data/")]
    assert accepted
    for file in accepted:
        assert (tmp_path / "published" / file).read_bytes() == (built[0] / "v1" / file).read_bytes()


def test_a_dry_run_says_what_would_be_done_and_does_nothing(raw, tmp_path, capsys):
    assert main(["--source", str(raw), "--out", str(tmp_path / "out"), "--dry-run"]) == 0
    said = capsys.readouterr().out
    assert "would write" in said
    assert "the same bytes as" in said
    assert not (tmp_path / "out").exists()


def test_a_name_that_would_not_be_the_newest_is_refused(built, raw, capsys):
    assert main(["--source", str(raw), "--out", str(built[0]), "--version", "pilot"]) == 2
    assert "v1 would still be the newest; choose a name after it, as v2" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--source", "nowhere", "--out", "o"], "no such folder"),
        (["--source", "{raw}", "--out", "o", "--plan", "nowhere"], "no such file"),
        (["--source", "{raw}", "--out", "o", "--workers", "0"], "at least 1"),
        (["--source", "{raw}", "--out", "o", "--colour", "red"], "--colour"),
        (["--source", "{raw}", "--out", "o", "--runner", "DaskRunner"], "loses data"),
        (["--source", "{raw}", "--out", "o", "--runner=PortableRunner", "--job_endpoint=localhost:1"], "start the job server"),
        (["--source", "{raw}", "--out", "o", "--runner=PortableRunner", "--job_endpoint=here"], "host:port"),
        (["--source", "{raw}", "--out", "o", "--version", "../up"], "plain name"),
        (["--source", "{raw}", "--out", "{raw}/o"], "choose one outside"),
        (["--source", "{raw}", "--out", "{raw}"], "choose one outside"),
        (["--source", "{raw}", "--out", "o", "--work", "{raw}/w"], "choose one outside"),
        (["--source", "{raw}", "--out", "{raw}/../file"], "not a folder"),
    ],
)
def test_bad_usage_ends_with_status_2_and_one_clear_line(raw, tmp_path, capsys, monkeypatch, arguments, says):
    monkeypatch.chdir(tmp_path)
    (raw.parent / "file").touch()
    assert main([argument.format(raw=raw) for argument in arguments]) == 2
    err = capsys.readouterr().err
    assert says in err
    assert len(err.strip().splitlines()) == 1


def test_version_alone_prints_the_version_of_the_program(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["--version"])
    assert stopped.value.code == 0
    assert capsys.readouterr().out.startswith("affectory ")


def test_what_is_withdrawn_is_gone_and_no_later_build_brings_it_back(built, raw, tmp_path):
    out = shutil.copytree(built[0], tmp_path / "out", symlinks=True)
    clip = next(row for row in rows(out / "v1") if row["source"]["file"] == "deep/woman.mp4")
    for more in (["--person", "john f. kennedy"], ["--clip", clip["clip_id"]]):
        assert takedown(["--shards", str(out), *more]) == 0
    wanted = [row for row in rows(out / "v1") if row["source"]["file"] != "address.wav" and row["clip_id"] != clip["clip_id"]]
    finished(build(raw, out))
    taken, again = manifest(out / "v3"), manifest(out / "v4")
    key = operator.itemgetter("clip_id")
    assert sorted(rows(out / "v3"), key=key) == sorted(rows(out / "v4"), key=key) == sorted(wanted, key=key)
    for same in ("ledger", "reasons", "rows_sha256", "splits"):
        assert taken[same] == again[same]
    shorter = tmp_path / "shorter.toml"
    shorter.write_text("[segment]\nmax_seconds = 4.0\n" + Path("pipeline/plans/embedded.toml").read_text())
    finished(build(raw, out, "--plan", shorter))
    cut_anew = [row for row in rows(out / "v5") if row["source"]["file"] == "deep/woman.mp4"]
    here = Span(**clip["requested"])
    assert all(here.overlap(Span(**row["requested"])) <= 0.5 * here.duration for row in cut_anew)
    assert "address.wav" not in {row["source"]["file"] for row in rows(out / "v5")}
    assert "up to date" in finished(build(raw, out, "--plan", shorter))
