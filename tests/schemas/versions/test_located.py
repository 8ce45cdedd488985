"""Media beside the rows decode, to the values that media inside the rows decode to, wherever the version lies."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from functools import partial

import pytest
from datasets import Dataset, DatasetDict, IterableDataset, load_dataset

from schemas.claims import MediaFile
from schemas.versions.located import located
from tests.support import making
from tests.support.published import ROOT, hashed, licensed, seen
from tests.support.reported import written

SPLIT = "train"
ROWS = "data/train-*.parquet"


@pytest.fixture(scope="module")
def files(media_files, tmp_path_factory):
    """Two videos, sounds and stills that differ."""
    folder = shutil.copytree(media_files, tmp_path_factory.mktemp("two") / "files")
    making.ffmpeg("-ss", 1, "-i", folder / "a.mp4", "-t", 2, "-vf", "hflip", folder / "b.mp4")
    making.ffmpeg("-i", folder / "b.mp4", "-ac", 1, "-ar", 16000, folder / "b.flac")
    making.ffmpeg("-ss", 0.5, "-i", folder / "b.mp4", "-frames:v", 1, folder / "b.jpg")
    return folder


@pytest.fixture(scope="module")
def clips():
    """Five clips, the fourth without picture; all others but the first have the second set of media."""
    first, *others = (licensed(number) for number in range(5))
    return [first, *map(second, others)]


def second(clip):
    sound = replace(clip, audio=MediaFile(path="b.flac"))
    if clip.video is None:
        return sound
    still = MediaFile(path="b.jpg")
    return replace(
        sound, video=MediaFile(path="b.mp4"), image=still, frames=tuple(replace(frame, image=still) for frame in clip.frames)
    )


@pytest.fixture(scope="module")
def inside(clips, files, tmp_path_factory):
    """What the media of each clip decode to, from a version that holds them in its rows."""
    version = written(clips, files, tmp_path_factory.mktemp("inside"))
    return seen(load_dataset(str(version), split=SPLIT, cache_dir=str(version.parent / "cache")))


@pytest.fixture
def beside(clips, files, tmp_path):
    return written(clips, files, tmp_path / "beside", media="reference")


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """A working directory from which no path of a row leads anywhere, and where nothing is kept of other tests."""
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")


@pytest.fixture
def load(tmp_path):
    return partial(load_dataset, cache_dir=str(tmp_path / "cache"))


def test_the_media_are_such_that_a_wrong_one_would_be_seen(inside):
    assert len(inside) == 5
    assert sum(one["video"] is None for one in inside.values()) == 1
    assert len({value for one in inside.values() for value in (one["video"], one["audio"], one["image"])}) == 7
    assert sum(one["frames"] == [one["image"]] for one in inside.values()) == 4


def test_without_it_the_rows_decode_from_the_folder_of_the_version_alone(beside, inside, load, monkeypatch):
    rows = load(str(beside), split=SPLIT)
    with pytest.raises(RuntimeError, match="Could not open input file: media/"):
        seen(rows)
    monkeypatch.chdir(beside)
    assert seen(rows) == inside


@pytest.mark.parametrize(("streaming", "kind"), [(False, Dataset), (True, IterableDataset)])
def test_they_decode_from_any_working_directory(beside, inside, load, streaming, kind):
    rows = load(str(beside), split=SPLIT, streaming=streaming)
    found = located(rows, beside)
    assert isinstance(found, kind)
    assert found.features == rows.features
    assert seen(found) == inside


def test_the_calls_in_the_documentation_are_such(clips, files, inside, tmp_path, monkeypatch):
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    version = written(clips, files, tmp_path / "shards", media="reference")
    archive = shutil.make_archive(str(tmp_path / "v1"), "zip", version.parent, "v1")
    page = (ROOT / "docs" / "dataset.md").read_text()
    folder, packed = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    names = {}
    for code in (folder, packed.replace("/data/v1.zip", archive)):
        monkeypatch.chdir(tmp_path)
        exec(code, names)
        monkeypatch.chdir("/")
        assert seen(names["clips"]) == inside


def test_a_folder_by_a_relative_path_stays_found_when_the_working_directory_changes(beside, inside, load, monkeypatch):
    monkeypatch.chdir(beside.parent)
    found = located(load("./v1", split=SPLIT), "v1")
    monkeypatch.chdir("/")
    assert seen(found) == inside


def test_a_version_that_was_moved_decodes_from_where_it_lies_now(beside, inside, load, tmp_path):
    assert seen(located(load(str(beside), split=SPLIT), beside)) == inside
    moved = beside.rename(tmp_path / "moved to")
    assert seen(located(load(str(moved), split=SPLIT), moved)) == inside


def test_a_version_that_was_zipped_decodes_unpacked_elsewhere(beside, inside, load, tmp_path):
    archive = shutil.make_archive(str(tmp_path / "v1"), "zip", beside.parent, "v1")
    shutil.rmtree(beside)
    shutil.unpack_archive(archive, tmp_path / "unpacked")
    assert seen(located(load(str(tmp_path / "unpacked" / "v1"), split=SPLIT), tmp_path / "unpacked" / "v1")) == inside


@pytest.mark.parametrize("streaming", [False, True])
def test_a_version_that_was_zipped_decodes_as_it_is(beside, inside, load, tmp_path, streaming):
    archive = shutil.make_archive(str(tmp_path / "v1"), "zip", beside.parent, "v1")
    shutil.rmtree(beside)
    files = {SPLIT: f"zip://v1/{ROWS}::{archive}"}
    rows = load("parquet", data_files=files, split=SPLIT, streaming=streaming)
    assert seen(located(rows, f"zip://v1::{archive}")) == inside


def test_rows_that_were_located_once_are_not_kept_anew_by_each_process(beside, tmp_path):
    code = """
