"""Fingerprints of pictures: one code for each tick of the rate, none of black."""

import numpy as np
import pytest

from annotators.scene.fingerprints_phash import BITS, PhashFingerprints
from schemas.record import Origin, Source
from tests.annotators.scene.fingerprinted import codes, made
from tests.support.making import X264, ffmpeg, late_picture


def seen(place, **settings):
    origin = Origin(source_id="0" * 16, sha256="0" * 64, file=place.name, duration=8.0, streams="audio+video")
    ((told,),) = PhashFingerprints(**settings).annotate(None, [Source(source=origin, path=str(place))])
    return told


def apart(one, other):
    """Return the share of bits in which two codes differ."""
    return np.bitwise_count(np.frombuffer(one, np.uint8) ^ np.frombuffer(other, np.uint8)).sum() / BITS


@pytest.mark.parametrize("seconds", [0.04, 0.5, 2.5, 12])
def test_there_are_as_many_codes_as_there_is_time(seconds, tmp_path):
    told = made(tmp_path / "a.mp4", seconds, sound=None)["video"]
    assert (told.rate, told.reach, told.bits) == (2.0, 0.5, 256)
    assert len(codes(told)) == pytest.approx(seconds * told.rate, abs=1.01)
    assert all(any(code) for code in codes(told))


def test_black_says_nothing(tmp_path):
    told = made(tmp_path / "a.mp4", 4, picture="color=black:size=320x240:rate=25:duration={}")["video"]
    assert codes(told)
    assert not any(map(any, codes(told)))


def test_a_picture_that_comes_late_has_codes_of_nothing_before_it(tmp_path):
    told = codes(seen(late_picture(tmp_path / "a.mp4", 1.6), contrast=0.0))
    assert len(told) == pytest.approx(16, abs=1)
    assert not any(map(any, told[:3]))
    assert all(map(any, told[4:]))


def test_the_same_picture_smaller_and_darker_has_nearly_the_same_code_and_another_has_not(tmp_path):
    def shown(name, change):
        made_of = ("-f", "lavfi", "-i", "testsrc2=size=640x480:rate=2:duration=2")
        ffmpeg(*made_of, "-vf", change, *X264, tmp_path / name)
        return codes(seen(tmp_path / name))[0]

    whole, small, other = shown("a.mp4", "null"), shown("b.mp4", "scale=320:240,eq=brightness=-0.1"), shown("c.mp4", "hflip")
    assert apart(whole, small) < 0.2
    assert apart(whole, other) > 0.4


def test_without_picture_there_is_no_fingerprint(tmp_path):
    assert "video" not in made(tmp_path / "a.m4a", 5, picture=None)
