"""One at a time works in a folder, or several who share it; nobody is kept out by the dead."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.runtime.holding import LOCK, holding
from schemas.errors import TransientError

HOLDS = """
import pathlib, sys, time
from pipeline.runtime.holding import holding
with holding(pathlib.Path(sys.argv[1]), "a build", shared=len(sys.argv) > 2):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def others(tmp_path):
    """Start other processes that hold the folder."""
    started = []

    def start(*more):
        paths = os.pathsep.join([str(Path.cwd()), *filter(None, sys.path)])
        command = [sys.executable, "-c", HOLDS, str(tmp_path), *more]
        process = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": paths}, stdout=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout.readline() == "held\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_who_holds_it_is_told_by_name(others, tmp_path):
    other = others()
    with pytest.raises(TransientError) as raised, holding(tmp_path, "a build"):
        pass
    assert f"{tmp_path} is in use by a build, process {other.pid} on {socket.gethostname()}, since 20" in str(raised.value)


def test_what_a_killed_process_held_is_free(others, tmp_path):
    other = others()
    other.send_signal(signal.SIGKILL)
    other.wait()
    with holding(tmp_path, "a build"):
        pass
    with holding(tmp_path, "a build"):
        pass


def test_those_who_share_it_keep_out_only_who_does_not(others, tmp_path):
    others("shared")
    with holding(tmp_path, "a part", shared=True), pytest.raises(TransientError), holding(tmp_path, "a build"):
        pass
    others("shared")


def test_a_lock_that_nobody_signed_is_somebodys(others, tmp_path):
    others()
    (tmp_path / LOCK).write_bytes(b"{")
    with pytest.raises(TransientError, match="is in use by somebody else"), holding(tmp_path, "a build"):
        pass


def test_what_is_raised_inside_gives_it_back(tmp_path):
    with pytest.raises(KeyError), holding(tmp_path, "a build"):
        raise KeyError
    with holding(tmp_path, "a build"):
        pass
