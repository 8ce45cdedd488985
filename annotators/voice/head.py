"""From the features of a voice to a distribution over emotions, as far as it is known what the speaker usually sounds like."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt

from annotators.voice.features import LEVEL

Numbers = npt.NDArray[np.float64]

SPACE = "emodb7"
_PRIOR, _PRIOR_SPREAD = 10.0, 30.0
"""Pieces of the speaker's own voice that count as much as all that is known of other speakers, for mean and for variance."""
_PRIOR_OWN = 3.0
_FARTHEST = 5.0
"""Standard deviations at which a feature is cut off."""
_AROUSED = frozenset({"anger", "fear", "happiness"})
_PLEASED = frozenset({"happiness", "neutral"})


@dataclass(frozen=True, slots=True)
class Usual:
    """What a voice usually is like: mean and standard deviation of each feature over some pieces."""

    pieces: int
    mean: Numbers
    deviation: Numbers

    @classmethod
    def of(cls, features: Numbers) -> Self:
        """Measure it on features of pieces, one row each."""
        return cls(len(features), features.mean(axis=0), features.std(axis=0))


@dataclass(frozen=True, slots=True)
class Head:
    """A multinomial logistic regression on features relative to the speaker.

    `temperature` is the logarithm of what logits are divided by: without a baseline, and what is added to it in the limit of a
    long one.
    """

    mean: Numbers
    deviation: Numbers
    weights: Numbers
    bias: Numbers
    temperature: Numbers

    @classmethod
    def load(cls, file: Path) -> Self:
        """Read it from safetensors."""
        from safetensors.numpy import load_file  # noqa: PLC0415

        held = {name: array.astype(np.float64) for name, array in load_file(file).items()}
        return cls(held["mean"], held["deviation"], held["weights"], held["bias"], held["temperature"])

    def save(self, file: Path, about: Mapping[str, object]) -> None:
        """Write it as safetensors; `about` goes into the metadata as one entry, since their order is not kept."""
        from safetensors.numpy import save_file  # noqa: PLC0415

        names = ("mean", "deviation", "weights", "bias", "temperature")
        held = {name: np.ascontiguousarray(getattr(self, name), np.float32) for name in names}
        save_file(held, file, {"about": json.dumps(about, sort_keys=True, ensure_ascii=False)})

    def relative(self, features: Numbers, usual: Usual | None) -> Numbers:
        """Return features (any number of rows) in standard deviations from what is usual for the speaker.

        Mean and variance of the speaker are drawn towards those of other speakers, as if these were `_PRIOR` pieces. Loudness is
        left at 0: in EMO-DB it is that of a recording brought to full scale, so that shouts are softer there than whispers.
        """
        mean, variance = self.mean, self.deviation**2
        if usual is not None:
            own, spread = baseline_weight(usual.pieces), baseline_weight(usual.pieces, _PRIOR_SPREAD)
            mean = own * usual.mean + (1 - own) * mean
            variance = spread * usual.deviation**2 + (1 - spread) * variance
        far = ((features - mean) / np.sqrt(variance)).clip(-_FARTHEST, _FARTHEST)
        far[..., LEVEL] = 0.0
        return np.asarray(far)

    def unusual(self, features: Numbers, usual: Usual) -> Numbers:
        """Return features (any number of rows), loudness too, in standard deviations from the speaker's own mean.

        The standard deviation is the speaker's, with that of other speakers counting as `_PRIOR_OWN` pieces.
        """
        own = baseline_weight(usual.pieces, _PRIOR_OWN)
        variance = own * usual.deviation**2 + (1 - own) * self.deviation**2
        return np.asarray(((features - usual.mean) / np.sqrt(variance)).clip(-_FARTHEST, _FARTHEST))

    def logits(self, relative: Numbers) -> Numbers:
        """Return one uncalibrated number per label, for each row."""
        return np.asarray(relative @ self.weights.T + self.bias)

    def distribution(self, features: Numbers, usual: Usual | None) -> Numbers:
        """Return the calibrated probabilities of `SPACE`'s labels, for each row."""
        return softmax(
            self.logits(self.relative(features, usual)) / warmth(self.temperature, baseline_weight(usual.pieces if usual else 0))
        )


def baseline_weight(pieces: int, prior: float = _PRIOR) -> float:
    """Return how much the speaker's own pieces weigh against all other speakers, 0 to 1."""
    return pieces / (pieces + prior)


def warmth(temperature: Numbers, known: npt.ArrayLike) -> Numbers:
    """Return what logits are divided by where the speaker is known so well (see `baseline_weight`)."""
    return np.asarray(np.exp(temperature[0] + temperature[1] * np.asarray(known)))


def softmax(logits: Numbers) -> Numbers:
    """Return probabilities along the last axis."""
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))


def arousal(scores: Mapping[str, float]) -> float:
    """Return P(high) - P(low), with anger, fear and joy as high.

    The two classes of arousal and of valence are those of EMO-DB in Schuller et al. 2009, "Acoustic emotion recognition: a
    benchmark comparison of performances" (ASRU, pp. 552-557): boredom, disgust, neutral and sadness are low.
    """
    return _balance(scores, _AROUSED)


def head_valence(scores: Mapping[str, float]) -> float:
    """Return P(positive) - P(negative), with joy and neutral as positive; see `arousal`."""
    return _balance(scores, _PLEASED)


def _balance(scores: Mapping[str, float], high: frozenset[str]) -> float:
    return round(max(-1.0, min(1.0, sum(score if label in high else -score for label, score in scores.items()))), 4)
