"""Fingerprints of media made on the spot: as many codes as there is time, none of silence and black or of what is too short."""

import pytest

from annotators.scene.fingerprints_chromaprint import REACH
from tests.support.encoded import prints
from tests.support.making import ffmpeg

NOISE = "anoisesrc=color=pink:seed=1:sample_rate=48000:duration={}"
PICTURE = "testsrc2=size=320x240:rate=25:duration={}"


def made(place, seconds, sound=NOISE, picture=PICTURE):
    """Write a file of that length and return its fingerprints by stream."""
    inputs = [part for source in (picture, sound) if source for part in ("-f", "lavfi", "-i", source.format(seconds))]
    ffmpeg(*inputs, "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac", place)
    return {one.stream: one for one in prints(place)}


def codes(told):
    data, width = bytes.fromhex(told.codes), told.bits // 8
    return [data[place : place + width] for place in range(0, len(data), width)]


def test_there_are_as_many_codes_as_there_is_time(tmp_path):
    told = made(tmp_path / "a.mp4", 12)
    for one in told.values():
        assert len(codes(one)) == pytest.approx((12 - one.reach) * one.rate, abs=2)
        assert all(any(code) for code in codes(one))


@pytest.mark.parametrize("seconds", [0.04, 0.5, 1.5, 2.5])
def test_sound_that_is_too_short_has_no_code_and_pictures_have_theirs(seconds, tmp_path):
    assert seconds < REACH
    told = made(tmp_path / "a.mp4", seconds)
    assert codes(told["audio"]) == []
    assert len(codes(told["video"])) == pytest.approx(seconds * told["video"].rate, abs=1.01)


def test_silence_and_black_say_nothing(tmp_path):
    silence, black = "anullsrc=r=48000:cl=mono:d={}", "color=black:size=320x240:rate=25:duration={}"
    for one in made(tmp_path / "a.mp4", 8, silence, black).values():
        assert codes(one)
        assert not any(map(any, codes(one)))


def test_a_stream_that_is_not_there_has_no_fingerprint(tmp_path):
    assert list(made(tmp_path / "a.m4a", 5, picture=None)) == ["audio"]
    assert list(made(tmp_path / "a.mp4", 5, sound=None)) == ["video"]
