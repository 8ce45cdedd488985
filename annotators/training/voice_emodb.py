"""`python -m annotators.training.voice_emodb --data DIR --out FILE`: the head of labels.voice_emodb, and how good it is.

EMO-DB (Burkhardt et al. 2005) has 10 actors who say 10 sentences in 7 emotions. The head sees each utterance several times, each
time relative to a baseline of another size, so that one head serves speakers of whom little or much is known. Half of these
baselines are of neutral utterances only, as nobody's usual voice is an even mix of seven emotions: heads that had not seen such
baselines lost 3 points of recall with them, and more the longer they were.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt

from annotators.media import decoder
from annotators.models import local
from annotators.training.logistic import fit_logistic, fit_temperature
from annotators.voice.features import COUNT, VoiceFeatures
from annotators.voice.head import SPACE, Head, Usual, baseline_weight
from schemas.errors import UsageError
from schemas.vocabulary.spaces import space

Numbers = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

_LETTERS = {"W": "anger", "L": "boredom", "E": "disgust", "A": "fear", "F": "happiness", "T": "sadness", "N": "neutral"}
ALL = 10**6
"""Size of a baseline of everything that a speaker says."""
_NEUTRAL = space(SPACE).labels.index("neutral")
_CALM = 0.5
"""Share of baselines in training that are of neutral utterances only."""
_RIDGE = 25.0
_FOLDS = 3
_ABOUT = {
    "source": "EMO-DB, Burkhardt et al. 2005: 535 utterances of 10 actors, each cut to 2.0 s",
    "licence": "free for research use, Burkhardt et al. 2005",
}


@dataclass(frozen=True, slots=True)
class Corpus:
    """One row per utterance: features, number of the emotion in `SPACE`, speaker, sentence."""

    features: Numbers
    emotions: Whole
    speakers: npt.NDArray[np.str_]
    sentences: npt.NDArray[np.str_]

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Listen to all utterances of the folder.

        Raises:
            UsageError: there are none, or one of them has no voice.
        """
        ear, labels = VoiceFeatures.load(local.path("whisper-base")), space(SPACE).labels
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
        emotions = [labels.index(_LETTERS[name[5]]) for name in names]
        speakers, sentences = np.array([name[:2] for name in names]), np.array([name[2:5] for name in names])
        return cls(np.stack(rows), np.array(emotions), speakers, sentences)

    def of(self, rows: npt.NDArray[np.bool_]) -> Corpus:
        """Return a part of it."""
        return Corpus(self.features[rows], self.emotions[rows], self.speakers[rows], self.sentences[rows])


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a speaker: `size` other utterances of theirs, `ALL` of them, or none; only neutral ones if `calm`."""

    size: int
    calm: bool = False

    def draw(self, corpus: Corpus, row: int, rng: np.random.Generator) -> Usual | None:
        """Return a baseline for an utterance."""
        own = corpus.speakers == corpus.speakers[row]
        if self.size == 0:
            return None
        if self.size == ALL:
            return Usual.of(corpus.features[own])
        own = own & (corpus.emotions == _NEUTRAL) if self.calm else own
        others = np.flatnonzero(own & (np.arange(len(own)) != row))
        return Usual.of(corpus.features[rng.choice(others, min(self.size, len(others)), replace=False)])


_KNOWN = tuple(Known(size) for size in (0, 3, 5, 10, 20, ALL))


def train_voice(corpus: Corpus, seed: int) -> Head:
    """Return a head whose temperature is fitted on speakers that were left out of it."""
    speakers = np.unique(corpus.speakers)
    logits, truth, shares = [], [], []
    for fold in range(_FOLDS):
        out = np.isin(corpus.speakers, speakers[fold::_FOLDS])
        head, rest = _fitted(corpus.of(~out), seed), corpus.of(out)
        rng = np.random.default_rng(seed)
        for view in _KNOWN:
            usuals = [_either(view, rng).draw(rest, row, rng) for row in range(len(rest.emotions))]
            logits.append(head.logits(_relative(head, rest, usuals)))
            truth.append(rest.emotions)
            shares.append([baseline_weight(usual.pieces if usual else 0) for usual in usuals])
    temperature = fit_temperature(np.concatenate(logits), np.concatenate(truth), np.concatenate(shares))
    return replace(_fitted(corpus, seed), temperature=temperature)


def _either(view: Known, rng: np.random.Generator) -> Known:
    return replace(view, calm=bool(rng.random() < _CALM))


def _relative(head: Head, corpus: Corpus, usuals: Sequence[Usual | None]) -> Numbers:
    return np.stack([head.relative(features, usual) for features, usual in zip(corpus.features, usuals, strict=True)])


def _told(head: Head, corpus: Corpus, view: Known, rng: np.random.Generator) -> Numbers:
    rows = enumerate(corpus.features)
    return np.stack([head.distribution(features, view.draw(corpus, row, rng)) for row, features in rows])


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """How good held-out distributions are; means over draws of the baseline."""

    view: Known
    items: int
    recall: float
    """Unweighted average over the emotions."""
    macro_f1: float
    accuracy: float
    ece: float
    majority: float


def held_out_scores(corpus: Corpus, views: Sequence[Known], draws: int, seed: int) -> tuple[Score, ...]:
    """Return one score per view, each speaker judged by a head that never heard them."""
    told = {view: [np.zeros((len(corpus.emotions), len(_LETTERS))) for _ in range(draws)] for view in views}
    for speaker in np.unique(corpus.speakers):
        out = corpus.speakers == speaker
        head, rest = train_voice(corpus.of(~out), seed), corpus.of(out)
        rng = np.random.default_rng(seed)
        for view, found in told.items():
            for one in found:
                one[out] = _told(head, rest, view, rng)
    return tuple(_score(view, found, corpus.emotions) for view, found in told.items())


def _score(view: Known, found: Sequence[Numbers], truth: Whole) -> Score:
    guesses = [one.argmax(axis=1) for one in found]
    return Score(
        view=view,
        items=len(truth),
        recall=float(np.mean([_recalls(guess, truth).mean() for guess in guesses])),
        macro_f1=float(np.mean([_f1(guess, truth) for guess in guesses])),
        accuracy=float(np.mean([(guess == truth).mean() for guess in guesses])),
        ece=float(np.mean([calibration_error(one, truth) for one in found])),
        majority=float(np.bincount(truth).max() / len(truth)),
    )


def calibration_error(found: Numbers, truth: Whole) -> float:
    """Return the expected calibration error of the likeliest label, in 15 bins of equal width."""
    sure, right = found.max(axis=1), found.argmax(axis=1) == truth
    bins = np.minimum((sure * 15).astype(int), 14)
    return float(sum(abs(sure[bins == b].sum() - right[bins == b].sum()) for b in range(15)) / len(truth))


def _recalls(guess: Whole, truth: Whole) -> Numbers:
    return np.array([(guess[truth == c] == c).mean() for c in np.unique(truth)])


def _f1(guess: Whole, truth: Whole) -> float:
    both = [(np.sum((guess == c) & (truth == c)), np.sum(guess == c) + np.sum(truth == c)) for c in np.unique(truth)]
    return float(np.mean([2 * hit / total for hit, total in both]))


def _fitted(corpus: Corpus, seed: int) -> Head:
    voices = [corpus.features[corpus.speakers == speaker] for speaker in np.unique(corpus.speakers)]
    mean = np.mean([voice.mean(axis=0) for voice in voices], axis=0)
    deviation = np.sqrt(np.mean([voice.var(axis=0) for voice in voices], axis=0))
    blank = Head(mean, deviation, np.zeros((len(_LETTERS), COUNT)), np.zeros(len(_LETTERS)), np.zeros(2))
    rng = np.random.default_rng(seed)
    views, rows = (*_KNOWN, _KNOWN[-1]), range(len(corpus.emotions))
    seen = [_relative(blank, corpus, [_either(view, rng).draw(corpus, row, rng) for row in rows]) for view in views]
    weights, bias = fit_logistic(np.concatenate(seen), np.tile(corpus.emotions, len(views)), _RIDGE * len(views))
    return replace(blank, weights=weights, bias=bias)


def main() -> None:
    """Train, measure, write."""
    parser = argparse.ArgumentParser(prog="python -m annotators.training.voice_emodb", description="Emotion from the voice.")
    parser.add_argument("--data", type=Path, required=True, help="folder of EMO-DB's utterances as FLAC")
    parser.add_argument("--out", type=Path, required=True, help="safetensors file to write")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--draws", type=int, default=5, help="random baselines over which the scores are averaged")
    args = parser.parse_args()
    corpus = Corpus.read(args.data)
    found = held_out_scores(corpus, (*_KNOWN, Known(10, calm=True)), args.draws, args.seed)
    told = {_name(score.view): {"recall": round(score.recall, 3), "calibration_error": round(score.ece, 3)} for score in found}
    for name, values in told.items():
        sys.stdout.write(f"baseline of {name:<16} recall {values['recall']:.3f}  ece {values['calibration_error']:.3f}\n")
    train_voice(corpus, args.seed).save(args.out, _ABOUT | {"space": SPACE, "speakers_left_out": told})


def _name(view: Known) -> str:
    return "everything" if view.size == ALL else f"{view.size}{' neutral' if view.calm else ''}"


if __name__ == "__main__":
    main()
