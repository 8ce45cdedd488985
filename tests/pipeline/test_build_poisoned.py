"""An annotator that crashes, hangs, leaks, raises or talks nonsense on one clip of twenty, each kind at once, on every engine."""

import contextlib
import os
import subprocess
import sys

import pyarrow.parquet as pq
import pytest

from schemas.versions.rows import read_clips
from tests.support import making
from tests.support.fixed import installed
from tests.support.servers.portable import flink_running, prism_running

pytestmark = pytest.mark.slow
PLAN = """
[run]
memory = 0.06
patience = 0.04
max_quarantined = {most}
[[annotators]]
name = "turns.many"
[[annotators]]
name = "cues.fixed"
[[annotators]]
name = "cues.poisoned"
"""
SAYS = {
    "segfaults": "cues.poisoned crashed its process (SIGSEGV)",
    "hangs": "cues.poisoned gave no answer within",
    "leaks": "cues.poisoned took more than",
    "raises": "cues.poisoned raised ZeroDivisionError: division by zero (fixed.py:",
    "garbage": "cues.poisoned gave an answer that is none",
    "eats": "cues.poisoned: RuntimeError: CUDA out of memory. Tried to allocate 80.00 GiB",
}


@contextlib.contextmanager
def here(folder):
    """Let the build run by itself."""
    yield []


@pytest.fixture
def build(tmp_path):
    """Return what builds one source for each kind of poison that is wanted, of twenty clips each."""
    (tmp_path / "raw").mkdir()
    (tmp_path / "path").mkdir()
    path = os.pathsep.join(filter(None, [str(installed(tmp_path / "path")), os.environ.get("PYTHONPATH")]))

    def run(kinds, *more, most=0.05):
        for place, kind in enumerate(kinds):
            if not (flac := tmp_path / "raw" / f"{kind}.flac").exists():
                making.ffmpeg("-f", "lavfi", "-i", f"sine=f={200 + 40 * place}:r=16000:d=51", flac)
        (tmp_path / "plan.toml").write_text(PLAN.format(most=most))
        options = ["--source", tmp_path / "raw", "--out", tmp_path / "out", "--plan", tmp_path / "plan.toml", "--workers", "2"]
        command = [sys.executable, "-m", "pipeline.build", *map(str, options), *more]
        outside = {**os.environ, "PYTHONPATH": path, "MENDED": str(tmp_path / "mended")}
        return subprocess.run(command, env=outside, capture_output=True, text=True, timeout=500, check=False)

    run.out, run.mended = tmp_path / "out", tmp_path / "mended"
    return run


def letters(version):
    return {one["file"].removesuffix(".flac"): one for one in pq.read_table(version / "dead").to_pylist()}


def count(version):
    return sum(1 for _ in read_clips(version, ("source.file",)))


@pytest.mark.parametrize("running", [here, prism_running, flink_running])
def test_one_clip_of_twenty_is_put_aside_by_name_and_the_rest_becomes_a_version_the_same_twice(build, tmp_path, running):
    (tmp_path / "engine").mkdir()
    with running(tmp_path / "engine") as options:
        first = build(SAYS, *options)
        assert first.returncode == 3, first.stderr
        assert f"{len(SAYS) - 1} records are quarantined" in first.stdout
        assert count(build.out / "v1") == 19 * len(SAYS)
        found = letters(build.out / "v1")
        assert {kind: one["reason"][: len(SAYS[kind])] for kind, one in found.items()} == SAYS
        assert {kind: one["fault"] for kind, one in found.items()} == {**dict.fromkeys(SAYS, "bug"), "eats": "world"}
        assert all(one["clip_id"] and one["step"] == "cues.poisoned" for one in found.values())
        assert all(
            f"{one['file']} clip {one['clip_id']}: cues.poisoned" in first.stdout
            for one in found.values()
            if one["fault"] == "bug"
        )
        # Only for the memory of the GPU the same command asks again.
        again = build(SAYS, *options)
        assert again.returncode == 3, again.stderr
        assert letters(build.out / "v2") == found


def test_what_was_put_aside_is_asked_about_again_when_one_says_so(build):
    kinds = ("segfaults", "raises")
    assert build(kinds).returncode == 3
    assert build(kinds).returncode == 3
    build.mended.touch()
    some = build(kinds, "--retry-dead", "SIGSEGV")
    assert some.returncode == 3, some.stderr
    assert "1 quarantined record is asked about again" in some.stdout
    assert set(letters(build.out / "v2")) == {"raises"}
    rest = build(kinds, "--retry-dead")
    assert rest.returncode == 0, rest.stderr
    assert count(build.out / "v3") == 40
    assert "nothing has changed by it: v3 holds the same" in build(kinds, "--retry-dead").stdout


def test_with_too_many_no_version_is_written_and_the_same_command_with_more_leave_goes_on(build):
    refused = build(["raises"], most=0.04)
    assert refused.returncode == 1
    assert "1 of 20 clips are quarantined, more than run.max_quarantined = 0.04 allows: no version is written" in refused.stderr
    assert "raises.flac clip" in refused.stderr
    assert not (build.out / "v1").exists()
    assert build(["raises"], most=0.05).returncode == 3
