"""A stretch of speech as acoustic statistics: pitch, loudness, spectrum and tempo, over the frames in which there is voice."""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

RATE = 16000
_HOP, _WINDOW, _LONG = 160, 400, 640
"""Samples: from frame to frame, of a spectrum, of the window in which pitch is looked for."""
_LOWEST, _HIGHEST = 65.0, 600.0
"""Hz, of the pitch."""
_PERIODIC = 0.45
"""Least share of a frame's energy that repeats with the pitch in a voiced frame."""
QUIET = 30.0
"""dB under the loud frames of a stretch from where a frame counts as a pause."""
_FADED, _MARGIN = 40.0, 5
"""dB under the loudest moment from where sound at either end is cut off, and frames of it that stay."""
_LEAST_VOICED = 10
"""Frames; with fewer there is no voice to speak of."""
_MELS, _CEPSTRA = 40, 20
_BANDS = (0, 250, 500, 1000, 2000, 3000, 4000, 5500, 8000)
_FFT = 512
_FLOOR = 1e-4
"""Noise added to each bin, as a share of the variance of the loudest frame: about 62 dB under its mean bin. Without it the empty
bands of a telephone or a codec tell of their rounding errors."""

NAMED = (
    "pitch, semitones over 1 Hz",
    "pitch, standard deviation in semitones",
    "pitch, 10th percentile",
    "pitch, 90th percentile",
    "pitch, span of 10th to 90th percentile in semitones",
    "pitch, rise in semitones/s",
    "pitch, mean step from frame to frame in semitones",
    "periodicity, mean",
    "periodicity, standard deviation",
    "share of voiced frames",
    "voiced stretches per second",
    "mean length of a voiced stretch, s",
    "loudness, standard deviation in dB",
    "loudness, 90th percentile over median in dB",
    "loudness, rise in dB/s",
    "loudness, mean step from frame to frame in dB",
    "share of pauses",
    "loudness peaks per second",
    "spectral centroid, log2 Hz",
    "spectral centroid, standard deviation",
    "spectral rolloff at 85 %, log2 Hz",
    "spectral rolloff, standard deviation",
    "spectral flatness, log",
    "spectral flux, mean",
    "spectral flux, standard deviation",
)
COUNT = len(NAMED) + 2 * (len(_BANDS) - 1) + 4 * _CEPSTRA


def loudness(sound: npt.NDArray[np.float32]) -> float:
    """Return the level of the loud parts in dB under full scale; -inf without any sound."""
    power = _framed(sound.astype(np.float64), _WINDOW).var(axis=1) if len(sound) >= _WINDOW else np.zeros(1)
    active = power[power > power.max() * 10 ** (-QUIET / 10)]
    return float(10 * np.log10(active.mean())) if len(active) else -np.inf