import sys
from datasets import load_dataset
from schemas.versions.located import located
located(load_dataset(sys.argv[1], split="train", cache_dir=sys.argv[2]), sys.argv[1])
"""
    for seed in "12":
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": seed}
        subprocess.run([sys.executable, "-c", code, str(beside), str(tmp_path / "cache")], env=environment, check=True)
    assert len(list((tmp_path / "cache").rglob("cache-*.arrow"))) == 1


def test_all_splits_at_once_and_some_columns_alone(beside, inside, load):
    found = located(load(str(beside)), beside)
    assert isinstance(found, DatasetDict)
    assert {split: seen(rows) for split, rows in found.items()} == {SPLIT: inside}
    (sounds,) = located(load(str(beside), columns=["clip_id", "audio"]), beside).values()
    assert sounds.column_names == ["clip_id", "audio"]
    assert {row["clip_id"]: hashed(row["audio"].get_all_samples().data.numpy()) for row in sounds} == {
        clip_id: one["audio"] for clip_id, one in inside.items()
    }


def test_nothing_but_the_paths_of_media_changes_and_nothing_changes_twice(beside, load):
    rows = load(str(beside), split=SPLIT)
    once = located(rows, beside)
    assert bare(located(once, beside), "") == bare(once, "") != bare(rows, "")
    assert bare(once, f"{beside}/") == bare(rows, "")


def test_media_inside_the_rows_stay_as_they_are(clips, files, inside, load, tmp_path):
    version = written(clips, files, tmp_path / "inside")
    rows = load(str(version), split=SPLIT)
    assert bare(located(rows, version), "") == bare(rows, "")
    assert seen(located(rows, version)) == inside


def bare(rows, folder):
    """Return the rows as they are stored, `folder` taken from the paths of their media."""
    found = rows.with_format("arrow")[:].to_pylist()
    for row in found:
        for file in (row["video"], row["audio"], row["image"], *(frame["image"] for frame in row["frames"])):
            if file:
                file["path"] = file["path"].removeprefix(folder)
    return found
