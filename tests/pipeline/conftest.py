from dataclasses import replace

import pytest

from pipeline.plan import read_plan
from tests.support.feeling import felt
from tests.support.reported import CLIPS_MADE, SCRIPT, clip, hostile, written


@pytest.fixture(scope="session")
def felt_version(media_files, tmp_path_factory):
    judge = replace(read_plan("embedded").judge, judged=True)
    return written([felt(clip(k), judge) for k in range(CLIPS_MADE)], media_files, tmp_path_factory.mktemp("felt"))


@pytest.fixture(scope="session")
def evil_version(media_files, tmp_path_factory):
    judge = replace(read_plan("embedded").judge, judged=True)
    clips = [hostile(99), *(felt(clip(k), judge) for k in range(3))]
    return written(clips, media_files, tmp_path_factory.mktemp("evil"), name=SCRIPT)