def trimmed(sound: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return the sound without the silence (`_FADED` dB under the loudest 10 ms) at either end."""
    count = len(sound) // _HOP
    power = (sound[: count * _HOP].astype(np.float64).reshape(count, _HOP) ** 2).mean(axis=1)
    if not power.any():
        return sound[:0]
    heard = np.flatnonzero(power > power.max() * 10 ** (-_FADED / 10))
    return sound[max(0, heard[0] - _MARGIN) * _HOP : (heard[-1] + 1 + _MARGIN) * _HOP]


def statistics(sound: npt.NDArray[np.float32]) -> Numbers | None:
    """Return one number per `COUNT`, those of `NAMED` first, whatever the gain; None where hardly any of it is voiced.

    The sound has 0.3 s or more at 16 kHz.
    """
    samples = sound.astype(np.float64)
    frames = _framed(samples, _WINDOW)
    power = np.abs(np.fft.rfft(frames * np.hanning(_WINDOW), _FFT)) ** 2 + _FLOOR * frames.var(axis=1).max()
    level = 10 * np.log10(power.sum(axis=1))
    active = level > np.percentile(level, 95) - QUIET
    pitch, periodic = _pitch(samples, len(frames))
    voiced = active & (periodic > _PERIODIC)
    if voiced.sum() < _LEAST_VOICED:
        return None
    heard = power[active]
    told = (_of_pitch(pitch, periodic, voiced), _of_voicing(periodic, voiced, active), _of_level(level, active))
    found: Numbers = np.concatenate([*told, _of_spectrum(heard), _of_bands(heard), _of_cepstra(heard, voiced[active])])
    return found


def _framed(samples: Numbers, size: int) -> Numbers:
    return np.lib.stride_tricks.sliding_window_view(samples, size)[::_HOP]


def _pitch(samples: Numbers, count: int) -> tuple[Numbers, Numbers]:
    """Return pitch in semitones over 1 Hz and periodicity (0 to 1) per frame.

    By the autocorrelation of the windowed sound over that of the window (Boersma 1993), and a liking for short periods.
    """
    padded = np.pad(samples, (_LONG - _WINDOW) // 2)
    frames = _framed(padded, _LONG)[:count]
    window = np.hanning(_LONG)
    frames = (frames - frames.mean(axis=1, keepdims=True)) * window
    size = 2048
    power = np.abs(np.fft.rfft(frames, size)) ** 2
    own = np.fft.irfft(power, size)[:, :_LONG]
    of_window = np.fft.irfft(np.abs(np.fft.rfft(window, size)) ** 2, size)[:_LONG]
    lags = np.arange(int(RATE / _HIGHEST), min(int(RATE / _LOWEST), _LONG - 1) + 1)
    ratio = own / (own[:, :1] + 1e-12) / (of_window / of_window[0])
    scores = ratio[:, lags] - 0.02 * np.log2(lags * _LOWEST / RATE + 1e-9)
    inner = np.zeros_like(scores, dtype=bool)
    inner[:, 1:-1] = (scores[:, 1:-1] >= scores[:, :-2]) & (scores[:, 1:-1] > scores[:, 2:])
    best = np.where(inner, scores, -np.inf).argmax(axis=1)
    rows = np.arange(len(best))
    lag = lags[best].astype(np.float64)
    left, mid, right = (ratio[rows, lags[best] + d] for d in (-1, 0, 1))
    bend = left - 2 * mid + right
    lag += np.where(np.abs(bend) > 1e-9, 0.5 * (left - right) / np.where(np.abs(bend) > 1e-9, bend, 1.0), 0.0).clip(-0.5, 0.5)
    found = 12 * np.log2(RATE / lag)
    return found, np.where(inner.any(axis=1), mid, 0.0).clip(0.0, 1.0)


def _of_pitch(pitch: Numbers, periodic: Numbers, voiced: Mask) -> Numbers:
    """Leave out what is more than an octave from the median: a slip, or another voice."""
    near = voiced & (np.abs(pitch - np.median(pitch[voiced])) <= 12.0)
    heard, frames = pitch[near], np.flatnonzero(near)
    low, high = np.percentile(heard, [10, 90])
    steps = np.abs(np.diff(heard))[np.diff(frames) == 1]
    step = np.minimum(steps, 3.0).mean() if len(steps) else 0.0
    return np.array([heard.mean(), heard.std(), low, high, high - low, _slope(frames * _HOP / RATE, heard), step])


def _of_voicing(periodic: Numbers, voiced: Mask, active: Mask) -> Numbers:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], voiced.astype(np.int8), [0]])))
    runs = edges[1::2] - edges[::2]
    runs = runs[runs >= 3]
    mean = runs.mean() * _HOP / RATE if len(runs) else 0.0
    seconds = len(voiced) * _HOP / RATE
    heard = periodic[active]
    return np.array([heard.mean(), heard.std(), voiced.sum() / active.sum(), len(runs) / seconds, mean])


def _of_level(level: Numbers, active: Mask) -> Numbers:
    times = np.arange(len(level)) * _HOP / RATE
    heard = level[active]
    smooth = np.convolve(np.pad(level, 3, mode="edge"), np.hanning(9)[1:-1] / np.hanning(9).sum(), mode="valid")
    above = smooth > np.median(smooth[active]) - 6
    peaks = (smooth[1:-1] > smooth[:-2]) & (smooth[1:-1] >= smooth[2:]) & above[1:-1]
    first, last = np.flatnonzero(active)[[0, -1]]
    within = active[first : last + 1]
    steps = np.abs(np.diff(heard)).clip(0, 20).mean() if len(heard) > 1 else 0.0
    rise = np.percentile(heard, 90) - np.median(heard)
    return np.array(
        [heard.std(), rise, _slope(times[active], heard), steps, 1 - within.mean(), peaks.sum() / (len(within) * _HOP / RATE)]
    )


def _of_spectrum(power: Numbers) -> Numbers:
    hertz = np.fft.rfftfreq(_FFT, 1 / RATE)
    shares = power / power.sum(axis=1, keepdims=True)
    centroid = np.log2(shares @ hertz + 1.0)
    rolloff = np.log2(hertz[(shares.cumsum(axis=1) >= 0.85).argmax(axis=1)] + 31.25)
    flat = np.log(power).mean(axis=1) - np.log(power.mean(axis=1))
    root = np.sqrt(shares)
    flux = np.sqrt((np.diff(root, axis=0) ** 2).sum(axis=1)) if len(root) > 1 else np.zeros(1)
    return np.array([centroid.mean(), centroid.std(), rolloff.mean(), rolloff.std(), flat.mean(), flux.mean(), flux.std()])


def _of_bands(heard: Numbers) -> Numbers:
    """Return mean and standard deviation of the share of each band, in dB."""
    edges = np.searchsorted(np.fft.rfftfreq(_FFT, 1 / RATE), _BANDS)
    bands = np.stack([heard[:, a:b].sum(axis=1) for a, b in pairwise(edges)], axis=1)
    bands = 10 * np.log10(bands / heard.sum(axis=1, keepdims=True))
    return np.concatenate([bands.mean(axis=0), bands.std(axis=0)])


def _of_cepstra(heard: Numbers, voiced: Mask) -> Numbers:
    """Return mean, standard deviation, mean step and mean while voiced of each cepstral coefficient but the first."""
    from scipy.fft import dct  # noqa: PLC0415

    cepstra = dct(np.log(heard @ _mel().T), norm="ortho", axis=1)[:, 1 : _CEPSTRA + 1]
    steps = np.abs(np.diff(cepstra, axis=0)).mean(axis=0)
    return np.concatenate([cepstra.mean(axis=0), cepstra.std(axis=0), steps, cepstra[voiced].mean(axis=0)])


@cache
def _mel() -> Numbers:
    """Return triangular filters on the mel scale, 50 Hz to 8 kHz."""
    hertz = np.fft.rfftfreq(_FFT, 1 / RATE)
    low, high = (2595 * np.log10(1 + f / 700) for f in (50.0, 8000.0))
    corners = 700 * (10 ** (np.linspace(low, high, _MELS + 2) / 2595) - 1)
    rise = (hertz - corners[:-2, None]) / (corners[1:-1] - corners[:-2])[:, None]
    fall = (corners[2:, None] - hertz) / (corners[2:] - corners[1:-1])[:, None]
    return np.asarray(np.maximum(0.0, np.minimum(rise, fall)))


def _slope(times: Numbers, values: Numbers) -> float:
    if len(times) < 3 or np.ptp(times) < 0.1:
        return 0.0
    centred = times - times.mean()
    return float((centred * (values - values.mean())).sum() / (centred**2).sum())
