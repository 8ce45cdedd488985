"""What the system ends is tried again, then put aside for the next build, while the rest becomes a version."""

import os
import shutil
import stat
import subprocess
import sys

import pyarrow.parquet as pq
import pytest

from annotators.models import local
from schemas.versions.rows import read_clips
from tests.support import making
from tests.support.media import media

WRAPPER = """#!/bin/sh
# The real ffmpeg, which the system ends wherever it touches the unlucky file, as long as it has a reason to.
case "$*" in *unlucky*) [ -e '{reason}' ] && kill -{number} $$ ;; esac
exec '{ffmpeg}' "$@"
"""


@pytest.fixture
def build(tmp_path):
    """Return what builds two short films while one of them is ended by a signal, or by none."""
    raw, tools, reason = tmp_path / "raw", tmp_path / "tools", tmp_path / "reason"
    raw.mkdir()
    tools.mkdir()
    for name, picture, begin in (("lucky", "testsrc", 0), ("unlucky", "testsrc2", 5)):
        shown = ("-f", "lavfi", "-i", f"{picture}=s=160x120:r=25:d=4")
        said = ("-ss", begin, "-t", 4, "-i", media("jfk"))
        making.ffmpeg(*shown, *said, *making.X264, "-c:a", "aac", raw / f"{name}.mp4")
    for model in ("segmentation-2.1", "ecapa-voxceleb"):
        local.fetch(model)
    plan = tmp_path / "plan.toml"
    plan.write_text('[[annotators]]\nname = "shots.content"\n\n[[annotators]]\nname = "turns.pyannote"\n')

    def run(number=None):
        (tools / "ffmpeg").write_text(WRAPPER.format(reason=reason, number=number, ffmpeg=shutil.which("ffmpeg")))
        (tools / "ffmpeg").chmod(stat.S_IRWXU)
        reason.touch() if number else reason.unlink(missing_ok=True)
        command = [sys.executable, "-m", "pipeline.build", "--source", raw, "--out", tmp_path / "out", "--plan", plan]
        path = os.pathsep.join([str(tools), os.environ["PATH"]])
        done = subprocess.run(command, env={**os.environ, "PATH": path}, capture_output=True, text=True, timeout=500, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    run.out = tmp_path / "out"
    return run


def files(version):
    return sorted({clip.source.file for clip in read_clips(version, ("source.file",))})


def test_a_decoder_that_the_system_kills_is_asked_again_by_the_next_build(build):
    said = build(9)
    assert files(build.out / "v1") == ["lucky.mp4"]
    (letter,) = pq.read_table(build.out / "v1" / "dead").to_pylist()
    assert letter["reason"] == "unlucky.mp4: ffmpeg was ended by the system (SIGKILL), as where memory runs out"
    assert "1 answers did not come; the same command asks for them again" in said
    build()
    assert files(build.out / "v2") == ["lucky.mp4", "unlucky.mp4"]
    assert "nothing to do" in build()


def test_one_that_crashes_makes_a_dead_letter_for_good(build):
    build(11)
    assert files(build.out / "v1") == ["lucky.mp4"]
    (letter,) = pq.read_table(build.out / "v1" / "dead").to_pylist()
    assert letter["reason"] == "unlucky.mp4: ffmpeg crashed on it (SIGSEGV)"
    assert "nothing to do" in build()
