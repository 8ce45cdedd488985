import json
from dataclasses import replace

import datasets

from pipeline.export.jsonl import FILE, JsonLines
from pipeline.export.outlet import Outlet
from schemas.claims import MediaFile
from tests.support.reported import clip
from tests.support.versioned import bare

HOSTILE = 'a\u2028b\u2029c\x85d\ne"f\\g</script>'


def lines(folder, clips, **settings):
    folder.mkdir()
    JsonLines(**settings).write(clips, Outlet(folder, folder))
    return (folder / FILE).read_text(encoding="utf-8")


def test_a_line_holds_every_claim_with_its_author_and_media_by_path(tmp_path):
    one = replace(clip(0), video=MediaFile(bytes=b"moving"), audio=MediaFile(bytes=b"sound"), image=None)
    (line,) = map(json.loads, lines(tmp_path / "out", [one]).splitlines())
    assert list(line)[:3] == ["clip_id", "video", "audio"]
    assert line["video"] == f"media/{one.clip_id}.mp4"
    assert (tmp_path / "out" / line["video"]).read_bytes() == one.video.bytes
    assert [cue["by"] for cue in line["cues"]] == [cue.by for cue in one.cues]
    assert [label["scores"] for label in line["labels"]] == [list(label.scores) for label in one.labels]


def test_hostile_text_is_one_line_and_comes_back_as_it_was(tmp_path):
    text = lines(tmp_path / "out", [bare(0, transcript=HOSTILE), bare(1)], media="none")
    assert len(text.splitlines()) == 2
    assert json.loads(text.splitlines()[0])["transcript"] == HOSTILE
    assert not (tmp_path / "out" / "media").exists()


def test_datasets_reads_it_and_the_same_clips_give_the_same_bytes(tmp_path):
    clips = [replace(bare(number), transcript=f"number {number}") for number in range(5)]
    assert lines(tmp_path / "one", clips) == lines(tmp_path / "two", clips)
    found = datasets.load_dataset("json", data_files=str(tmp_path / "one" / FILE), split="train", cache_dir=tmp_path / "cache")
    assert found["transcript"] == [f"number {number}" for number in range(5)]
    assert found[0]["labels"][0]["modality"] == clips[0].labels[0].modality
