from dataclasses import replace

import pytest

from pipeline.plan import read_plan
from tests import making
from tests.feeling import felt
from tests.reported import CLIPS_MADE, SCRIPT, clip, hostile, written


@pytest.fixture(scope="session")
def media_files(tmp_path_factory):
    """A video, a sound and a still."""
    folder = tmp_path_factory.mktemp("files")
    making.video(folder / "a.mp4", seconds=4.0)
    making.ffmpeg("-i", folder / "a.mp4", "-ac", 1, "-ar", 16000, folder / "a.flac")
    making.ffmpeg("-ss", 1.1, "-i", folder / "a.mp4", "-frames:v", 1, folder / "a.jpg")
    return folder


@pytest.fixture(scope="session")
def felt_version(media_files, tmp_path_factory):
    judge = replace(read_plan("embedded").judge, judged=True)
    return written([felt(clip(k), judge) for k in range(CLIPS_MADE)], media_files, tmp_path_factory.mktemp("felt"))


@pytest.fixture(scope="session")
def evil_version(media_files, tmp_path_factory):
    judge = replace(read_plan("embedded").judge, judged=True)
    clips = [hostile(99), *(felt(clip(k), judge) for k in range(3))]
    return written(clips, media_files, tmp_path_factory.mktemp("evil"), name=SCRIPT)
