import json
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from label_studio.project import clips
from label_studio.project.clips import Linked, Local
from label_studio.project.silent import silenced
from schemas.claims import MediaFile
from schemas.errors import ItemError
from tests.support.reported import clip


def streams(file):
    """Return what ffprobe finds: the kind of each stream and how many frames of it decode."""
    line = ["ffprobe", "-v", "error", "-count_frames", "-show_entries", "stream=codec_type,nb_read_frames", "-of", "json", file]
    found = json.loads(subprocess.run(line, capture_output=True, check=True).stdout)["streams"]
    return {one["codec_type"]: int(one["nb_read_frames"]) for one in found}


def playing(video=None, audio=None):
    return clip(0, clip_id="c" * 16, video=video, audio=audio)


def test_a_silent_clip_has_the_same_picture_and_no_sound(media_files, tmp_path):
    whole = media_files / "a.mp4"
    silent = tmp_path / "silent.mp4"
    silent.write_bytes(silenced(whole.read_bytes()))
    assert streams(whole).keys() == {"video", "audio"}
    assert streams(silent) == {"video": streams(whole)["video"]}
    assert silenced(silent.read_bytes()) == silent.read_bytes()


@given(st.binary(max_size=64))
def test_what_is_no_mp4_is_refused(data):
    with pytest.raises(ItemError, match="no mp4"):
        silenced(data)


def test_what_a_clip_has_to_play_is_written_once_and_read_only(media_files, tmp_path):
    media = Local(None, tmp_path / "clips", "v1")
    video = MediaFile(bytes=(media_files / "a.mp4").read_bytes(), path="x.mp4")
    found = [playing(video, MediaFile(bytes=b"sound", path="x.flac"))]
    media.put(found, tmp_path)
    files = sorted((tmp_path / "clips" / "v1").iterdir())
    assert [one.name for one in files] == [f"{'c' * 16}.{kind}" for kind in ("flac", "mp4", "silent.mp4")]
    assert all(one.stat().st_mode & 0o777 == 0o444 for one in files)
    before = [one.stat().st_mtime_ns for one in files]
    media.put(found, tmp_path)
    assert [one.stat().st_mtime_ns for one in files] == before


def test_media_beside_a_version_are_linked_not_copied(media_files, tmp_path):
    (tmp_path / "v1" / "media").mkdir(parents=True)
    (tmp_path / "v1" / "media" / "x.flac").write_bytes(b"sound")
    Local(None, tmp_path / "clips", "v1").put([playing(audio=MediaFile(path="media/x.flac"))], tmp_path / "v1")
    made = tmp_path / "clips" / "v1" / f"{'c' * 16}.flac"
    assert made.samefile(tmp_path / "v1" / "media" / "x.flac")


def test_a_clip_without_media_has_nothing_to_play(tmp_path):
    assert not list(clips.clip_files(playing(), tmp_path))
    assert not list(clips.clip_files(playing(video=MediaFile()), tmp_path))


def test_an_address_of_somebody_elses_server_is_put_together():
    assert Linked("https://lab.org/clips/", "v 1").url("c", "mp4") == "https://lab.org/clips/v%201/c.mp4"
    assert Local(None, None, "v1").url("c", "mp4") == "/data/local-files/?d=clips/v1/c.mp4"
