"""ECAPA-TDNN, the network that turns a voice into a vector (Desplanques et al. 2020, arXiv:2005.07143).

Layer for layer the network that SpeechBrain trained on VoxCeleb (`speechbrain/spkrec-ecapa-voxceleb`, Apache-2.0), with the
filter bank of that recipe, so that its state dictionary loads strictly; embeddings differ from SpeechBrain's 1.1 by less than
1e-6 of their length. SpeechBrain itself is not installed for these lines: only inference is needed, without masks for padding.
"""

# mypy: allow-subclassing-any

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

SAMPLE_RATE = 16000
DIMENSION = 192
_WIDTH, _POOLED, _MELS, _SCALE = 1024, 3072, 80, 8
_WINDOW, _HOP = 400, 160
MIN_SAMPLES = 1600
"""Shortest recording that fits the reflecting edges of the widest layer, with a margin: 0.1 s."""


def mel_filters() -> Tensor:
    """Return the (201, 80) triangles of the recipe, 0 to 8000 Hz: symmetric in Hz, with the width of their left half."""
    top = 2595 * torch.log10(torch.tensor(1 + SAMPLE_RATE / 2 / 700))
    edges = 700 * (10 ** (torch.linspace(0, float(top), _MELS + 2) / 2595) - 1)
    width = (edges[1:] - edges[:-1])[:-1]
    bins = torch.linspace(0, SAMPLE_RATE // 2, _WINDOW // 2 + 1)
    slope = (bins[:, None] - edges[1:-1]) / width
    return torch.clamp(torch.minimum(1 + slope, 1 - slope), min=0)


class FilterBank(nn.Module):
    """Waveforms (batch, samples) at 16 kHz to decibels (batch, 80, frames) of zero mean over time."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("window", torch.hamming_window(_WINDOW), persistent=False)
        self.register_buffer("filters", mel_filters(), persistent=False)

    def forward(self, waveforms: Tensor) -> Tensor:
        """Return the features."""
        spectra = torch.stft(
            waveforms, _WINDOW, _HOP, _WINDOW, self.window, center=True, pad_mode="constant", return_complex=True
        )
        power = spectra.real.square() + spectra.imag.square()
        level = 10 * torch.log10(torch.clamp(power.transpose(1, 2) @ self.filters, min=1e-10)).transpose(1, 2)
        level = torch.maximum(level, level.amax(dim=(1, 2), keepdim=True) - 80)
        return level - level.mean(dim=2, keepdim=True)


class _Convolution(nn.Module):
    """Convolution whose edges reflect, so that the length stays."""

    def __init__(self, inputs: int, outputs: int, kernel: int = 1, dilation: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv1d(inputs, outputs, kernel, dilation=dilation)
        self.edge = (kernel - 1) * dilation // 2

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(functional.pad(x, (self.edge, self.edge), mode="reflect") if self.edge else x)


class _Norm(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(channels)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(x)


class _Tdnn(nn.Module):
    def __init__(self, inputs: int, outputs: int, kernel: int = 1, dilation: int = 1) -> None:
        super().__init__()
        self.conv = _Convolution(inputs, outputs, kernel, dilation)
        self.norm = _Norm(outputs)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(torch.relu(self.conv(x)))


class _Res2Net(nn.Module):
    def __init__(self, channels: int, dilation: int) -> None:
        super().__init__()
        part = channels // _SCALE
        self.blocks = nn.ModuleList(_Tdnn(part, part, 3, dilation) for _ in range(_SCALE - 1))

    def forward(self, x: Tensor) -> Tensor:
        first, *rest = torch.chunk(x, _SCALE, dim=1)
        done = [first]
        for k, (block, part) in enumerate(zip(self.blocks, rest, strict=True)):
            done.append(block(part if k == 0 else part + done[-1]))
        return torch.cat(done, dim=1)


class _Squeeze(nn.Module):
    """Squeeze and excitation."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = _Convolution(channels, 128)
        self.conv2 = _Convolution(128, channels)

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.sigmoid(self.conv2(torch.relu(self.conv1(x.mean(dim=2, keepdim=True)))))


class _Block(nn.Module):
    def __init__(self, channels: int, dilation: int) -> None:
        super().__init__()
        self.tdnn1 = _Tdnn(channels, channels)
        self.res2net_block = _Res2Net(channels, dilation)
        self.tdnn2 = _Tdnn(channels, channels)
        self.se_block = _Squeeze(channels)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.se_block(self.tdnn2(self.res2net_block(self.tdnn1(x))))


class _Pooling(nn.Module):
    """Attentive statistics with global context: (batch, channels, frames) to (batch, 2 channels, 1)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.tdnn = _Tdnn(3 * channels, 128)
        self.conv = _Convolution(128, channels)

    def forward(self, x: Tensor) -> Tensor:
        mean, deviation = _moments(x, torch.full_like(x, 1 / x.shape[2]))
        context = torch.cat([x, mean.expand_as(x), deviation.expand_as(x)], dim=1)
        weights = torch.softmax(self.conv(torch.tanh(self.tdnn(context))), dim=2)
        return torch.cat(_moments(x, weights), dim=1)


def _moments(x: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
    mean = (weights * x).sum(dim=2, keepdim=True)
    return mean, (weights * (x - mean).square()).sum(dim=2, keepdim=True).clamp(min=1e-12).sqrt()


class Ecapa(nn.Module):
    """Waveforms (batch, samples) at 16 kHz, of `MIN_SAMPLES` or more, to voice embeddings (batch, 192) of any length."""

    def __init__(self) -> None:
        super().__init__()
        self.features = FilterBank()
        self.blocks = nn.ModuleList([_Tdnn(_MELS, _WIDTH, 5), *(_Block(_WIDTH, dilation) for dilation in (2, 3, 4))])
        self.mfa = _Tdnn(3 * _WIDTH, _POOLED)
        self.asp = _Pooling(_POOLED)
        self.asp_bn = _Norm(2 * _POOLED)
        self.fc = _Convolution(2 * _POOLED, DIMENSION)

    def forward(self, waveforms: Tensor) -> Tensor:
        """Return one embedding per waveform."""
        x = self.features(waveforms)
        layers = []
        for block in self.blocks:
            x = block(x)
            layers.append(x)
        pooled = self.asp(self.mfa(torch.cat(layers[1:], dim=1)))
        return self.fc(self.asp_bn(pooled)).squeeze(2)
