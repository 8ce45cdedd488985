"""From the features of a voice to how aroused it is, and to an emotion where that has been earned.

What carries over to speech of another kind was measured over corpora of five languages that the head was not trained on
(`docs/accuracy.md`): arousal does, a label seldom. So arousal is always told, and a label only behind a gate.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt

from annotators.voice.features import ACOUSTIC, ENCODED, LEVEL

Numbers = npt.NDArray[np.float64]

SPACE = "ekman7"
LABELS = ("anger", "happiness", "sadness", "neutral")
"""What the head can tell apart. With EMO-DB's fear and disgust as classes of their own, foreign speech went there."""
_HAPPY, _BAD = LABELS.index("happiness"), tuple(LABELS.index(name) for name in ("anger", "sadness"))
_PRIOR, _PRIOR_SPREAD = 10.0, 30.0
"""Pieces of the speaker's own voice that count as much as all that is known of other speakers, for mean and for variance."""
_PRIOR_OWN = 3.0
_FARTHEST = 5.0
"""Standard deviations at which a feature is cut off."""
_ENOUGH, _VARIED = 8, 0.8
"""Pieces of a speaker, and their spread over that of actors who showed seven emotions each, from which on their mean is usual. A
guest of a talk show is in one state throughout (spread .5 to .8): relative to that nothing is left of the emotion."""
LIKE, STRANGE = 0.8, 1.2
"""Strangeness up to which speech is like the training data, and from which on it is too unlike them for a label: 94 of 100
utterances of actors who were left out lie under the first, nearly all of other corpora above it."""
_LEAST_LIKE, _LEAST_UNLIKE = 0.7, 0.85
"""Least probability of the likeliest label, on speech like the training data and on other speech."""
_CARRIES, _CARRIES_KNOWN = ("anger",), ("anger", "neutral")
"""Labels that were right on speech unlike the training data: of any speaker, and of one of whom it is known what is usual. There,
happiness and sadness were wrong more often than right."""


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
class Verdict:
    """What is said of a voice: arousal, -1 to 1, and either the probabilities of `LABELS` or why there are none."""

    arousal: float
    scores: Numbers | None
    withheld: str | None

    @property
    def valence(self) -> float | None:
        """Probability of happiness minus that of anger and sadness; None where no label is given."""
        return None if self.scores is None else float(self.scores[_HAPPY] - self.scores[list(_BAD)].sum())


@dataclass(frozen=True, slots=True)
class Head:
    """Two multinomial logistic regressions that never see each other's features, one for arousal, and what speech they know.

    `mean` and `deviation` are those within the voices of the training data; `place`, `width` and `axes` those of the encoder's
    numbers over all of it, and the directions in which these vary. `temperature` is what logits are divided by on speech like the
    training data, on other speech, and for arousal.
    """

    mean: Numbers
    deviation: Numbers
    acoustic: Numbers
    acoustic_bias: Numbers
    encoded: Numbers
    encoded_bias: Numbers
    arousal: Numbers
    arousal_bias: Numbers
    place: Numbers
    width: Numbers
    axes: Numbers
    temperature: Numbers

    @classmethod
    def load(cls, file: Path) -> Self:
        """Read it from safetensors."""
        from safetensors.numpy import load_file  # noqa: PLC0415

        held = load_file(file)
        return cls(**{field.name: held[field.name].astype(np.float64) for field in fields(cls)})

    @classmethod
    def blank(cls, mean: Numbers, deviation: Numbers) -> Self:
        """Return a head that knows what voices usually are like and nothing else; it says the same of every voice."""
        classes, count = len(LABELS), len(mean)
        heard, encoded = len(range(count)[ACOUSTIC]), len(range(count)[ENCODED])
        return cls(
            mean=mean,
            deviation=deviation,
            acoustic=np.zeros((classes, heard)),
            acoustic_bias=np.zeros(classes),
            encoded=np.zeros((classes, encoded)),
            encoded_bias=np.zeros(classes),
            arousal=np.zeros(count),
            arousal_bias=np.zeros(1),
            place=np.zeros(encoded),
            width=np.ones(encoded),
            axes=np.zeros((1, encoded)),
            temperature=np.ones(3),
        )

    def save(self, file: Path, about: Mapping[str, object]) -> None:
        """Write it as safetensors; `about` goes into the metadata as one entry, since their order is not kept."""
        from safetensors.numpy import save_file  # noqa: PLC0415

        held = {field.name: np.ascontiguousarray(getattr(self, field.name), np.float32) for field in fields(self)}
        save_file(held, file, {"about": json.dumps(about, sort_keys=True, ensure_ascii=False)})

    def knows(self, usual: Usual | None) -> bool:
        """Tell whether enough, and varied enough, is known of a speaker to tell what is unusual for them."""
        if usual is None or usual.pieces < _ENOUGH:
            return False
        return float((usual.deviation / self.deviation)[ACOUSTIC].mean()) >= _VARIED

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

    def strangeness(self, features: Numbers) -> Numbers:
        """Return for each row how much of what the encoder hears lies off the axes on which the training data lie, 0 or more."""
        off = (features[..., ENCODED] - self.place) / self.width
        off = off - off @ self.axes.T @ self.axes
        return np.asarray(np.sqrt((off**2).mean(axis=-1)))

    def logits(self, relative: Numbers) -> tuple[Numbers, Numbers]:
        """Return uncalibrated numbers per label, for each row: by the acoustic statistics, and by the encoder."""
        heard = relative[..., ACOUSTIC] @ self.acoustic.T + self.acoustic_bias
        return heard, np.asarray(relative[..., ENCODED] @ self.encoded.T + self.encoded_bias)

    def verdict(self, features: Numbers, seconds: Numbers, usual: Usual | None) -> Verdict:
        """Judge a voice by its pieces: one row of features and a duration each, which weighs it.

        What is usual for the speaker counts where it is known (`knows`).
        """
        known = self.knows(usual)
        far = self.relative(features, usual if known else None)
        heard, encoded = (np.average(logits, axis=0, weights=seconds) for logits in self.logits(far))
        balance = np.average(far @ self.arousal + self.arousal_bias, weights=seconds)
        strange = float(np.average(self.strangeness(features), weights=seconds))
        scores = softmax((heard + encoded) / 2 / self.temperature[0 if strange <= LIKE else 1])
        withheld: str | None
        if heard.argmax() != encoded.argmax():
            withheld = "how it sounds and what an encoder of speech makes of it point to different emotions"
        else:
            withheld = _closed(scores, strange, known)
        return Verdict(float(np.tanh(balance / self.temperature[2] / 2)), None if withheld else scores, withheld)


def _closed(scores: Numbers, strange: float, known: bool) -> str | None:
    """Return why a distribution on which both views agree is no label, None where it is one."""
    like, name = strange <= LIKE, LABELS[int(scores.argmax())]
    if strange > STRANGE:
        return "the recording is too unlike the speech on which the model was trained"
    if not like and name not in (_CARRIES_KNOWN if known else _CARRIES):
        return f"{name} is not reliable on speech unlike that on which the model was trained"
    return None if scores.max() >= (_LEAST_LIKE if like else _LEAST_UNLIKE) else "no emotion stands out"


def baseline_weight(pieces: int, prior: float = _PRIOR) -> float:
    """Return how much the speaker's own pieces weigh against all other speakers, 0 to 1."""
    return pieces / (pieces + prior)


def softmax(logits: Numbers) -> Numbers:
    """Return probabilities along the last axis."""
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))
