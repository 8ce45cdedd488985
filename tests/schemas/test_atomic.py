import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from schemas.atomic import write_atomic


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
