"""Files and folders that are there whole or not at all, whatever happens on the way."""

import errno
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from schemas.atomic import left_behind, move_whole, write_atomic
from schemas.versions.manifest import versions


def test_a_file_is_there_whole_and_nothing_else_is(tmp_path):
    write_atomic(tmp_path / "deep" / "a", b"one")
    write_atomic(tmp_path / "deep" / "a", b"two")
    assert [file.name for file in (tmp_path / "deep").iterdir()] == ["a"]
    assert (tmp_path / "deep" / "a").read_bytes() == b"two"


@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_others_may_read_it_as_the_process_lets_them(tmp_path, mask, mode):
    code = f"import os, pathlib; os.umask({mask}); from schemas.atomic import write_atomic; write_atomic(pathlib.Path('a'), b'')"
    paths = os.pathsep.join(path for path in sys.path if path)
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path.cwd()), paths])}
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=env, check=True)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == mode


def test_what_cannot_be_written_leaves_the_old_file_and_no_trace(tmp_path):
    place = tmp_path / "a"
    write_atomic(place, b"old")
    with pytest.raises(TypeError):
        write_atomic(place, "no bytes")
    assert place.read_bytes() == b"old"
    assert [file.name for file in tmp_path.iterdir()] == ["a"]


def test_a_place_that_is_a_folder_is_refused_and_leaves_no_trace(tmp_path):
    (tmp_path / "a").mkdir()
    with pytest.raises(OSError, match="a"):
        write_atomic(tmp_path / "a", b"x")
    assert [file.name for file in tmp_path.iterdir()] == ["a"]


def tree(folder):
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "made"
    for name in ("data/a.parquet", "data/b.parquet", "manifest.json"):
        write_atomic(made / name, name.encode() * 1000)
    return made


@pytest.fixture
def elsewhere(tmp_path):
    """A folder on another file system than `tmp_path`."""
    shared = Path("/dev/shm")
    if not shared.is_dir() or shared.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("no other file system is at hand (/dev/shm)")
    with tempfile.TemporaryDirectory(dir=shared) as made:
        yield Path(made)


def test_a_folder_appears_whole_and_leaves_nothing_where_it_was(folder, tmp_path):
    held = tree(folder)
    move_whole(folder, tmp_path / "out" / "v1")
    assert tree(tmp_path / "out" / "v1") == held
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_so_it_does_from_another_file_system(folder, elsewhere):
    held = tree(folder)
    move_whole(folder, elsewhere / "out" / "v1")
    assert tree(elsewhere / "out" / "v1") == held
    assert not folder.exists() and not left_behind(elsewhere / "out")


@pytest.mark.parametrize("kind", ["folder", "empty", "file", "link"])
def test_what_is_there_is_never_written_over(folder, tmp_path, kind):
    place = tmp_path / "v1"
    make = {
        "folder": lambda: write_atomic(place / "x", b"1"),
        "empty": place.mkdir,
        "file": lambda: write_atomic(place, b"1"),
        "link": lambda: place.symlink_to("nowhere"),
    }
    make[kind]()
    with pytest.raises(FileExistsError):
        move_whole(folder, place)
    assert len(tree(folder)) == 3
    assert len(tree(place)) == (kind == "folder")


def test_a_disk_with_too_little_room_is_told_before_anything_is_copied(folder, elsewhere, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda place: SimpleNamespace(free=30_000))
    with pytest.raises(OSError, match="MB are missing") as raised:
        move_whole(folder, elsewhere / "v1")
    assert raised.value.errno == errno.ENOSPC
    assert list(elsewhere.iterdir()) == []
    assert len(tree(folder)) == 3


KILLED = """
import os, shutil, sys, pathlib
from schemas import atomic
left = int(sys.argv[3])
def step(kept):
    def call(*args, **more):
        global left
        left -= 1
        if left < 0:
            os.kill(os.getpid(), 9)
        return kept(*args, **more)
    return call
for module, names in ((os, ("fsync", "rename", "mkdir", "unlink", "rmdir", "open")), (shutil, ("copy2", "copystat"))):
    for name in names:
        setattr(module, name, step(getattr(module, name)))
atomic.move_whole(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
"""


@pytest.mark.parametrize("across", [False, True])
def test_a_kill_at_any_step_leaves_all_or_nothing(folder, tmp_path, elsewhere, across):
    held, ends = tree(folder), set()
    for number in range(200):
        made, out = tmp_path / f"made-{number}", (elsewhere if across else tmp_path) / f"out-{number}"
        shutil.copytree(folder, made)
        command = [sys.executable, "-c", KILLED, str(made), str(out / "v1"), str(number)]
        ended = subprocess.run(
            command, env={**os.environ, "PYTHONPATH": os.pathsep.join([str(Path.cwd()), *sys.path])}, check=False
        )
        there = (out / "v1").exists()
        ends.add(there)
        assert tree(out / "v1") == held if there else tree(made) == held
        assert versions(out) == (["v1"] if there else [])
        if ended.returncode == 0:
            assert not left_behind(out)
            break
    assert ended.returncode == 0 and number > 5 and ends == {True, False}
