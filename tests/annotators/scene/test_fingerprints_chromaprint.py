"""Fingerprints of sound: as many codes as there is time, none of silence or of what is too short."""

import subprocess

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotators.scene.fingerprints_chromaprint import RATE, REACH, ChromaprintFingerprints, near
from schemas.errors import UsageError
from tests.annotators.scene.fingerprinted import codes, made
from tests.support.encoded import prints
from tests.support.making import ffmpeg


def after_silence(place, source):
    """Return the codes of 6 s of silence and 6 s of a sound."""
    silence, sound = "anullsrc=r=48000:cl=mono:d=6", f"{source}:duration=6"
    ffmpeg("-f", "lavfi", "-i", silence, "-f", "lavfi", "-i", sound, "-filter_complex", "concat=n=2:v=0:a=1", place)
    (one,) = prints(place)
    return codes(one)


def differ(one, other):
    """Return the share of bits in which two codes differ."""
    return (int.from_bytes(one) ^ int.from_bytes(other)).bit_count() / 32


def test_there_are_as_many_codes_as_there_is_time(tmp_path):
    told = made(tmp_path / "a.m4a", 12, picture=None)["audio"]
    assert (told.rate, told.reach, told.bits) == (RATE, REACH, 32)
    assert len(codes(told)) == pytest.approx((12 - REACH) * RATE, abs=2)
    assert all(any(code) for code in codes(told))


@pytest.mark.parametrize("seconds", [0.04, 0.5, 1.5, 2.5])
def test_sound_that_is_too_short_has_no_code(seconds, tmp_path):
    assert seconds < REACH
    assert codes(made(tmp_path / "a.m4a", seconds, picture=None)["audio"]) == []


def test_silence_says_nothing(tmp_path):
    told = made(tmp_path / "a.m4a", 8, "anullsrc=r=48000:cl=mono:d={}", None)["audio"]
    assert codes(told)
    assert not any(map(any, codes(told)))


def test_sounds_that_set_in_after_silence_are_not_alike_by_that(tmp_path):
    noise, tone = (
        after_silence(tmp_path / f"{name}.wav", source)
        for name, source in (("noise", "anoisesrc=color=pink:seed=1:sample_rate=48000"), ("tone", "sine=sample_rate=48000"))
    )
    both = [(one, other) for one, other in zip(noise, tone, strict=True) if any(one) or any(other)]
    assert len(both) > 4 * RATE
    assert all(differ(one, other) > 0.25 for one, other in both)


def test_without_sound_there_is_no_fingerprint(tmp_path):
    assert "audio" not in made(tmp_path / "a.mp4", 5, sound=None)


@given(st.lists(st.booleans(), max_size=30), st.integers(0, 9))
def test_near_are_the_places_that_a_marked_one_is_at_most_so_many_steps_from(marked, steps):
    found = near(np.array(marked, bool), steps) if marked else np.zeros(0, bool)
    places = [place for place, one in enumerate(marked) if one]
    assert found.tolist() == [any(abs(place - one) <= steps for one in places) for place in range(len(marked))]


def test_an_ffmpeg_without_chromaprint_is_refused_before_the_build(tmp_path, monkeypatch):
    ChromaprintFingerprints().check()
    (tmp_path / "ffmpeg").write_text("#!/bin/sh\necho ' E wav'\n")
    (tmp_path / "ffmpeg").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert subprocess.run(["ffmpeg"], capture_output=True, check=True).stdout == b" E wav\n"
    with pytest.raises(UsageError, match=r"fingerprints\.chromaprint: this ffmpeg has no Chromaprint"):
        ChromaprintFingerprints().check()
