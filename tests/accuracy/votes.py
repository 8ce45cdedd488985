"""CREMA-D's votes as a trial of the conflict's probability: some voters play the machines, the others are the people.

For each clip, 2, 3 or 5 of those who saw the face alone, and as many of those who heard the voice alone, are drawn by a hash.
Their votes, smoothed by what is usual, are a distribution each; a temperature makes these as sure as they are right about the
other voters. Whether the modalities conflict is then told by the others.
"""

import csv
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.optimize import minimize, minimize_scalar

from schemas.vocabulary.contrast import AROUSAL, AXES, CALIBRATION, CLASSES, VALENCE, Calibration, at_odds, calibrated
from tests.support.research import research

NAMES = {"A": "anger", "D": "disgust", "F": "fear", "H": "happiness", "N": "neutral", "S": "sadness"}
LABELS = tuple(NAMES.values())
VOTERS = (2, 3, 5)
FOLDS = 5
ENDS = {
    VALENCE: {"anger": -1, "disgust": -1, "fear": -1, "sadness": -1, "happiness": 1, "neutral": 0},
    AROUSAL: {"anger": 1, "fear": 1, "happiness": 1, "sadness": -1, "disgust": 0, "neutral": 0},
}
_USUAL = 1.5
"""Votes that what is usual counts as."""


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One draw of voters for one clip."""

    actor: int
    voters: int
    machine: tuple[np.ndarray, np.ndarray]
    """Votes of the drawn for face and voice, in the order of LABELS; `people` those of the others."""
    people: tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True, kw_only=True)
class Masses:
    """Of each trial and one axis: what machines that know nothing of each other say, and what the people say."""

    unlike: np.ndarray
    same: np.ndarray
    real: np.ndarray


@dataclass(frozen=True, kw_only=True)
class Row:
    """How the probability does on actors that it was not fitted on."""

    axis: str
    trials: int
    real: float
    """Share of all trials; likewise `routed`."""
    ece: float
    """Expected calibration error, 10 bins."""
    routed: float
    found: float | None
    """Share of real ones among the routed; None where nothing is."""
    expected: float | None
    caught: float
    """Share of the real ones that are routed."""


@cache
def table() -> Mapping[str, Mapping[str, np.ndarray]]:
    """Return the votes by clip and modality, in the order of LABELS."""
    found: dict[str, dict[str, np.ndarray]] = {}
    with (research("crema-d") / "tabulatedVotes.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            found.setdefault(row["fileName"], {})[row["modality"]] = np.array([int(row[letter]) for letter in NAMES])
    return found


def differing() -> dict[str, int]:
    """Return how many clips have untied votes, in how many of these face and voice are unlike, and in how many they conflict."""
    pairs = [[_tops(votes[name]) for name in ("face", "voice")] for votes in table().values()]
    unlike = [(one, other) for one, other in pairs if len(one) == len(other) == 1 and one != other]
    conflicts = sum(bool(at_odds(one, other, "ekman7")) for one, other in unlike)
    return {"untied": sum(len(a) == len(b) == 1 for a, b in pairs), "unlike": len(unlike), "conflict": conflicts}


@cache
def trials() -> tuple[Trial, ...]:
    """Return all trials, in the order of the clips."""
    return tuple(
        _trial(name, voters, votes) for name, votes in sorted(table().items()) for voters in VOTERS if _enough(votes, voters)
    )


def masses(axis: str) -> Masses:
    """Return what the machines and the people of each trial say on one axis."""
    face, voice = (_said(place) for place in (0, 1))
    if axis == CLASSES:
        felt = np.array([name != "neutral" for name in LABELS], float)
        unlike = (face * felt).sum(1) * (voice * felt).sum(1) - (face * voice * felt).sum(1)
        real = np.array([bool(at_odds(*(_tops(one) for one in trial.people), "ekman7")) for trial in trials()])
        return Masses(unlike=unlike, same=(face * voice).sum(1), real=real)
    ends = np.array([ENDS[axis][name] for name in LABELS])
    high, low, none = ([said @ (ends == end) for said in (face, voice)] for end in (1, -1, 0))
    real = np.array([_ends(trial.people[0], axis) * _ends(trial.people[1], axis) < 0 for trial in trials()])
    return Masses(
        unlike=high[0] * low[1] + low[0] * high[1], same=high[0] * high[1] + low[0] * low[1] + none[0] * none[1], real=real
    )


def fitted(axis: str, use: np.ndarray | None = None) -> Calibration:
    """Return what `schemas.vocabulary.contrast.CALIBRATION` holds for an axis, from some of the trials or all."""
    held = masses(axis)
    use = np.ones(len(held.real), bool) if use is None else use
    logs = np.log(np.clip(np.stack([held.unlike, held.same, 1 - held.unlike - held.same], 1), 1e-4, 1))[use]
    real = held.real[use]

    def loss(weights: np.ndarray) -> float:
        raised = weights[2] * logs + np.array([weights[0], 0.0, weights[1]])
        raised = np.exp(raised - raised.max(1, keepdims=True))
        chance = np.clip(raised[:, 0] / raised.sum(1), 1e-9, 1 - 1e-9)
        return float(-np.mean(np.where(real, np.log(chance), np.log(1 - chance))))

    found = minimize(loss, [-1.0, -0.5, 1.0], method="Nelder-Mead", options={"maxiter": 4000}).x
    return Calibration(unlike=round(float(found[0]), 2), half=round(float(found[1]), 2), slope=round(float(found[2]), 2))


def rows(threshold: float = 0.5) -> Iterator[Row]:
    """Yield how the probability does on each axis, each fifth of the actors judged by what the other four teach."""
    actors = np.array([trial.actor for trial in trials()])
    for axis in AXES:
        held, chance = masses(axis), np.zeros(len(actors))
        for fold in range(FOLDS):
            out = actors % FOLDS == fold
            chance[out] = chances(held, fitted(axis, ~out))[out]
        routed = chance >= threshold
        yield Row(
            axis=axis,
            trials=len(actors),
            real=float(held.real.mean()),
            ece=calibration_error(chance, held.real),
            routed=float(routed.mean()),
            found=float(held.real[routed].mean()) if routed.any() else None,
            expected=float(chance[routed].mean()) if routed.any() else None,
            caught=float(routed[held.real].mean()),
        )


def chances(held: Masses, by: Calibration) -> np.ndarray:
    """Return the probability of a conflict in each trial."""
    return np.array([calibrated(unlike, same, by) for unlike, same in zip(held.unlike, held.same, strict=True)])


def calibration_error(chance: np.ndarray, real: np.ndarray, bins: int = 10) -> float:
    """Return the expected calibration error of probabilities of something that is real or not."""
    place = np.minimum((chance * bins).astype(int), bins - 1)
    return float(sum(abs((chance - real)[place == number].sum()) for number in range(bins)) / len(real))


def shipped() -> dict[str, Calibration]:
    """Return what ships, by axis."""
    return dict(CALIBRATION)


def _trial(name: str, voters: int, votes: Mapping[str, np.ndarray]) -> Trial:
    drawn = [_draw(f"{name} {modality} {voters}", votes[modality], voters) for modality in ("face", "voice")]
    return Trial(
        actor=int(name[:4]),
        voters=voters,
        machine=(drawn[0], drawn[1]),
        people=(votes["face"] - drawn[0], votes["voice"] - drawn[1]),
    )


def _draw(seed: str, votes: np.ndarray, voters: int) -> np.ndarray:
    cast = [label for label, many in enumerate(votes) for _ in range(many)]
    order = sorted(range(len(cast)), key=lambda number: hashlib.sha256(f"{seed} {number}".encode()).digest())
    return np.bincount([cast[number] for number in order[:voters]], minlength=len(LABELS))


def _enough(votes: Mapping[str, np.ndarray], voters: int) -> bool:
    return all(votes[modality].sum() > voters for modality in ("face", "voice"))


@cache
def _said(place: int) -> np.ndarray:
    """Return the distributions of the machine for face (0) or voice (1), one row a trial, as sure as they are right."""
    votes = np.stack([trial.machine[place] for trial in trials()])
    people = np.stack([trial.people[place] for trial in trials()])
    tops = people == people.max(1, keepdims=True)
    tops = tops / tops.sum(1, keepdims=True)
    usual = people.sum(0) / people.sum()
    said = (votes + _USUAL * usual) / (votes.sum(1, keepdims=True) + _USUAL)
    voters = np.array([trial.voters for trial in trials()])
    for many in VOTERS:
        mine = voters == many
        said[mine] = _tempered(said[mine], tops[mine])
    return said


def _tempered(said: np.ndarray, tops: np.ndarray) -> np.ndarray:
    def at(log: float) -> np.ndarray:
        raised = said ** np.exp(-log)
        return raised / raised.sum(1, keepdims=True)

    best = minimize_scalar(lambda log: -np.mean((tops * np.log(at(log))).sum(1)), bounds=(-2, 1), method="bounded").x
    return at(best)


def _tops(votes: np.ndarray) -> tuple[str, ...]:
    return tuple(name for name, many in zip(LABELS, votes, strict=True) if many == votes.max())


def _ends(votes: np.ndarray, axis: str) -> int:
    """Return the end of an axis at which the likeliest labels lie, 0 for none or both."""
    ends: Sequence[int] = [ENDS[axis][name] for name in _tops(votes)]
    shown = {end for end in ends if end}
    return shown.pop() if len(shown) == 1 else 0
