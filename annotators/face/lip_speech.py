"""How well the lips of a face follow a voice.

Two numbers, because neither is enough. How far the jaw travels tells a talking face from one that listens, smiles or cries
(0.15 or more against 0.10 or less). Whether lips and loudness rise and fall together tells whose speech it is, but weakly:
over five talkers, true speech against the same speech shifted, the area under the curve is .75 for 4 s pieces and .80 for 8 s;
a vowel band, other loudness scales, and a lead of the lips over the sound made no difference beyond chance.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from annotators.face.finding import SHAPES
from schemas.claims import FaceTrack

Series = npt.NDArray[np.float64]
_WINDOW = 0.1
_LEVEL, _MOTION = 0.3, 0.7
_JAW = SHAPES.index("jawOpen")
_LIPS = [
    SHAPES.index(name)
    for name in ("jawOpen", "mouthLowerDownLeft", "mouthLowerDownRight", "mouthUpperUpLeft", "mouthUpperUpRight")
]
_LEAST = 8
"""Samples below which nothing is measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lips:
    """What the lips of one face did while the speaker spoke."""

    track: str
    follows: float
    """Correlation with the speech, -1 to 1."""
    travel: float
    """10th to 90th percentile of jaw opening, 0 to 1."""
    seconds: float
    """How long both were seen and heard."""


def loudness_at(sound: npt.NDArray[np.float32], rate: int, times: Series) -> Series:
    """Return the root of the amplitude around each time in seconds."""
    power = np.concatenate([[0.0], np.cumsum(sound.astype(np.float64) ** 2)])
    half = round(_WINDOW * rate / 2)
    centre = np.round(times * rate).astype(np.int64)
    low, high = (np.clip(centre + shift, 0, len(sound)) for shift in (-half, half))
    mean = (power[high] - power[low]) / np.maximum(1, high - low)
    root: Series = np.maximum(0.0, mean) ** 0.25
    return root


def measure(face: FaceTrack, sound: npt.NDArray[np.float32], rate: int, use: npt.NDArray[np.bool_]) -> Lips | None:
    """Return how the face's lips go with the sound at the samples in `use`; None where too little is seen."""
    times = np.asarray(face.times, np.float64)
    use = use & (times <= len(sound) / rate - _WINDOW / 2)
    if not face.blendshapes or int(use.sum()) < _LEAST:
        return None
    shapes = np.asarray(face.blendshapes, np.float64)
    heard = _smooth(loudness_at(sound, rate, times), 3)[use]
    opening = _smooth(shapes[:, _LIPS].sum(axis=1), 3)
    motion = _smooth(np.abs(np.gradient(shapes[:, _LIPS], times, axis=0)).sum(axis=1), 5)
    follows = _LEVEL * _correlation(opening[use], heard) + _MOTION * _correlation(motion[use], heard)
    low, high = np.percentile(shapes[use, _JAW], (10, 90))
    return Lips(track=face.track, follows=follows, travel=float(high - low), seconds=int(use.sum()) / face.rate)


def _smooth(series: Series, width: int) -> Series:
    kernel = np.hanning(width + 2)[1:-1]
    smoothed: Series = np.convolve(np.pad(series, width // 2, mode="edge"), kernel / kernel.sum(), mode="valid")
    return smoothed


def _correlation(one: Series, other: Series) -> float:
    one, other = one - one.mean(), other - other.mean()
    size = float(np.sqrt((one @ one) * (other @ other)))
    return float(one @ other) / size if size > 1e-12 else 0.0
