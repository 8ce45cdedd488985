"""How well lips follow a voice, on made-up lips and sound; who speaks is decided in `targets.lips`."""

import numpy as np
import pytest

from annotators.face.lip_speech import loudness_at, measure
from tests.support.seen import face

RATE, FRAMES, SECONDS = 16000, 12, 6
TIMES = tuple(k / FRAMES for k in range(FRAMES * SECONDS))
TALK = np.clip(np.sin(np.arange(len(TIMES)) * 1.7) + np.sin(np.arange(len(TIMES)) * 0.45), 0, None) / 2
ALL = np.ones(len(TIMES), bool)


def sounding(envelope):
    """Return noise that is as loud as the envelope."""
    noise = np.random.default_rng(0).normal(size=SECONDS * RATE)
    return (np.interp(np.arange(SECONDS * RATE) / RATE, TIMES, envelope) * noise * 0.3).astype(np.float32)


def test_loudness_is_the_root_of_the_amplitude_around_a_time():
    sound = np.concatenate([np.zeros(RATE), np.full(RATE, 0.25)]).astype(np.float32)
    assert loudness_at(sound, RATE, np.array([0.5, 1.5, 1.99])) == pytest.approx([0.0, 0.5, 0.5])
    assert loudness_at(sound, RATE, np.array([5.0])) == pytest.approx([0.0])


def test_lips_that_go_with_the_sound_follow_and_those_of_another_moment_do_not():
    sound = sounding(TALK**2)
    with_it, late = (measure(face("F0", TIMES, lips), sound, RATE, ALL) for lips in (TALK, np.roll(TALK, 25)))
    assert with_it.follows > 0.6 > late.follows + 0.3
    assert with_it.travel == pytest.approx(np.diff(np.percentile(TALK, (10, 90)))[0])


def test_lips_that_keep_still_travel_nowhere_and_follow_nothing():
    lips = measure(face("F0", TIMES, [0.1] * len(TIMES)), sounding(TALK**2), RATE, ALL)
    assert (lips.travel, lips.follows) == (0.0, 0.0)


def test_only_the_samples_in_use_are_measured_and_their_time_is_told():
    use = np.arange(len(TIMES)) < 24
    assert measure(face("F0", TIMES, TALK), sounding(TALK**2), RATE, use).seconds == 2.0


@pytest.mark.parametrize("samples", [0, 7])
def test_too_few_samples_are_not_measured(samples):
    use = np.arange(len(TIMES)) < samples
    assert measure(face("F0", TIMES, TALK), sounding(TALK**2), RATE, use) is None


def test_a_face_without_a_mesh_or_beyond_the_end_of_the_sound_is_not_measured():
    assert measure(face("F0", TIMES), sounding(TALK**2), RATE, ALL) is None
    assert measure(face("F0", TIMES, TALK), sounding(TALK**2)[: RATE // 2], RATE, ALL) is None
