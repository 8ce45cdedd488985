"""Subtitles inside a media file, made by ffmpeg: which streams are text, what the file says of them, and when they are shown."""

import subprocess

import pytest

from annotators.media.decoder import probe
from annotators.media.subtitle_streams import stream_text
from annotators.speech.subtitles import shown_texts
from tests.support import making

SRT = "1\n00:00:00,500 --> 00:00:01,500\nHello, there\n"


def filmed(place, codec, *more, text=SRT):
    making.video(place.with_name("bare.mp4"), seconds=2.0)
    place.with_name("words.srt").write_text(text)
    inputs = ["-i", place.with_name("bare.mp4"), "-i", place.with_name("words.srt")]
    maps = ["-map", "0", "-map", "1", "-c", "copy", "-c:s", codec]
    subprocess.run(["ffmpeg", "-y", "-loglevel", "error", *inputs, *maps, *more, place], check=True)
    return place


@pytest.mark.parametrize(
    ("name", "codec"), [("a.mkv", "srt"), ("a.mkv", "ass"), ("a.mkv", "webvtt"), ("a.mp4", "mov_text"), ("a.mov", "mov_text")]
)
def test_text_is_shown_when_it_was_shown(tmp_path, name, codec):
    path = filmed(tmp_path / name, codec, "-metadata:s:s:0", "language=eng")
    info = probe(path)
    (stream,) = info.subtitles
    assert stream.marks.language == "en"
    (shown,) = shown_texts(stream_text(path, stream.index, info.origin))
    assert shown.lines == ("Hello, there",)
    begun = info.video.start
    assert (shown.span.start - begun, shown.span.end - begun) == pytest.approx((0.5, 1.5), abs=0.012)


def test_times_count_from_the_start_of_the_source_where_its_clock_begins_late(tmp_path):
    path = filmed(tmp_path / "a.mkv", "srt", "-output_ts_offset", "100")
    info = probe(path)
    assert info.origin == pytest.approx(100.0, abs=0.1)
    (shown,) = shown_texts(stream_text(path, info.subtitles[0].index, info.origin))
    assert shown.span.start == pytest.approx(0.5, abs=0.03)


def test_what_a_file_says_of_its_subtitles_is_believed(tmp_path):
    forced = filmed(tmp_path / "a.mkv", "srt", "-disposition:s:0", "forced", "-metadata:s:s:0", "language=und")
    (stream,) = probe(forced).subtitles
    assert (stream.marks.forced, stream.marks.language, stream.marks.deaf) == (True, None, False)
    deaf = filmed(tmp_path / "b.mkv", "srt", "-metadata:s:s:0", "title=English SDH", "-metadata:s:s:0", "language=English")
    (stream,) = probe(deaf).subtitles
    assert (stream.marks.deaf, stream.marks.language) == (True, "en")


def test_comments_on_a_film_are_not_its_words(tmp_path):
    assert probe(filmed(tmp_path / "a.mkv", "srt", "-disposition:s:0", "comment")).subtitles == ()
