"""Only what may leave is written, whole or not at all, and a note says what was left out."""

import json
import os
import subprocess
import sys
from dataclasses import replace

import pytest

from pipeline.export.command import NOTE, main
from pipeline.rights.withdrawn import WithdrawnClip, read_withdrawn, salted, write_withdrawn
from tests.support.published import licensed
from tests.support.versioned import routed, version

CLIPS = [licensed(number) for number in range(6)]


def bare(clip, **origin):
    return replace(clip, video=None, audio=None, image=None, frames=(), source=replace(clip.source, **origin))


@pytest.fixture
def shards(tmp_path):
    """A version of six clips: one without a licence, one for review, four that may leave."""
    held = [bare(clip, source_id=f"{k:016x}", file=f"{k}.mp4") for k, clip in enumerate(CLIPS)]
    held[4] = bare(held[4], licence=None)
    held[5] = routed(held[5], "review")
    return version(tmp_path / "shards", "v1", held).parent


def run(shards, *more):
    return main(["--shards", str(shards), *map(str, more)])


def ids(folder):
    return [json.loads(line)["clip_id"] for line in (folder / "clips.jsonl").read_text().splitlines()]


def test_accepted_clips_that_may_leave_are_written_with_a_note(shards, tmp_path, capsys):
    assert run(shards, "v1", "--format", "jsonl", "--out", tmp_path / "out") == 0
    assert "4 of 5 clips of v1 as jsonl\n  left out: 1, no licence is stated\n" in capsys.readouterr().out
    assert ids(tmp_path / "out") == [clip.clip_id for clip in CLIPS[:4]]
    note = json.loads((tmp_path / "out" / NOTE).read_text())
    assert note["clips"] == {"in": 5, "out": 4, "left_out": {"no licence is stated": 1}}
    assert len(note["sources"]) == 4 and note["format"]["name"] == "jsonl"
    assert run(shards, "v1", "--format", "jsonl", "--out", tmp_path / "review", "--decision", "review") == 0
    assert ids(tmp_path / "review") == [CLIPS[5].clip_id]


def test_the_same_again_changes_nothing_and_anything_else_there_is_left_as_it_is(shards, tmp_path, capsys):
    out = tmp_path / "out"
    assert run(shards, "--format", "jsonl", "--out", out) == 0
    before = {file: file.stat().st_mtime_ns for file in out.iterdir()}
    assert run(shards, "--format", "jsonl", "--out", out) == 0
    assert {file: file.stat().st_mtime_ns for file in out.iterdir()} == before
    assert run(shards, "--format", "jsonl", "--out", out, "--set", "media=none") == 2
    assert "holds something else" in capsys.readouterr().err
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").touch()
    assert run(shards, "--format", "jsonl", "--out", tmp_path / "mine") == 2
    assert [file.name for file in (tmp_path / "mine").iterdir()] == ["thesis.tex"]


def test_a_withdrawn_clip_stays_and_an_older_export_is_not_called_the_same(shards, tmp_path, capsys):
    assert run(shards, "--format", "jsonl", "--out", tmp_path / "old") == 0
    gone = WithdrawnClip(source_id=f"{0:016x}", clip_id=CLIPS[0].clip_id, span=CLIPS[0].requested)
    write_withdrawn(shards, salted(read_withdrawn(shards)).with_(gone))
    assert run(shards, "--format", "jsonl", "--out", tmp_path / "old") == 2
    assert "an export from before something was withdrawn" in capsys.readouterr().err
    assert run(shards, "--format", "jsonl", "--out", tmp_path / "new") == 0
    assert CLIPS[0].clip_id not in ids(tmp_path / "new")


def test_where_nothing_is_left_the_reasons_are_told_and_nothing_is_made(tmp_path, capsys):
    out = version(tmp_path / "shards", "v1", [bare(CLIPS[0], licence=None)]).parent
    assert run(out, "--format", "jsonl", "--out", tmp_path / "out") == 2
    assert "nothing is left to write: 1 because no licence is stated" in capsys.readouterr().err
    assert sorted(file.name for file in tmp_path.iterdir()) == ["shards"]


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        (["v9", "--format", "jsonl", "--out", "x"], "holds no version"),
        (["--format", "jsonl"], "--format and --out are needed"),
        (["--format", "jsonl", "--out", "x", "--set", "media"], "write KEY=VALUE"),
        (["--format", "jsonl", "--out", "x", "--split", "test"], "has no clip of accept, split test: train"),
    ],
)
def test_what_cannot_work_is_told_in_one_line(more, reason, shards, capsys, monkeypatch):
    monkeypatch.chdir(shards)
    assert run(shards, *more) == 2
    said = capsys.readouterr().err
    assert reason in said and said.count("\n") == 1


def test_formats_are_listed_with_their_settings(capsys):
    assert main(["--list"]) == main(["--list", "--format", "jsonl"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "  --set media=files"


LAB = """
from dataclasses import dataclass
from pipeline.export.exporter import Exporter

@dataclass(frozen=True, kw_only=True)
class Names(Exporter):
    name, version, says, columns = "names", "1", "ids", ("transcript",)
    breaks: bool = False

    def write(self, clips, out):
        with (out.folder / "names.txt").open("w") as file:
            for clip in clips:
                assert not clip.labels
                file.write(clip.clip_id + chr(10))
                if self.breaks:
                    raise KeyError("x")
"""


@pytest.mark.parametrize(("settings", "status"), [((), 0), (("--set", "breaks=yes"), 2)])
def test_an_exporter_of_another_package_sees_what_it_asked_for_and_leaves_nothing_where_it_fails(
    settings, status, shards, tmp_path
):
    site = tmp_path / "site"
    (site / "lab-1.0.dist-info").mkdir(parents=True)
    (site / "lab.py").write_text(LAB)
    (site / "lab-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: lab\nVersion: 1.0\n")
    (site / "lab-1.0.dist-info" / "entry_points.txt").write_text("[affectory.exporters]\nnames = lab:Names\n")
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(site), *sys.path])}
    command = [
        sys.executable,
        "-m",
        "pipeline.export",
        "--shards",
        shards,
        "--format",
        "names",
        "--out",
        tmp_path / "out",
        *settings,
    ]
    done = subprocess.run([*map(str, command)], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == status, done.stderr
    if status:
        assert "the exporter names fails: KeyError: 'x'" in done.stderr
        assert sorted(file.name for file in tmp_path.iterdir()) == ["shards", "site"]
    else:
        assert (tmp_path / "out" / "names.txt").read_text().split() == [clip.clip_id for clip in CLIPS[:4]]
