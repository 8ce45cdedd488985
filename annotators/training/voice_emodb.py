"""`python -m annotators.training.voice_emodb --data DIR --out FILE`: the head of labels.voice_affect, and how good it is.

EMO-DB (Burkhardt et al. 2005) has 10 actors who say 10 sentences in 7 emotions. Boredom counts as neutral; fear and disgust teach
arousal only, and are errors where they get a label. Each utterance is seen thrice: relative to all actors, and to 10 and 20 other
utterances of its actor. Ridge, classes, baselines and gate were chosen by what they do on corpora that are not trained on, see
`tests/accuracy/corpora.py`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt

from annotators.media import decoder
from annotators.models import local
from annotators.training.logistic import fit_logistic, fit_temperature
from annotators.voice.features import ACOUSTIC, COUNT, ENCODED, VoiceFeatures
from annotators.voice.head import LABELS, SPACE, Head, Usual, Verdict
from schemas.errors import UsageError

Numbers = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

EMOTIONS = {"W": "anger", "L": "neutral", "E": "disgust", "A": "fear", "F": "happiness", "T": "sadness", "N": "neutral"}
"""By the letter in the file's name; L is boredom."""
AROUSED = ("anger", "fear", "happiness")
"""After Schuller et al. 2009, "Acoustic emotion recognition: a benchmark comparison of performances" (ASRU, pp. 552-557)."""
ALL = 10**6
"""Size of a baseline of everything that a speaker says."""
_SEEN = (0, 10, 20)
_RIDGE = 25.0
_AXES = 20
_UNLIKE, _AROUSAL = 1.1, 4.0
"""Temperatures on speech unlike EMO-DB and of arousal, from the corpora that were measured: one number each, no weights."""
_ABOUT = {
    "source": "EMO-DB, Burkhardt et al. 2005: 535 utterances of 10 actors, each cut to 2.0 s",
    "licence": "free for research use, Burkhardt et al. 2005",
    "unlike": "accuracy on speech of other kinds: docs/accuracy.md, `python -m tests.accuracy.voice --corpora DIR`",
}


