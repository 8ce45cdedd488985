import numpy as np

from annotators.speaking.mfcc import COEFFICIENTS, mfcc


def test_a_second_gives_a_hundred_steps_but_the_last_window():
    assert mfcc(np.zeros(16000, np.float32)).shape == (99, COEFFICIENTS)
    assert mfcc(np.zeros(16240, np.float32)).shape == (100, COEFFICIENTS)


def test_a_tone_has_the_coefficients_that_python_speech_features_gives():
    tone = (0.5 * np.sin(2 * np.pi * 440 * np.arange(16000) / 16000)).astype(np.float32)
    # python_speech_features 0.6: mfcc(int16 samples, 16000, numcep=13, winlen=0.025, winstep=0.010)[50]
    expected = [20.5, 19.508, 2.643, -13.183, -26.17, -32.525, -28.682, -17.671, -2.367, 10.795, 18.888, 18.676, 12.392]
    np.testing.assert_allclose(mfcc(tone)[50], expected, atol=2e-3)


def test_louder_sound_changes_the_energy_alone():
    noise = (np.random.default_rng(0).normal(size=8000) * 0.05).astype(np.float32)
    quiet, loud = mfcc(noise), mfcc(noise * 4)
    np.testing.assert_allclose(loud[:, 0] - quiet[:, 0], 2 * np.log(4), atol=0.02)
    np.testing.assert_allclose(loud[:, 1:], quiet[:, 1:], atol=0.5)
