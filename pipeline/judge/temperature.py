"""How sure an author of labels should sound: one temperature, from what people said of the same modality (Guo et al. 2017).

The temperature minimises the negative log-likelihood of people's labels, held towards 1 by a normal prior on its logarithm, so
that a few clips change little. What it is worth is measured on clips that it was not learned from.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from schemas.claims import Label
from schemas.vocabulary.spaces import space

Floats = npt.NDArray[np.float64]
FOLDS = 5
ENOUGH = 20.0
"""Clips, after weighting, below which nothing is learned."""
DEVIATION = 0.3
"""Of the prior on the logarithm of the temperature."""
BOUNDS = (math.log(0.25), math.log(4.0))
BINS = 15
LEAST = 1e-4
"""Probabilities are kept to 4 decimals; 0 counts as this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Temperature:
    """One author's new temperature, and what it is worth on clips that it was not learned from."""

    by: str
    modality: str
    items: int
    """Clips with one label by people that the author can give too."""
    before: float
    after: float
    ece_before: float
    """Expected calibration error of the likeliest label, 15 bins of equal width, 0 to 1."""
    ece_after: float
    nll_before: float
    """Mean negative log-likelihood of people's label, nats."""
    nll_after: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """What an author said of one clip, and what people did."""

    clip_id: str
    label: Label
    truth: str
    """In the space that people label in."""
    weight: float
    """How many clips it stands for."""
    fold: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Table:
    """Examples of one author as arrays, one row each."""

    logs: Floats
    onto: Floats
    """author's names × the names that it can give in the space of the truth."""
    truth: npt.NDArray[np.intp]
    weight: Floats
    """Sums to the effective number of examples."""
    fold: npt.NDArray[np.intp]

    def probabilities(self, temperature: float) -> Floats:
        raised = np.exp((self.logs - self.logs.max(axis=1, keepdims=True)) / temperature)
        shares: Floats = (raised / raised.sum(axis=1, keepdims=True)) @ self.onto
        return shares

    def losses(self, probabilities: Floats) -> Floats:
        losses: Floats = -np.log(np.maximum(probabilities[np.arange(len(self.truth)), self.truth], LEAST))
        return losses


def mappable_labels(label: Label, onto: str) -> dict[str, str]:
    """Return the author's names, each with its name in the space `onto`; empty where no map leads there."""
    known = space(label.space)
    if onto == known.name:
        return {name: name for name in label.names}
    return {name: known.maps[onto][name] for name in label.names} if onto in known.maps else {}


def temperature(examples: Sequence[Example], onto: str, now: float = 1.0) -> Temperature | None:
    """Return what an author's examples teach; None where they are too few, or a new temperature would not predict better."""
    if not examples or effective([one.weight for one in examples]) < ENOUGH:
        return None
    table = _table(sorted(examples, key=lambda one: (one.clip_id, one.label.names, one.label.scores)), onto)
    before, after = table.probabilities(now), np.zeros((len(table.truth), table.onto.shape[1]))
    for fold in range(FOLDS):
        held = table.fold == fold
        if held.any() and not held.all():
            after[held] = table.probabilities(_fitted(table, ~held))[held]
        else:
            after[held] = before[held]
    losses = [float(np.average(table.losses(one), weights=table.weight)) for one in (before, after)]
    found = round(_fitted(table, np.ones(len(table.truth), bool)), 4)
    if losses[1] >= losses[0] or found == now:
        return None
    first = examples[0].label
    return Temperature(
        by=first.by,
        modality=first.modality,
        items=len(examples),
        before=now,
        after=found,
        ece_before=_ece(table, before),
        ece_after=_ece(table, after),
        nll_before=round(losses[0], 4),
        nll_after=round(losses[1], 4),
    )


def effective(weights: Sequence[float]) -> float:
    """Return how many equal weights would be worth as much (Kish 1965); 0 of none."""
    return sum(weights) ** 2 / sum(one * one for one in weights) if weights else 0.0


def _table(examples: Sequence[Example], onto: str) -> _Table:
    names = sorted({name for one in examples for name in one.label.names})
    place = {name: number for number, name in enumerate(names)}
    map_ = {name: to for one in examples for name, to in mappable_labels(one.label, onto).items()}
    given = {name: number for number, name in enumerate(sorted(set(map_.values())))}
    scores = np.zeros((len(examples), len(names)))
    for row, one in enumerate(examples):
        scores[row, [place[name] for name in one.label.names]] = one.label.scores
    projection = np.zeros((len(names), len(given)))
    for name, to in map_.items():
        projection[place[name], given[to]] = 1.0
    weight = np.array([one.weight for one in examples])
    return _Table(
        logs=np.log(scores, out=np.full_like(scores, -np.inf), where=scores > 0),
        onto=projection,
        truth=np.array([given[one.truth] for one in examples], np.intp),
        weight=weight * (weight.sum() / (weight**2).sum()),
        fold=np.array([one.fold for one in examples], np.intp),
    )


def _fitted(table: _Table, use: npt.NDArray[np.bool_]) -> float:
    from scipy.optimize import minimize_scalar  # noqa: PLC0415

    def cost(log: float) -> float:
        losses = table.losses(table.probabilities(math.exp(log)))
        return float(losses[use] @ table.weight[use]) + log * log / (2 * DEVIATION**2)

    return math.exp(float(minimize_scalar(cost, bounds=BOUNDS, method="bounded", options={"xatol": 1e-5}).x))


def _ece(table: _Table, probabilities: Floats) -> float:
    sure, best = probabilities.max(axis=1), probabilities.argmax(axis=1)
    gaps = (sure - (best == table.truth)) * table.weight
    bins = np.minimum((sure * BINS).astype(int), BINS - 1)
    return round(float(np.abs(np.bincount(bins, gaps)).sum() / table.weight.sum()), 4)
