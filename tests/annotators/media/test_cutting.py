"""Cutting: right to the frame, picture and sound in step, the same bytes every time."""

import shutil

import numpy as np
import pytest

from annotators.media import cutting, decoder, processes
from annotators.media.cutting import CutSettings, cut, cut_audio
from annotators.media.packets import read_packets
from schemas.errors import ItemError
from schemas.values import Span
from tests.support import making

SPANS = (Span(start=1.92, end=4.5), Span(start=2.013, end=6.731))


def check(path, span, out, settings):
    shown, heard = making.marks_of(path)
    made = cut(path, decoder.probe(path), span, out, settings)
    flashes, beeps = making.marks_of(out)
    inside = [at for at in shown if made.actual.start - 0.001 <= at < made.actual.end - 0.05]
    assert [at + made.actual.start for at in flashes] == pytest.approx(inside, abs=1 / made.fps)
    steps = [(h - s) for s, h in zip(shown, heard, strict=True) if s in inside]
    assert [b - f for f, b in zip(flashes, beeps, strict=True)] == pytest.approx(steps, abs=0.04)
    return made


@pytest.mark.parametrize("span", SPANS, ids=str)
@pytest.mark.parametrize("shape", making.SHAPES)
def test_a_cut_is_right_to_the_frame_and_in_step(shape, span, shaped, tmp_path):
    made = check(shaped(shape), span, tmp_path / "out.mp4", CutSettings())
    assert -0.002 <= span.start - made.actual.start < 1 / made.fps
    assert abs(span.end - made.actual.end) <= 1 / made.fps
    told = processes.ask(tmp_path / "out.mp4", "-count_frames", "-show_streams")["streams"]
    assert int(told[0]["nb_read_frames"]) == made.frames
    assert (told[0]["r_frame_rate"], told[0]["pix_fmt"]) == (told[0]["avg_frame_rate"], "yuv420p")


@pytest.mark.parametrize("length", [3.0, 5.0, 2.345])
def test_picture_and_sound_are_equally_long(length, plain, tmp_path):
    cut(plain, decoder.probe(plain), Span(start=0.5, end=0.5 + length), tmp_path / "out.mp4", CutSettings())
    picture, sound = (float(stream["duration"]) for stream in processes.ask(tmp_path / "out.mp4", "-show_streams")["streams"])
    assert picture == pytest.approx(sound, abs=0.01)


@pytest.mark.parametrize("span", SPANS, ids=str)
@pytest.mark.parametrize("rate", ["1", "2", "5", "12", "15", "24000/1001", "24", "0.4 on average"])
def test_bounds_are_those_of_the_span_whatever_the_source_s_rate(rate, span, tmp_path):
    path = making.seldom(tmp_path / "a.mp4") if rate.endswith("average") else making.video(tmp_path / "a.mp4", rate=rate)
    made = cut(path, decoder.probe(path), span, tmp_path / "out.mp4", CutSettings())
    assert -0.001 < span.start - made.actual.start <= 0.04
    assert abs(span.end - made.actual.end) <= 0.04
    flashes, beeps = making.marks_of(tmp_path / "out.mp4")
    wanted = [at for at in making.MARKS if span.start < at < span.end]
    assert [at + made.actual.start for at in beeps] == pytest.approx(wanted, abs=0.01)
    shown = [at for at in making.marks_of(path)[0] if made.actual.start < at < made.actual.end]
    assert [at + made.actual.start for at in flashes if at > 0] == pytest.approx(shown, abs=0.021)
    video = decoder.probe(tmp_path / "out.mp4").video
    assert (made.frames / made.fps, float(video.rate)) == pytest.approx((made.actual.duration, made.fps), abs=1e-5)


