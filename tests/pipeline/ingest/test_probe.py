"""What is known of a source before anybody speaks about it: how long it is, what streams it has, whose it is."""

import subprocess
from dataclasses import replace

import pytest

from pipeline.ingest.probe import Probe
from pipeline.ingest.sources import Found, Terms, find_sources
from pipeline.runtime.context import RunContext
from pipeline.runtime.progress import LOST
from schemas.record import DeadLetter, Source
from tests.support import making


@pytest.fixture
def context(tmp_path):
    return RunContext(work=tmp_path / "work", device="cpu", workers=1)


@pytest.fixture
def raw(tmp_path):
    (tmp_path / "raw").mkdir()
    return tmp_path / "raw"


def probed(raw, context):
    return {found.file: next(iter(Probe(context).work(found))) for found in find_sources(raw)[0]}


def test_length_and_streams_are_those_of_picture_and_sound(raw, context):
    making.video(raw / "both.mp4", seconds=2.0)
    making.silent(raw / "silent.mp4", seconds=3.0)
    found = probed(raw, context)
    assert {file: one.source.streams for file, one in found.items()} == {"both.mp4": "audio+video", "silent.mp4": "video"}
    assert found["both.mp4"].source.duration == pytest.approx(2.0, abs=0.1)
    assert found["silent.mp4"].source.duration == pytest.approx(3.0, abs=0.1)


def test_what_is_stated_of_a_source_travels_with_it(raw, context):
    making.video(raw / "a.mp4", seconds=1.0)
    (raw / "a.en.srt").write_text("1\n00:00:00,000 --> 00:00:01,000\nhello\n")
    (raw / "sources.csv").write_text("file,licence,speakers,language\na.mp4,CC0,Ada;Bob,en\n")
    source = probed(raw, context)["a.mp4"]
    assert isinstance(source, Source)
    assert (source.source.licence, source.source.speakers, source.source.language) == ("CC0", ("Ada", "Bob"), "en")
    assert source.source.source_id == source.source.sha256[:16]
    assert [words.name for words in source.subtitles] == ["a.en.srt"]
    assert source.stamps[0].path == str((raw / "a.mp4").resolve()) == source.path


def test_subtitles_without_words_are_named_with_the_reason_and_the_others_are_used(raw, context):
    making.video(raw / "a.mp4", seconds=2.0)
    (raw / "a.srt").write_text("")
    (raw / "a.en.srt").write_text("1\n00:00:00,000 --> 00:00:01,000\nhello\n")
    (raw / "a.de.vtt").write_text("WEBVTT\n\n00:05.000 --> 00:06.000\nzu sp\u00e4t\n")
    ((found,), _, _) = find_sources(raw)
    source, _, *unused = Probe(context).work(found)
    assert [words.name for words in source.subtitles] == ["a.en.srt"]
    assert {one.file: one.reason for one in unused} == {
        "a.srt": "a.srt: there are no words in it",
        "a.de.vtt": f"a.de.vtt: all 1 subtitles lie after the end of the source at {source.source.duration:.1f} s",
    }


def test_subtitles_inside_a_file_are_its_own(raw, context):
    making.video(raw / "b.mp4", seconds=2.0)
    (raw / "w.srt").write_text("1\n00:00:00,000 --> 00:00:01,000\nhello\n")
    files = ["-i", raw / "b.mp4", "-i", raw / "w.srt", "-map", "0", "-map", "1", raw / "a.mkv"]
    subprocess.run(["ffmpeg", "-loglevel", "error", *files], check=True)
    (raw / "b.mp4").unlink()
    (raw / "w.srt").unlink()
    ((found,), _, _) = find_sources(raw)
    first, *_ = Probe(context).work(found)
    (raw / "a.mkv").rename(raw / "elsewhere.mkv")
    again, *_ = Probe(context).work(found)
    (raw / "elsewhere.mkv").rename(raw / "a.mkv")
    assert again.subtitles == first.subtitles != (), "the file is read for them once"
    (words,) = probed(raw, context)["a.mkv"].subtitles
    assert (words.name, words.sha256) == ("stream 2 of a.mkv", probed(raw, context)["a.mkv"].source.sha256)


def test_a_file_without_picture_and_sound_is_a_dead_letter_and_counts_as_lost(raw, context):
    (raw / "notes.mp4").write_text("this is no film")
    (letter,) = probed(raw, context).values()
    assert isinstance(letter, DeadLetter)
    assert (letter.file, letter.step, letter.clip_id) == ("notes.mp4", "probe", None)
    assert letter.reason
    assert context.counts.counted[LOST] == 1


def test_the_same_bytes_are_looked_at_once(raw, context):
    making.video(raw / "a.mp4", seconds=1.0)
    ((found,), _, _) = find_sources(raw)
    first, extent = Probe(context).work(found)
    (raw / "a.mp4").unlink()
    again, _ = Probe(context).work(replace(found, terms=Terms(file="b.mp4"), file="b.mp4"))
    assert (again.source.duration, again.source.file) == (first.source.duration, "b.mp4")
    assert (extent.seconds, extent.gaps, extent.file) == (first.source.duration, (), "a.mp4")


def test_a_file_that_went_away_is_named(context):
    gone = Found(path="/nowhere/a.mp4", file="a.mp4", sha256="0" * 64, terms=Terms(file="a.mp4"))
    (letter,) = Probe(context).work(gone)
    assert (letter.file, letter.reason) == ("a.mp4", "it cannot be read any more: No such file or directory")


def test_what_cannot_be_used_is_called_by_its_content_where_its_name_says_something_else(raw, context):
    making.ffmpeg(
        "-f", "lavfi", "-i", "color=s=64x64:d=1", "-f", "lavfi", "-i", "anullsrc", "-t", "1", "-f", "mpegts", raw / "t.ts"
    )
    data = (raw / "t.ts").read_bytes()
    (raw / "t.ts").unlink()
    (raw / "film.avi").write_bytes(b"".join(data[k : k + 188] for k in range(0, 3 * 188, 188)))
    reasons = {file: letter.reason for file, letter in probed(raw, context).items()}
    assert "by its content it is MPEG-TS" in reasons["film.avi"]
