"""LR-ASD, the network that tells whether a face speaks (Liao et al. 2025, "LR-ASD: lightweight and robust network for active
speaker detection"; code and weights MIT).

The layers are those of Junhua-Liao/LR-ASD, with every batch normalisation folded into the convolution before it and the
convolutions over space and over time written as plain ones over two axes. What sees and what hears know nothing of each other;
the back end joins them frame by frame. So both are computed once per face, and the back end as often as is wanted.
"""

# mypy: allow-subclassing-any

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional

from annotators.speaking.mfcc import mfcc

Pictures = npt.NDArray[np.uint8]
Samples = npt.NDArray[np.float32]
RATE = 25
"""Pictures of a face per second."""
PIXELS = 112
"""Sides of the picture of a face."""
STEPS = 4
"""Rows of `mfcc` for each picture."""
WINDOWS = (1, 2, 3, 4, 5, 6)
"""Seconds that the back end is given at once; the score is the mean over all of them, after the makers' own."""
LAGS = (0, -5, -8, 5, *(lag for far in (12, 18, 24, 30, 40, 50, 62, 75, 90) for lag in (far, -far)))
"""Pictures by which the sound is moved (earlier sound is negative); what leaves at one end comes in at the other."""
_MOVED = 0.6
"""Share of a face's pictures by which the sound is moved at most."""
_LAGGED = 3
"""Seconds that the back end is given at once for them."""
_SAMPLES, _TAIL = 640, 240
"""Of sound, per picture; and the rest of the last window of 25 ms."""
_PART, _REACH = 100, 9
"""Pictures seen at once, and on how many to either side one depends."""
_WIDTHS = (1, 32, 64, 128)
_MEAN, _DEVIATION = 0.4161, 0.1688


