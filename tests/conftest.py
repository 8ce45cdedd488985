"""In CI nothing is skipped but for data that must not be handed on, and examples are the same in every run."""

import os
import signal
import threading

import pytest
from hypothesis import settings

from tests.support import making
from tests.support.research import ABSENT

settings.register_profile("ci", derandomize=True, deadline=None)
settings.register_profile("user", deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "user")
# A shell that starts tests in the background tells them to ignore Ctrl-C, and commands under test would inherit that.
if threading.current_thread() is threading.main_thread():
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def media_files(tmp_path_factory):
    """A video, a sound and a still."""
    folder = tmp_path_factory.mktemp("files")
    making.video(folder / "a.mp4", seconds=4.0)
    making.ffmpeg("-i", folder / "a.mp4", "-ac", 1, "-ar", 16000, folder / "a.flac")
    making.ffmpeg("-ss", 1.1, "-i", folder / "a.mp4", "-frames:v", 1, folder / "a.jpg")
    return folder


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.skipped and os.environ.get("CI") and ABSENT not in str(report.longrepr):
        report.outcome = "failed"
        report.longrepr = f"skipped, which CI does not allow: {report.longrepr}"
    return report
