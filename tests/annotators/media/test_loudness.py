"""How loud a sound is: EBU R 128 says what some sounds have."""

import pytest

from annotators.media.loudness import integrated_loudness
from tests.support import making


def tone(out, decibels, seconds=5):
    making.ffmpeg("-f", "lavfi", "-i", f"sine=f=997:r=48000:d={seconds},volume={8 * 10 ** (decibels / 20)}", "-ac", 1, out)
    return out


@pytest.mark.parametrize("decibels", [-20, -35])
def test_a_tone_of_997_hz_is_as_loud_as_the_recommendation_says(tmp_path, decibels):
    """A sine of 997 Hz in one channel measures its level less 3.01 LU (ITU-R BS.1770-4)."""
    assert integrated_loudness(tone(tmp_path / "a.wav", decibels)) == pytest.approx(decibels - 3.01, abs=0.15)


def test_silence_has_no_loudness(tmp_path):
    making.ffmpeg("-f", "lavfi", "-i", "anullsrc=r=16000:cl=mono", "-t", 3, tmp_path / "a.wav")
    assert integrated_loudness(tmp_path / "a.wav") is None