@dataclass(frozen=True, slots=True)
class Corpus:
    """One row per utterance: features, emotion, speaker."""

    features: Numbers
    emotions: npt.NDArray[np.str_]
    speakers: npt.NDArray[np.str_]

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Listen to all utterances of the folder.

        Raises:
            UsageError: there are none, or one of them has no voice.
        """
        ear = VoiceFeatures.load(local.path("whisper-base"))
        files = sorted(folder.glob("*.flac"))
        if not files:
            raise UsageError(f"--data {folder}: no utterances (*.flac) there")
        rows = []
        for file in files:
            features = ear.features(decoder.audio(file))
            if features is None:
                raise UsageError(f"--data {folder}: no voice in {file.name}")
            rows.append(features)
        names = [file.stem for file in files]
        return cls(np.stack(rows), np.array([EMOTIONS[name[5]] for name in names]), np.array([name[:2] for name in names]))

    def of(self, rows: npt.NDArray[np.bool_]) -> Corpus:
        """Return a part of it."""
        return Corpus(self.features[rows], self.emotions[rows], self.speakers[rows])

    def usual(self, row: int, size: int, rng: np.random.Generator) -> Usual | None:
        """Return a baseline of so many other utterances of the speaker, `ALL` of them, or None for 0."""
        if size == 0:
            return None
        own = self.speakers == self.speakers[row]
        if size == ALL:
            return Usual.of(self.features[own])
        others = np.flatnonzero(own & (np.arange(len(own)) != row))
        return Usual.of(self.features[rng.choice(others, min(size, len(others)), replace=False)])


def train_voice(corpus: Corpus, seed: int) -> Head:
    """Return a head; its temperature on speech like the corpus is fitted on speakers that were left out of it."""
    logits, right = [], []
    speakers = np.unique(corpus.speakers)
    folds = min(3, len(speakers))
    for fold in range(folds):
        out = np.isin(corpus.speakers, speakers[fold::folds])
        head, rest = _fitted(corpus.of(~out), seed, 1.0), corpus.of(out)
        for far in _relative(head, rest, _SEEN, np.random.default_rng(seed)):
            heard, encoded = head.logits(far)
            same = heard.argmax(axis=1) == encoded.argmax(axis=1)
            logits.append((heard + encoded)[same] / 2)
            right.append(np.array(LABELS)[heard.argmax(axis=1)][same] == rest.emotions[same])
    return _fitted(corpus, seed, fit_temperature(np.concatenate(logits), np.concatenate(right)))


def _fitted(corpus: Corpus, seed: int, temperature: float) -> Head:
    voices = [corpus.features[corpus.speakers == speaker] for speaker in np.unique(corpus.speakers)]
    mean = np.mean([voice.mean(axis=0) for voice in voices], axis=0)
    deviation = np.sqrt(np.mean([voice.var(axis=0) for voice in voices], axis=0))
    place, width = corpus.features[:, ENCODED].mean(axis=0), corpus.features[:, ENCODED].std(axis=0)
    axes = np.linalg.svd((corpus.features[:, ENCODED] - place) / width, full_matrices=False)[2][:_AXES]
    blank = Head.blank(mean, deviation)
    seen = np.concatenate(_relative(blank, corpus, _SEEN, np.random.default_rng(seed)))
    emotions, ridge = np.tile(corpus.emotions, len(_SEEN)), _RIDGE * len(_SEEN)
    told = np.isin(emotions, LABELS)
    aroused = np.isin(emotions, AROUSED).astype(np.int64)
    acoustic, acoustic_bias = fit_logistic(seen[told][:, ACOUSTIC], _classes(emotions[told]), ridge)
    encoded, encoded_bias = fit_logistic(seen[told][:, ENCODED], _classes(emotions[told]), ridge)
    arousal, arousal_bias = np.zeros(COUNT), 0.0
    for part in (ACOUSTIC, ENCODED):
        weights, bias = fit_logistic(seen[:, part], aroused, ridge)
        arousal[part], arousal_bias = weights[1] - weights[0], arousal_bias + bias[1] - bias[0]
    return Head(
        mean=mean,
        deviation=deviation,
        acoustic=acoustic,
        acoustic_bias=acoustic_bias,
        encoded=encoded,
        encoded_bias=encoded_bias,
        arousal=arousal,
        arousal_bias=np.array([arousal_bias]),
        place=place,
        width=width,
        axes=axes,
        temperature=np.array([temperature, _UNLIKE, _AROUSAL]),
    )


def _classes(emotions: npt.NDArray[np.str_]) -> Whole:
    return np.array([LABELS.index(str(name)) for name in emotions])


def _relative(head: Head, corpus: Corpus, sizes: Sequence[int], rng: np.random.Generator) -> list[Numbers]:
    rows = range(len(corpus.emotions))
    return [np.stack([head.relative(corpus.features[row], corpus.usual(row, size, rng)) for row in rows]) for size in sizes]


def held_out_verdicts(corpus: Corpus, sizes: Sequence[int], seed: int) -> dict[int, tuple[Verdict, ...]]:
    """Return one verdict per utterance by a head that never heard its speaker, for each number of their others as baseline."""
    found: dict[int, dict[int, Verdict]] = {size: {} for size in sizes}
    for speaker in np.unique(corpus.speakers):
        out = corpus.speakers == speaker
        head, rest = train_voice(corpus.of(~out), seed), corpus.of(out)
        for size, told in found.items():
            rng = np.random.default_rng(seed)
            for row, place in enumerate(np.flatnonzero(out)):
                told[int(place)] = head.verdict(rest.features[row : row + 1], np.ones(1), rest.usual(row, size, rng))
    return {size: tuple(told[row] for row in range(len(corpus.emotions))) for size, told in found.items()}


def main() -> None:
    """Train, measure, write."""
    parser = argparse.ArgumentParser(prog="python -m annotators.training.voice_emodb", description="Emotion from the voice.")
    parser.add_argument("--data", type=Path, required=True, help="folder of EMO-DB's utterances as FLAC")
    parser.add_argument("--out", type=Path, required=True, help="safetensors file to write")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    corpus = Corpus.read(args.data)
    told = {
        f"{size} as baseline": _figures(corpus, found) for size, found in held_out_verdicts(corpus, (0, 20), args.seed).items()
    }
    for name, values in told.items():
        sys.stdout.write(f"{name:<15} {values}\n")
    train_voice(corpus, args.seed).save(args.out, _ABOUT | {"space": SPACE, "labels": LABELS, "speakers_left_out": told})


def _figures(corpus: Corpus, found: Sequence[Verdict]) -> dict[str, float]:
    given = [(v.scores, emotion) for v, emotion in zip(found, corpus.emotions, strict=True) if v.scores is not None]
    right = [LABELS[int(scores.argmax())] == emotion for scores, emotion in given]
    aroused = np.isin(corpus.emotions, AROUSED)
    arousal = np.array([v.arousal for v in found])
    return {
        "given": round(len(given) / len(found), 3),
        "accuracy": round(float(np.mean(right)), 3),
        "arousal_auc": round(float((arousal[aroused][:, None] > arousal[~aroused]).mean()), 3),
    }


if __name__ == "__main__":
    main()