class _Pair(nn.Module):
    """Two convolutions of `long` and 3 along one axis (or over both), the edges padded with zeros."""

    def __init__(self, widths: tuple[int, int, int], shape: tuple[bool, bool], stride: int = 1) -> None:
        super().__init__()
        sizes = [tuple(size if along else 1 for along in shape) for size in (5, 3)]
        pads = [tuple(size // 2 for size in sides) for sides in sizes]
        self.first = nn.Conv2d(widths[0], widths[1], sizes[0], stride, pads[0])
        self.second = nn.Conv2d(widths[1], widths[2], sizes[1], 1, pads[1])

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(self.second(functional.relu(self.first(x))))


class _Seen(nn.Module):
    """Pictures (frames, channels, height, width): over space, then over time."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.space = _Pair((inputs, outputs // 2, outputs), (True, True), stride)
        self.time = _Pair((outputs, outputs, outputs), (True, False))

    def forward(self, x: Tensor) -> Tensor:
        x = self.space(x)
        frames, channels, height, width = x.shape
        x = self.time(x.permute(1, 0, 2, 3).reshape(1, channels, frames, height * width))
        return x.reshape(channels, frames, height, width).permute(1, 0, 2, 3)


class _Heard(nn.Module):
    """Features (1, channels, coefficients, steps): over the coefficients, then over time."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.tone = _Pair((inputs, outputs // 2, outputs), (True, False))
        self.time = _Pair((outputs, outputs, outputs), (False, True))

    def forward(self, x: Tensor) -> Tensor:
        return self.time(self.tone(x))


class _Gate(nn.Module):
    """What each channel is worth, by all of them together."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weigh = nn.Linear(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.sigmoid(self.weigh(x))


class SpeakingNet(nn.Module):
    """Pictures and sound of one face to logits, one per picture; above 0 the face speaks."""

    def __init__(self) -> None:
        super().__init__()
        pairs = list(pairwise(_WIDTHS))
        self.seen = nn.ModuleList(_Seen(a, b, 2 if k == 0 else 1) for k, (a, b) in enumerate(pairs))
        self.heard = nn.ModuleList(_Heard(a, b) for a, b in pairs)
        self.gate = _Gate(256)
        self.ahead = nn.GRU(256, 64, batch_first=True)
        self.back = nn.GRU(256, 64, batch_first=True)
        self.last_gate = _Gate(128)
        self.speaks = nn.Linear(128, 2)
        self.moves = nn.Linear(128, 2)

    @classmethod
    def read(cls, folder: Path) -> SpeakingNet:
        """Return the network on the weights of a model folder."""
        net = cls()
        net.load_state_dict(load_file(folder / "lr-asd.safetensors"), strict=True)
        net.eval()
        return net

    def see(self, faces: Tensor) -> Tensor:
        """Return (frames, 128) of grey pictures (frames, 112, 112), 0 to 255."""
        x = (faces[:, None] / 255 - _MEAN) / _DEVIATION
        for number, block in enumerate(self.seen):
            x = block(x)
            if number < 2:
                x = functional.max_pool2d(x, 3, 2, 1)
        return x.amax(dim=(2, 3))

    def hear(self, features: Tensor) -> Tensor:
        """Return (steps / 4, 128) of features (steps, 13), 100 a second."""
        x = features.T[None, None]
        for number, block in enumerate(self.heard):
            x = block(x)
            if number < 2:
                x = functional.max_pool2d(x, (1, 3), (1, 2), (0, 1))
        return x.mean(dim=2)[0].T

    def join(self, heard: Tensor, seen: Tensor) -> Tensor:
        """Return the logits (..., frames) that the face speaks, of both (..., frames, 128)."""
        x = self.gate(torch.cat([heard, seen], dim=-1))
        x = x if x.dim() == 3 else x[None]
        ahead, _ = self.ahead(x)
        back, _ = self.back(x.flip(1))
        told = self.speaks(self.last_gate(torch.cat([ahead, back.flip(1)], dim=-1)))[..., 1]
        return told if heard.dim() == 3 else told[0]

    def look_only(self, seen: Tensor) -> Tensor:
        """Return the logits (frames,) that the mouth moves as if it spoke, whatever is heard."""
        return self.moves(seen)[..., 1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What the network says of one face without a break: one logit per picture, and how well the sound fits where it is."""

    scores: Samples
    """That it speaks."""
    moves: Samples
    """That it moves as if it spoke, whatever is heard."""
    fits: npt.NDArray[np.float64]
    """Sum of the logits over pictures with speech, one per lag of `LAGS`; the speech is moved with the sound."""
    pictures: npt.NDArray[np.int64]
    """How many pictures that are."""


def look(net: SpeakingNet, faces: Pictures, sound: Samples, first: int, speech: npt.NDArray[np.bool_]) -> Looked:
    """Return what the network says of the pictures (pictures, 112, 112) of a face, on the threads that torch works on.

    Picture 0 is shown at `first` / 25 seconds of the sound (mono, 16 kHz); `speech` tells for each picture whether the clip's
    speaker is heard. Logits are means with two pictures on either side.
    """
    count = len(faces)
    heard = np.asarray(sound[first * _SAMPLES : (first + count) * _SAMPLES + _TAIL], np.float32)
    heard = np.pad(heard, (0, count * _SAMPLES + _TAIL - len(heard)))
    with torch.inference_mode():
        told = net.hear(torch.from_numpy(mfcc(heard)[: count * STEPS]))
        seen = torch.cat(list(_seen(net, faces)))
        scores = torch.stack([_windowed(net, told, seen, seconds * RATE) for seconds in WINDOWS]).mean(dim=0)
        moved = torch.stack([torch.roll(told, -lag, 0) for lag in LAGS])
        lagged = _windowed(net, moved, seen.expand(len(LAGS), -1, -1), _LAGGED * RATE).numpy().astype(np.float64)
        moves = net.look_only(seen)
    masks = np.stack([np.roll(speech, -lag) & (abs(lag) <= _MOVED * count) for lag in LAGS])
    fits, pictures = (lagged * masks).sum(axis=1), masks.sum(axis=1)
    return Looked(scores=_smooth(scores.numpy()), moves=_smooth(moves.numpy()), fits=fits, pictures=pictures)


def _seen(net: SpeakingNet, faces: Pictures) -> Iterator[Tensor]:
    """Yield what is seen, a part at a time: the same as all at once, in less memory."""
    for start in range(0, len(faces), _PART):
        low, high = max(0, start - _REACH), min(len(faces), start + _PART + _REACH)
        yield net.see(torch.from_numpy(faces[low:high].astype(np.float32)))[start - low : start - low + _PART]


def _windowed(net: SpeakingNet, heard: Tensor, seen: Tensor, longest: int) -> Tensor:
    """Return the logits where the back end is given stretches of about `longest` pictures, all of about one length."""
    pictures = seen.shape[-2]
    count = max(1, round(pictures / longest))
    edges = [round(k * pictures / count) for k in range(count + 1)]
    return torch.cat([net.join(heard[..., a:b, :], seen[..., a:b, :]) for a, b in pairwise(edges)], dim=-1)


def _smooth(series: Samples) -> Samples:
    near = np.lib.stride_tricks.sliding_window_view(np.pad(series, 2, mode="edge"), 5)
    smooth: Samples = near.mean(axis=1, dtype=np.float32)
    return smooth