@pytest.mark.parametrize(("rate", "written"), [("1", 25), ("2", 26), ("5", 25), ("12", 36), ("24", 24), ("25", 25), ("30", 30)])
def test_each_picture_of_few_is_shown_a_whole_number_of_times(rate, written, tmp_path):
    video = decoder.probe(making.video(tmp_path / "a.mp4", rate=rate)).video
    assert cutting.constant_rate(video, 60.0) == written
    assert cutting.constant_rate(video, 20.0) <= 20


def test_no_speech_is_cut_off_where_the_plan_wants_few_pictures(plain, tmp_path):
    made = cut(plain, decoder.probe(plain), Span(start=1.92, end=4.4), tmp_path / "out.mp4", CutSettings(max_rate=2.0))
    assert made.fps <= 2.0
    assert -0.001 < 1.92 - made.actual.start <= 0.04
    assert made.actual.end >= 4.4 - 0.04


def test_a_copy_grows_to_the_key_frame(plain, tmp_path):
    made = check(plain, Span(start=2.1, end=4.5), tmp_path / "out.mp4", CutSettings(mode="copy"))
    assert made.actual.start == 2.0


@pytest.mark.parametrize("rate", ["1", "2", "5", "25"])
def test_a_copy_ends_where_its_sound_does_however_long_its_last_pictures_stand(rate, tmp_path):
    path, span = making.video(tmp_path / "a.mp4", rate=rate), Span(start=2.1, end=4.5)
    made = cut(path, decoder.probe(path), span, tmp_path / "out.mp4", CutSettings(mode="copy"))
    (sound,) = processes.ask(tmp_path / "out.mp4", "-show_streams", "-select_streams", "a")["streams"]
    assert made.actual.start <= span.start
    assert made.actual.end == span.end == pytest.approx(made.actual.start + float(sound["duration"]), abs=0.03)


def test_a_picture_that_stands_at_the_start_is_the_first(tmp_path):
    path = making.variable(tmp_path / "a.mp4")
    cut(path, decoder.probe(path), Span(start=2.7, end=3.5), tmp_path / "out.mp4", CutSettings())
    assert next(decoder.frames(tmp_path / "out.mp4", 25, width=32)).image.mean() > 128


def test_two_cuts_have_the_same_bytes_whatever_the_names(tmp_path):
    plain = making.video(tmp_path / "a.mp4")
    (tmp_path / "other: %d").mkdir()
    hostile = tmp_path / "other: %d" / making.HOSTILE
    shutil.copy(plain, hostile)
    made = []
    for path, name in ((plain, "x"), (hostile, "-y:%03d")):
        video, audio = path.parent / f"{name}.mp4", path.parent / f"{name}.flac"
        cut(path, decoder.probe(path), SPANS[0], video, CutSettings())
        cut_audio(path, decoder.probe(path), SPANS[0], audio)
        made.append((video.read_bytes(), audio.read_bytes()))
    assert made[0] == made[1]


def test_sizes_are_even_turned_and_square(tmp_path):
    odd, whole = making.video(tmp_path / "odd.mp4", size="321x241"), making.video(tmp_path / "a.mp4")
    for path, size in ((odd, (322, 242)), (making.rotated(tmp_path / "r.mp4", whole), (240, 320))):
        made = cut(path, decoder.probe(path), SPANS[0], tmp_path / "out.mp4", CutSettings())
        video = decoder.probe(tmp_path / "out.mp4").video
        assert (made.width, made.height) == size == (video.width, video.height)
        assert video.rotation == 0


@pytest.mark.parametrize("suffix", ["wav", "mp3", "flac", "m4a"])
def test_the_sound_of_a_clip_is_what_the_annotators_heard(suffix, tmp_path):
    path, span = making.spoken(tmp_path / f"a.{suffix}"), Span(start=2.013, end=6.731)
    cut_audio(path, decoder.probe(path), span, tmp_path / "out.flac")
    samples, heard = decoder.audio(tmp_path / "out.flac"), decoder.audio(path, span)
    assert len(samples) == round(span.duration * 16000) == len(heard)
    assert np.abs(samples - heard)[160:-160].max() < 0.01


