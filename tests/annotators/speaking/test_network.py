import numpy as np
import pytest
import torch

from annotators.models import local
from annotators.speaking.network import LAGS, RATE, SpeakingNet, look


@pytest.fixture(scope="module")
def net():
    local.fetch("lr-asd")
    return SpeakingNet.read(local.path("lr-asd"))


def pictures(count, seed=0):
    return np.random.default_rng(seed).integers(0, 255, (count, 112, 112), dtype=np.uint8)


def sound(seconds, seed=0):
    return (np.random.default_rng(seed).normal(size=round(seconds * 16000)) * 0.1).astype(np.float32)


def test_each_picture_gets_a_logit_and_each_lag_its_sum(net):
    told = look(net, pictures(60), sound(3), 5, np.ones(60, np.bool_))
    assert told.scores.shape == told.moves.shape == (60,)
    assert len(told.fits) == len(LAGS)
    # Of 60 pictures the sound is moved by 36 at most.
    assert [bool(n) for n in told.pictures] == [abs(lag) <= 36 for lag in LAGS]


def test_what_the_makers_own_code_says_of_the_same_tensors(net):
    """The sums of what Junhua-Liao/LR-ASD 1b6dcd2 says with weight/pretrain_AVA.model of ones and ramps."""
    faces = torch.arange(8 * 112 * 112, dtype=torch.float32).reshape(8, 112, 112) % 251
    steps = torch.sin(torch.arange(32 * 13, dtype=torch.float32)).reshape(32, 13) * 10
    with torch.inference_mode():
        seen, heard = net.see(faces), net.hear(steps)
        told, moves = net.join(heard, seen), net.look_only(seen)
    measured = [float(seen.sum()), float(heard.sum()), *(float(x) for x in told[:3]), float(moves[0])]
    assert measured == pytest.approx([706.257, 233.5764, -2.101, -2.1551, -2.6402, -0.358], abs=2e-3, rel=1e-4)


def test_parts_are_seen_as_the_whole_is(net):
    faces = pictures(130)
    with torch.inference_mode():
        whole = net.see(torch.from_numpy(faces.astype(np.float32)))
    from annotators.speaking.network import _seen

    with torch.inference_mode():
        parts = torch.cat(list(_seen(net, faces)))
    torch.testing.assert_close(parts, whole, atol=1e-4, rtol=1e-4)


def test_no_sound_at_the_end_is_silence_and_no_error(net):
    told = look(net, pictures(RATE), sound(0.5), 0, np.zeros(RATE, np.bool_))
    assert np.isfinite(told.scores).all()
    assert not told.pictures.any()
