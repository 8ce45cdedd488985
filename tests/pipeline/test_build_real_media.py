"""Kinds of media that people report to come out wrong, made here and built as one folder: words, lengths and gaps are true.

What each file says is a part of one speech; the truth is what the recogniser hears in the plain recording.
"""

from __future__ import annotations

import statistics
import subprocess
from difflib import SequenceMatcher
from types import SimpleNamespace

import pyarrow.parquet as pq
import pytest

from pipeline.affectory import main
from schemas.versions.manifest import read_manifest
from tests.support import making
from tests.support.media import media

PLAN = "".join(
    f'[[annotators]]\nname = "{name}"\n'
    for name in ("shots.content", "turns.pyannote", "words.subtitles", "words.faster_whisper")
)
WITHIN = 0.06
"""Seconds; the recogniser knows times to 20 ms and places words anew in each encoding."""
X264 = making.X264


def _kinds(raw, work):
    jfk, man = work / "speech.wav", media("man")
    making.ffmpeg("-t", 6, "-i", media("jfk"), jfk)
    pattern = ("-f", "lavfi", "-i", "testsrc=s=320x240:r=25")
    making.ffmpeg("-i", jfk, raw / "plain.wav")
    parts = [work / f"part{k}.ts" for k in range(2)]
    for part, clock in zip(parts, (0, 300), strict=True):
        of = ("-t", 6, *pattern, "-i", jfk, *X264, "-c:a", "aac", "-shortest", "-output_ts_offset", clock)
        making.ffmpeg(*of, part)
    (raw / "clock_forward.ts").write_bytes(b"".join(part.read_bytes() for part in parts))
    making.ffmpeg("-t", 3, "-i", man, "-i", jfk, "-map", "0:v", "-map", "1:a", *X264, "-c:a", "aac", raw / "sound_outlasts.mp4")
    seldom = "select='not(eq(mod(n,7),3))'"
    shown = ["-t", "6", *pattern, "-i", str(jfk), "-shortest", "-vf", seldom, "-vsync", "vfr"]
    coded = ["-c:v", "libvpx", "-deadline", "realtime", "-c:a", "libopus", "-f", "webm", "-live", "1", "-"]
    live = subprocess.run(["ffmpeg", "-nostdin", "-loglevel", "error", *shown, *coded], check=True, capture_output=True)
    (raw / "browser.webm").write_bytes(live.stdout)
    making.ffmpeg("-t", 6, *pattern, "-i", jfk, "-shortest", "-c:v", "mpeg4", "-c:a", "libmp3lame", work / "whole.avi")
    data = (work / "whole.avi").read_bytes()
    (raw / "no_index.avi").write_bytes(data[: data.rfind(b"idx1")])
    still = ("-loop", 1, "-framerate", "1/5", "-t", 5, "-i", media("astronaut"))
    chapters = ("-c:a", "aac", "-c:v", "mjpeg", "-pix_fmt", "yuvj420p", "-f", "mp4")
    making.ffmpeg("-i", jfk, *still, "-map", "0:a", "-map", "1:v", *chapters, raw / "chapter_pictures.m4a")
    making.ffmpeg("-i", jfk, "-af", "adelay=20000", raw / "late_speech.wav")
    notes = "mod(t,0.5))*sin(2*PI*t*262*pow(2,floor(mod(2*t,8))*2/12))"
    making.ffmpeg("-f", "lavfi", "-i", f"aevalsrc='0.4*exp(-3*{notes}':s=16000:d=12", raw / "music.wav")
    scenes = [f"color=c={color}:s=320x240:r=25:d=1.1" for color in ("red", "blue", "green", "white", "black", "gray")]
    joined = ";".join(f"{scene}[{k}s]" for k, scene in enumerate(scenes)) + ";" + "".join(f"[{k}s]" for k in range(6))
    cuts = ("-filter_complex", f"{joined}concat=n=6,format=yuv420p[v]", "-map", "[v]", "-map", "0:a")
    making.ffmpeg("-i", jfk, *cuts, *X264, "-c:a", "aac", raw / "cuts_inside_words.mp4")
    headless = ("-ar", 44100, "-c:a", "libmp3lame", "-q:a", 0, "-write_xing", 0, "-id3v2_version", 0)
    making.ffmpeg("-i", jfk, "-af", "apad=pad_dur=20", *headless, raw / "no_header_speech_first.mp3")
    making.ffmpeg("-i", jfk, "-af", "adelay=6000", *headless, raw / "no_header_silence_first.mp3")
    (work / "s.srt").write_text("1\n00:00:01,000 --> 00:00:03,000\nhello\n\n2\n00:00:05,000 --> 00:01:00,000\nthe end\n")
    for suffix, kind in (("mkv", "srt"), ("mp4", "mov_text")):
        both = ("-t", 6, *pattern, "-i", jfk, "-i", work / "s.srt", "-map", "0:v", "-map", "1:a", "-map", "2", *X264)
        making.ffmpeg(*both, "-c:a", "aac", "-c:s", kind, "-metadata", f"title={suffix}", raw / f"subtitles_outlast.{suffix}")
    table = "[CHAPTER]\nTIMEBASE=1/1000\nSTART={}\nEND={}\ntitle=a\n"
    (work / "c.txt").write_text(";FFMETADATA1\n" + table.format(0, 5000) + table.format(5000, 60000))
    outlasting = ("-map", "0:a", "-map_metadata", 1, "-map_chapters", 1, "-c:a", "aac")
    making.ffmpeg("-i", jfk, "-i", work / "c.txt", *outlasting, raw / "chapters_outlast.m4a")
    piped = ["ffmpeg", "-nostdin", "-loglevel", "error", "-i", str(jfk), "-metadata", "title=piped", "-f", "wav", "-"]
    (raw / "piped.wav").write_bytes(subprocess.run(piped, check=True, capture_output=True).stdout)


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Return the rows by file, the manifest, and the words of the plain recording."""
    folder = tmp_path_factory.mktemp("kinds")
    for name in ("raw", "work"):
        (folder / name).mkdir()
    _kinds(folder / "raw", folder / "work")
    (folder / "plan.toml").write_text(PLAN)
    build = ["build", "--source", folder / "raw", "--out", folder / "out", "--plan", folder / "plan.toml", "--workers", 2]
    assert main([str(part) for part in build]) == 0
    version = folder / "out" / "v1"
    rows = [row for file in sorted(version.rglob("data/*.parquet")) for row in pq.read_table(file).to_pylist()]
    of = {}
    for row in sorted(rows, key=lambda row: row["actual"]["start"]):
        of.setdefault(row["source"]["file"], []).append(row)
    return SimpleNamespace(rows=of, manifest=read_manifest(version), true=_words(of["plain.wav"]))


def _words(rows):
    """Return the words of a source with their times in it."""
    return [(_plain(word["text"]), row["actual"]["start"] + word["span"]["start"]) for row in rows for word in row["words"]]


def _plain(text):
    return "".join(sign for sign in text.casefold() if sign.isalnum())


def _spoken(built, file, later=0.0, until=5.0):
    """Say that what is said in a file is what is said in the plain recording, so many seconds later."""
    true = [(text, time) for text, time in built.true if time < until]
    found = [(text, time - later) for text, time in _words(built.rows[file]) if -1.0 < time - later < until + 0.1]
    same = SequenceMatcher(None, [text for text, _ in true], [text for text, _ in found], autojunk=False).get_matching_blocks()
    off = [abs(true[a + k][1] - found[b + k][1]) for a, b, size in same for k in range(size)]
    assert len(off) >= 0.9 * len(true) and len(found) <= 1.1 * len(true)
    assert statistics.median(off) <= WITHIN


def _lasts(built, file, seconds):
    (mine,) = (one for one in built.manifest.accounts if one.file == file)
    assert mine.seconds == pytest.approx(seconds, abs=0.15)
    assert mine.clips + sum(mine.left.values()) + sum(mine.lost.values()) == pytest.approx(mine.seconds, abs=0.002)


def test_the_plain_recording_is_one_clip_that_says_the_known_words(built):
    assert len(built.rows["plain.wav"]) == 1
    said = " ".join(text for text, _ in built.true)
    assert said.startswith("and so my fellow americans ask not")


def test_a_clock_that_jumps_forward_leaves_a_gap_and_loses_nothing(built):
    _spoken(built, "clock_forward.ts")
    _spoken(built, "clock_forward.ts", later=300.0)
    _lasts(built, "clock_forward.ts", 306.0)
    (mine,) = (one for one in built.manifest.accounts if one.file == "clock_forward.ts")
    assert sum(mine.lost.values()) == pytest.approx(294.0, abs=0.3)


def test_sound_that_goes_on_after_the_last_picture_is_heard_to_its_end(built):
    _spoken(built, "sound_outlasts.mp4")
    _lasts(built, "sound_outlasts.mp4", 6.0)
    assert all(not row["gaps"] for row in built.rows["sound_outlasts.mp4"])


@pytest.mark.parametrize("file", ["browser.webm", "no_index.avi", "piped.wav"])
def test_a_file_without_length_or_index_is_read_whole(built, file):
    _spoken(built, file)
    _lasts(built, file, 6.0)


def test_pictures_of_chapters_are_no_film(built):
    _spoken(built, "chapter_pictures.m4a")
    _lasts(built, "chapter_pictures.m4a", 6.0)


def test_speech_that_comes_late_keeps_its_time(built):
    _spoken(built, "late_speech.wav", later=20.0)
    _lasts(built, "late_speech.wav", 26.0)


def test_music_alone_gives_no_words(built):
    assert all(not row["words"] for row in built.rows.get("music.wav", []))
    _lasts(built, "music.wav", 12.0)


def test_cuts_inside_words_lose_no_word(built):
    rows = built.rows["cuts_inside_words.mp4"]
    held = {text for text, time in built.true for row in rows if row["actual"]["start"] <= time <= row["actual"]["end"] - 0.4}
    assert len(held - {text for text, _ in _words(rows)}) <= 1
    assert sum(row["actual"]["end"] - row["actual"]["start"] for row in rows) > 3.0
    _lasts(built, "cuts_inside_words.mp4", 6.6)


@pytest.mark.parametrize(("file", "later", "seconds"), [("speech", 0.0, 26.0), ("silence", 6.0, 12.0)])
def test_an_mp3_without_a_header_is_read_whole(built, file, later, seconds):
    _spoken(built, f"no_header_{file}_first.mp3", later)
    _lasts(built, f"no_header_{file}_first.mp3", seconds)


@pytest.mark.parametrize("suffix", ["mkv", "mp4"])
def test_subtitles_that_outlast_the_film_make_it_no_longer(built, suffix):
    _lasts(built, f"subtitles_outlast.{suffix}", 6.0)
    said = {text for text, _ in _words(built.rows[f"subtitles_outlast.{suffix}"])}
    assert said <= {"hello", "the", "end"} and said


def test_chapters_that_outlast_the_sound_make_it_no_longer(built):
    _spoken(built, "chapters_outlast.m4a")
    _lasts(built, "chapters_outlast.m4a", 6.0)
