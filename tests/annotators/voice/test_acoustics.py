"""Acoustic statistics of sound whose pitch, loudness and tempo are known because it was made so."""

import numpy as np
import pytest

from annotators.voice.acoustics import COUNT, NAMED, RATE, loudness, statistics, trimmed

TONE = dict(zip(NAMED, range(len(NAMED)), strict=True))


def voice(hertz, seconds=2.0, level=0.3):
    """Return a voice-like sound: a pitch (Hz, one number or one per sample) with overtones that fall off."""
    count = round(seconds * RATE)
    phase = 2 * np.pi * np.cumsum(np.broadcast_to(hertz, count)) / RATE
    return (level * sum(np.sin(k * phase) / k for k in range(1, 11)) / 2).astype(np.float32)


def named(sound):
    found = statistics(sound)
    assert found.shape == (COUNT,) and np.isfinite(found).all()
    return {name: found[place] for name, place in TONE.items()}


@pytest.mark.parametrize("hertz", [80.0, 110.0, 220.0, 440.0])
def test_the_pitch_of_a_steady_voice_is_heard(hertz):
    told = named(voice(hertz))
    assert told["pitch, semitones over 1 Hz"] == pytest.approx(12 * np.log2(hertz), abs=0.2)
    assert told["pitch, standard deviation in semitones"] < 0.2
    assert told["share of voiced frames"] > 0.95
    assert told["periodicity, mean"] > 0.9


def test_a_rising_voice_rises_by_as_much():
    rise = 200 * 2 ** (np.arange(2 * RATE) / RATE * 3 / 12)
    told = named(voice(rise))
    assert told["pitch, rise in semitones/s"] == pytest.approx(3.0, abs=0.2)
    assert told["pitch, span of 10th to 90th percentile in semitones"] == pytest.approx(0.8 * 6, abs=0.4)


def swelling(level=0.3):
    """Return a voice that swells three times a second."""
    return voice(200.0, 4.0, level) * (0.55 - 0.45 * np.cos(2 * np.pi * 3 * np.arange(4 * RATE) / RATE)).astype(np.float32)


def test_statistics_do_not_depend_on_the_gain():
    assert statistics(swelling(0.01)) == pytest.approx(statistics(swelling(0.9)), abs=1e-3)


def test_what_swells_three_times_a_second_has_so_many_peaks():
    assert named(swelling())["loudness peaks per second"] == pytest.approx(3.0, abs=0.3)


def test_a_pause_in_the_middle_is_told_by_its_share():
    sound = np.concatenate([voice(200.0, 1.0), np.zeros(RATE, np.float32), voice(200.0, 1.0)])
    assert named(sound)["share of pauses"] == pytest.approx(1 / 3, abs=0.03)


@pytest.mark.parametrize("sound", [np.random.default_rng(0).normal(size=RATE) * 0.1, np.ones(RATE) * 0.5])
def test_noise_and_a_constant_are_no_voice(sound):
    assert statistics(sound.astype(np.float32)) is None


def test_loudness_is_that_of_the_loud_parts_in_decibels_under_full_scale():
    sine = np.sin(2 * np.pi * 1000 * np.arange(RATE) / RATE).astype(np.float32)
    assert loudness(sine) == pytest.approx(-3.01, abs=0.05)
    assert loudness(sine * 0.1) == pytest.approx(-23.01, abs=0.05)
    assert loudness(np.concatenate([sine * 0.1, np.zeros(3 * RATE, np.float32)])) == pytest.approx(-23.01, abs=0.2)
    assert loudness(np.zeros(RATE, np.float32)) == -np.inf
    assert loudness(np.zeros(3, np.float32)) == -np.inf


def test_silence_at_either_end_is_cut_off_but_for_a_margin():
    tone = voice(200.0, 1.0)
    sound = np.concatenate([np.zeros(RATE, np.float32), tone, np.zeros(RATE, np.float32)])
    left = trimmed(sound)
    assert len(tone) <= len(left) <= len(tone) + 12 * 160
    assert len(trimmed(np.zeros(RATE, np.float32))) == 0
    assert len(trimmed(np.zeros(0, np.float32))) == 0