def test_what_is_not_there_is_not_cut(tmp_path):
    path, silent = making.spoken(tmp_path / "a.wav"), making.silent(tmp_path / "s.mp4")
    with pytest.raises(ItemError, match="it has no picture"):
        cut(path, decoder.probe(path), SPANS[0], tmp_path / "out.mp4", CutSettings())
    with pytest.raises(ItemError, match="it has no sound"):
        cut_audio(silent, decoder.probe(silent), SPANS[0], tmp_path / "out.flac")
    with pytest.raises(ItemError, match=r"no picture between 9\.00 s and 10\.00 s"):
        cut(silent, decoder.probe(silent), Span(start=9, end=10), tmp_path / "out.mp4", CutSettings())
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.wav", "s.mp4"]


def test_a_cut_that_fails_leaves_nothing_behind(plain, tmp_path):
    with pytest.raises(ItemError):
        cut(plain, decoder.probe(plain), SPANS[0], tmp_path / "out.mp4", CutSettings(preset="no such preset"))
    assert list(tmp_path.iterdir()) == []


def test_a_variable_rate_becomes_a_smooth_one(tmp_path):
    video = decoder.probe(making.variable(tmp_path / "v.mp4")).video
    assert cutting.constant_rate(video, 60) == 25
    assert cutting.constant_rate(decoder.probe(making.video(tmp_path / "c.mp4", rate="50")).video, 30) == 25


@pytest.mark.parametrize("suffix", ["flv", "mkv", "ts", "mov", "mp4"])
@pytest.mark.parametrize("start", [0.03, 0.8, 2.2])
def test_a_span_is_cut_out_of_a_file_with_one_key_frame_and_no_index(tmp_path, suffix, start):
    path = tmp_path / f"a.{suffix}"
    coded = ["-c:v", "libx264", "-g", 500, "-bf", 0, "-c:a", "aac"]
    making.ffmpeg("-i", making.video(tmp_path / "whole.mp4", seconds=4.0), *coded, path)
    info = decoder.probe(path)
    made = cut(path, info, Span(start=start, end=start + 1.5), tmp_path / "clip.mp4", CutSettings())
    assert made.actual.duration == pytest.approx(1.5, abs=0.05)
    held = [next(one for one in marks if start < one < start + 1.3) for marks in making.marks_of(path)]
    found = [marks[0] + made.actual.start for marks in making.marks_of(tmp_path / "clip.mp4")]
    assert found == pytest.approx(held, abs=0.04)


@pytest.mark.parametrize(("suffix", "codec"), [("mp4", "libx264"), ("avi", "mpeg4"), ("ts", "mpeg2video"), ("mov", "mjpeg")])
def test_a_clip_of_damaged_pictures_is_told_and_those_beside_it_are_whole(suffix, codec, tmp_path):
    path, broken = tmp_path / f"a.{suffix}", tmp_path / f"b.{suffix}"
    moving = ("-f", "lavfi", "-i", "testsrc2=s=320x240:r=25:d=12", "-c:v", codec, "-g", 25)
    making.ffmpeg(*moving, "-pix_fmt", "yuvj420p" if codec == "mjpeg" else "yuv420p", path)
    data, packets = bytearray(path.read_bytes()), read_packets(path)
    hurt = [place for place in packets.of(0) if 4.0 < packets.decoded[place] - packets.decoded[0] < 5.0]
    for place in hurt:
        for share in (0.3, 0.5, 0.8):
            data[int(packets.place[place] + share * packets.size[place])] ^= 0xFF
    broken.write_bytes(data)
    spans = (Span(start=1.0, end=3.0), Span(start=3.5, end=5.5), Span(start=8.0, end=10.0))
    made = [cut(broken, decoder.probe(broken), span, tmp_path / "clip.mp4", CutSettings(preset="ultrafast")) for span in spans]
    assert [one.damaged for one in made] == [False, True, False]
