"""The network of voices: features of known sounds, and embeddings that know the voice and not the gain."""

import numpy as np
import pytest
import torch

from annotators.speech.ecapa import DIMENSION, MIN_SAMPLES, SAMPLE_RATE, Ecapa, FilterBank, mel_filters


def tone(hertz, seconds=1.0):
    return torch.from_numpy(np.sin(2 * np.pi * hertz * np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE).astype(np.float32))


def test_filters_are_triangles_that_rise_to_one_and_leave_the_ends_alone():
    filters = mel_filters()
    assert filters.shape == (201, 80)
    assert filters.min() == 0.0
    assert 0.1 < filters.amax(dim=0).min() <= filters.max() <= 1.0
    peaks = filters.argmax(dim=0)
    assert (peaks.diff() >= 0).all() and peaks[-1] < 200


@pytest.mark.parametrize("hertz", [500.0, 1000.0, 4000.0])
def test_a_tone_stands_in_the_band_of_its_pitch(hertz):
    bank = FilterBank()
    power = torch.stft(tone(hertz)[None], 400, 160, 400, bank.window, return_complex=True).abs().square().mean(dim=2)
    band = (power @ bank.filters).argmax()
    assert abs(bank.filters[:, band].argmax() * SAMPLE_RATE / 400 - hertz) <= 150


def test_features_have_a_mean_of_zero_over_time_and_do_not_know_the_gain():
    bank, sound = FilterBank(), torch.stack([tone(300) + 0.5 * tone(1500), 0.1 * (tone(300) + 0.5 * tone(1500))])
    features = bank(sound)
    assert features.shape == (2, 80, 101)
    assert features.mean(dim=2).abs().max() < 1e-3
    assert torch.allclose(features[0], features[1], atol=1e-2)


def test_an_embedding_is_made_of_the_shortest_recording_and_alike_in_a_batch():
    torch.manual_seed(0)
    net = Ecapa().eval()
    sounds = torch.randn(3, MIN_SAMPLES)
    with torch.inference_mode():
        together = net(sounds)
        alone = torch.cat([net(one[None]) for one in sounds])
    assert together.shape == (3, DIMENSION)
    assert torch.allclose(together, alone, atol=1e-4)
    assert not torch.allclose(together[0], together[1], atol=1e-2)
