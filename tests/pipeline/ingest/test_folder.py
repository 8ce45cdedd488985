"""Media are media by what is in them, and every file that is none is named with the reason."""

import os
import shutil

import pytest

from annotators.media.decoder import probe
from pipeline.ingest.folder import look_through
from tests.support import making

VIDEO = {
    "flv": "-c:v flv1 -c:a libmp3lame -ar 44100",
    "MTS": "-c:v libx264 -c:a aac -f mpegts",
    "m2ts": "-c:v libx264 -c:a aac -f mpegts -mpegts_m2ts_mode 1",
    "mpg": "-c:v mpeg2video -c:a mp2",
    "vob": "-c:v mpeg2video -c:a mp2 -f vob",
    "wmv": "-c:v wmv2 -c:a wmav2",
    "3gp": "-c:v libx264 -c:a aac -f 3gp",
    "mxf": "-c:v mpeg2video -c:a pcm_s16le -ar 48000",
    "ogv": "-c:v libvpx -c:a libvorbis -f webm",
    "xyz": "-c:v libx264 -c:a aac -f matroska",
}
SOUND = {
    "ogg": "-c:a libvorbis", "opus": "-c:a libopus", "aac": "-c:a aac", "wma": "-c:a wmav2", "aiff": "", "au": "", "caf": "",
    "ac3": "-c:a ac3", "mka": "-c:a flac -f matroska", "w64": "-c:a pcm_s16le",
}  # fmt: skip


def told(folder):
    files = look_through(folder)
    return [path.name for path in files.media], {one.file: one.reason for one in files.unused}


@pytest.mark.parametrize("suffix", [*VIDEO, *SOUND])
def test_what_ffprobe_reads_as_media_is_media_whatever_it_is_called(tmp_path, suffix):
    path = tmp_path / f"1001_DFA.{suffix}"
    whole = making.video(tmp_path / "whole.mp4", seconds=3.0)
    making.ffmpeg("-i", whole, *(() if suffix in VIDEO else ("-vn",)), *(VIDEO | SOUND)[suffix].split(), path)
    whole.unlink()
    assert told(tmp_path) == ([path.name], {})
    info = probe(path)
    assert info.duration == pytest.approx(3.0, abs=0.12)
    assert (info.video is not None, info.audio is not None) == (suffix in VIDEO, True)


def test_speech_on_a_telephone_is_media(tmp_path):
    """No encoder of AMR is in most builds of ffmpeg: 60 frames of 20 ms of no data (3GPP TS 26.101, type 15) are one, too."""
    (tmp_path / "call.amr").write_bytes(b"#!AMR\n" + (b"\x04" + bytes(12)) * 60)
    assert told(tmp_path) == (["call.amr"], {})
    assert probe(tmp_path / "call.amr").duration == pytest.approx(1.2, abs=0.05)


def test_a_program_stream_that_is_called_avi_is_read_whole(tmp_path):
    whole = making.video(tmp_path / "whole.mp4", seconds=4.0)
    making.ffmpeg("-i", whole, "-c:v", "mpeg2video", "-c:a", "mp2", "-f", "vob", tmp_path / "dvd.avi")
    info = probe(tmp_path / "dvd.avi")
    assert info.duration == pytest.approx(4.0, abs=0.1)
    assert info.video.codec == "mpeg2video"


def test_each_file_that_is_no_media_has_its_reason(tmp_path):
    whole = making.video(tmp_path / "talk.mp4", seconds=1.0)
    making.ffmpeg("-i", whole, "-frames:v", 1, tmp_path / "cover.png")
    making.ffmpeg("-i", whole, "-frames:v", 1, tmp_path / "cover.jpg")
    (tmp_path / "deep").mkdir()
    (tmp_path / ".cache").mkdir()
    shutil.copy(whole, tmp_path / ".cache" / "a.mp4")
    shutil.copy(whole, tmp_path / "._talk.mp4")
    for name, data in {
        "notes.txt": b"text", "long.log": ("é" * 5000).encode(), "empty.bin": b"", "numbers.npy": bytes(range(256)) * 40,
        "riff.bin": b"RIFF" + bytes(range(256)),
        "talk.en.srt": b"x", "other.srt": b"x", "deep/talk.srt": b"x",
        "sources.csv": b"file\ntalk.mp4\n", "deep/sources.csv": b"file\n",
    }.items():  # fmt: skip
        (tmp_path / name).write_bytes(data)
    (tmp_path / "gone.mp4").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "pipe.mp4")
    media, unused = told(tmp_path)
    assert media == ["talk.mp4"]
    assert unused == {
        "._talk.mp4": "a hidden file is not read",
        ".cache/": "a hidden folder is not searched",
        "cover.jpg": "a still picture",
        "cover.png": "a still picture",
        "deep/sources.csv": "only the sources.csv at the top of the folder is read",
        "deep/talk.srt": "subtitles of no source: none is called as they are",
        "empty.bin": "empty (0 bytes)",
        "gone.mp4": "a link to nothing",
        "long.log": "text, not media",
        "notes.txt": "text, not media",
        "numbers.npy": "it does not begin as a moving picture or sound does",
        "riff.bin": "ffprobe finds neither a moving picture nor sound in it",
        "other.srt": "subtitles of no source: none is called as they are",
        "pipe.mp4": "not a regular file",
    }


def test_a_playlist_under_any_name_opens_nothing(tmp_path):
    making.spoken(tmp_path / "secret.wav")
    (tmp_path / "list.bin").write_bytes(b"\0\n#EXTM3U\n#EXTINF:1,\nsecret.wav\n")
    (tmp_path / "list.m3u8").write_text("#EXTM3U\n#EXTINF:1,\nsecret.wav\n")
    assert told(tmp_path)[0] == ["secret.wav"]


def test_links_to_folders_and_to_themselves_are_not_followed_and_named(tmp_path):
    (tmp_path / "real").mkdir()
    making.video(tmp_path / "real" / "a.mp4", seconds=1.0)
    (tmp_path / "linked").symlink_to(tmp_path / "real")
    (tmp_path / "loop.mp4").symlink_to(tmp_path / "loop.mp4")
    assert told(tmp_path) == (
        ["a.mp4"],
        {"linked/": "a link to a folder is not followed", "loop.mp4": "a link to itself"},
    )
