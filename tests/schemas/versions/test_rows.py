"""The one reader: clips as they were written, some of them, one of them, columns that are asked for, and no more in memory."""

import tracemalloc
from dataclasses import asdict, replace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from schemas.arrow import schema_of
from schemas.claims import MediaFile
from schemas.errors import UsageError
from schemas.record import Clip
from schemas.values import Span
from schemas.versions.rows import find_clip, pick_clips, read_clips
from tests.support.reported import clip, written
from tests.support.versioned import bare, routed, version


@pytest.fixture(scope="module")
def made():
    return [routed(bare(number), ("accept", "review", "reject")[number % 3]) for number in range(12)]


@pytest.fixture(scope="module")
def place(made, tmp_path_factory):
    return version(tmp_path_factory.mktemp("shards"), "v1", made)


@pytest.fixture(scope="module")
def embedded(tmp_path_factory):
    files = tmp_path_factory.mktemp("files")
    for name in ("a.mp4", "a.flac", "a.jpg"):
        (files / name).write_bytes(name.encode() * 100_000)
    return written([routed(bare(2) if number == 2 else with_route(number), "accept") for number in range(3)], files, files)


def with_route(number):
    return replace(clip(number), routes=bare(number).routes)


def test_clips_are_read_as_they_were_written_decision_by_decision(made, place):
    assert sorted(read_clips(place), key=lambda one: one.clip_id) == sorted(made, key=lambda one: one.clip_id)
    assert [one.routes[-1].decision for one in read_clips(place, batch=1)] == ["accept"] * 4 + ["review"] * 4 + ["reject"] * 4


def test_what_was_not_asked_for_is_empty(made, place):
    (found,) = pick_clips(place, [made[5].clip_id], ("transcript", "source.file"))
    assert (found.clip_id, found.transcript, found.source.file) == (made[5].clip_id, "sentence number 5", "c.mp4")
    assert (found.source.sha256, found.requested, found.labels) == ("", Span(start=0.0, end=0.0), ())


def test_inside_lists_too(made, place):
    found = {one.clip_id: one for one in read_clips(place, ["cues.text"])}
    for one in made:
        assert [cue.text for cue in found[one.clip_id].cues] == [cue.text for cue in one.cues]
        assert {cue.by for cue in found[one.clip_id].cues} <= {""}


def test_a_column_that_no_clip_has_is_an_error(place):
    with pytest.raises(KeyError, match="'emotions'"):
        next(read_clips(place, ["emotions"]))


def test_media_are_named_without_their_bytes(embedded):
    before = pa.total_allocated_bytes()
    names = [
        (one.video, [frame.image for frame in one.frames]) for one in read_clips(embedded, ("video.path", "frames.image.path"))
    ]
    assert names[0] == (MediaFile(path=names[0][0].path), [MediaFile(path=names[0][1][0].path)])
    assert names[0][0].path.endswith(".mp4")
    assert names[2] == (None, [])
    assert [one.video.bytes for one in read_clips(embedded, ["video"]) if one.video] == [b"a.mp4" * 100_000] * 2
    assert pa.total_allocated_bytes() - before < 100_000


def test_some_clips_come_in_the_order_of_the_files_and_unknown_ones_not_at_all(made, place):
    wanted = [made[7].clip_id, made[0].clip_id, "f" * 16]
    assert [one.clip_id for one in pick_clips(place, wanted, ())] == [made[0].clip_id, made[7].clip_id]


def test_row_groups_that_hold_no_wanted_clip_are_not_read(made, tmp_path):
    file = tmp_path / "data" / "train-00000-of-00001.parquet"
    file.parent.mkdir()
    pq.write_table(pa.Table.from_pylist([asdict(one) for one in made], schema_of(Clip)), file, row_group_size=3)
    about = pq.read_metadata(file)
    leaf = next(place for place in range(about.num_columns) if about.row_group(1).column(place).path_in_schema == "transcript")
    start = about.row_group(1).column(leaf).data_page_offset
    data = file.read_bytes()
    file.write_bytes(data[:start] + bytes(20) + data[start + 20 :])
    assert [one.transcript for one in pick_clips(tmp_path, [made[0].clip_id, made[11].clip_id])] == [
        "sentence number 0",
        "sentence number 11",
    ]
    with pytest.raises(OSError, match="header"):
        next(pick_clips(tmp_path, [made[3].clip_id]))


def test_a_clip_is_found_by_the_start_of_its_id(made, place):
    assert find_clip(place, made[3].clip_id[:10]) == made[3]
    with pytest.raises(UsageError, match=r"no clips of .* begins with 'zz'"):
        find_clip(place, "zz")
    with pytest.raises(UsageError, match="12 clips of"):
        find_clip(place, "")


def test_many_rows_are_held_a_batch_at_a_time(tmp_path):
    many = pa.table({"clip_id": [f"{number:016x}" for number in range(30_000)], "speaker": ["S0"] * 30_000}).cast(
        pa.schema([schema_of(Clip).field(name) for name in ("clip_id", "speaker")])
    )
    (tmp_path / "data").mkdir()
    pq.write_table(many, tmp_path / "data" / "train-00000-of-00001.parquet", row_group_size=5_000)
    tracemalloc.start()
    assert sum(one.speaker == "S0" for one in read_clips(tmp_path, ["speaker"])) == 30_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_000_000
