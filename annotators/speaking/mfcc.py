"""Mel-frequency cepstral coefficients as LR-ASD learned them: those of python_speech_features 0.6 with its defaults."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

COEFFICIENTS = 13
_RATE, _WINDOW, _STEP, _BINS, _FILTERS, _LIFT = 16000, 400, 160, 512, 26, 22


def mfcc(sound: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return (steps, 13) of samples in [-1, 1] at 16 kHz: windows of 25 ms every 10 ms, the first is the log of the energy."""
    samples = np.round(np.asarray(sound, np.float64) * 32768)
    samples = np.append(samples[:1], samples[1:] - 0.97 * samples[:-1])
    steps = 1 + max(0, -(-(len(samples) - _WINDOW) // _STEP))
    samples = np.pad(samples, (0, max(0, (steps - 1) * _STEP + _WINDOW - len(samples))))
    pieces = np.lib.stride_tricks.sliding_window_view(samples, _WINDOW)[::_STEP][:steps]
    power = np.abs(np.fft.rfft(pieces, _BINS)) ** 2 / _BINS
    least = np.finfo(np.float64).eps
    energy = np.where((total := power.sum(axis=1)) == 0, least, total)
    mel = power @ _filters().T
    found = np.log(np.where(mel == 0, least, mel)) @ _cosines().T
    found[:, 0] = np.log(energy)
    told: npt.NDArray[np.float32] = found.astype(np.float32)
    return told


def _filters() -> npt.NDArray[np.float64]:
    """Return the (26, 257) triangles, 0 to 8000 Hz."""
    mels = np.linspace(0, 2595 * np.log10(1 + _RATE / 2 / 700), _FILTERS + 2)
    edges = np.floor((_BINS + 1) * 700 * (10 ** (mels / 2595) - 1) / _RATE)
    low, middle, high = (edges[k : k + _FILTERS, None] for k in range(3))
    bins = np.arange(_BINS // 2 + 1)
    rising, falling = (bins - low) / (middle - low), (high - bins) / (high - middle)
    inside = np.where(bins < middle, rising, falling)
    return np.where((bins >= low) & (bins < high), inside, 0.0)


def _cosines() -> npt.NDArray[np.float64]:
    """Return the (13, 26) orthonormal cosines of the second kind, liftered."""
    row, column = np.arange(COEFFICIENTS)[:, None], np.arange(_FILTERS)[None]
    cosines = np.cos(np.pi * row * (2 * column + 1) / (2 * _FILTERS)) * np.sqrt(2 / _FILTERS)
    cosines[0] /= np.sqrt(2)
    lift: npt.NDArray[np.float64] = cosines * (1 + _LIFT / 2 * np.sin(np.pi * row / _LIFT))
    return lift
