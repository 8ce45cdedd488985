"""Who is right when people disagree: true labels and reliabilities estimated together (Dawid & Skene 1979).

Own code, since crowd-kit brings transformers and nltk along and calls what the next pandas drops; the tests hold it to crowd-kit.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.intp]
LEAST = 1e-10
"""Probabilities are kept above this, so that their logarithm exists."""
ROUNDS = 100
GAIN = 1e-5
"""Stop where the bound rises by less than this per vote."""


@dataclass(frozen=True, slots=True, order=True)
class Vote:
    """One person's label for one item."""

    item: str
    reviewer: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """Estimates; names are sorted, and the arrays follow their order."""

    items: tuple[str, ...]
    reviewers: tuple[str, ...]
    labels: tuple[str, ...]
    posterior: Floats
    """items × labels; rows sum to 1."""
    prior: Floats
    """One per label."""
    errors: Floats
    """reviewers × given label × true label: how often a reviewer gives a label where another is true."""

    def reliability(self) -> dict[str, float]:
        """Return by reviewer the chance to give the right label to an item drawn by the prior, 0 to 1."""
        right = np.einsum("rkk,k->r", self.errors, self.prior)
        return {name: round(float(one), 4) for name, one in zip(self.reviewers, right, strict=True)}

    def by_item(self) -> dict[str, dict[str, float]]:
        """Return for each item the probability of each label, rounded to 4 decimals."""
        return {
            item: {label: round(float(p), 4) for label, p in zip(self.labels, row, strict=True)}
            for item, row in zip(self.items, self.posterior, strict=True)
        }


def fit(votes: Iterable[Vote]) -> Fitted:
    """Return the estimates of EM from the votes' shares; their order does not matter."""
    ordered = sorted(votes)
    items, item = _coded([vote.item for vote in ordered])
    reviewers, reviewer = _coded([vote.reviewer for vote in ordered])
    labels, label = _coded([vote.label for vote in ordered])
    posterior = np.zeros((len(items), len(labels)))
    np.add.at(posterior, (item, label), 1.0)
    posterior /= posterior.sum(axis=1, keepdims=True)
    prior, errors = _learned(posterior, item, reviewer, label, len(reviewers))
    bound = -np.inf
    for _ in range(ROUNDS if ordered else 0):
        posterior = _believed(prior, errors[reviewer, label], item, len(items))
        prior, errors = _learned(posterior, item, reviewer, label, len(reviewers))
        before, bound = bound, _bound(posterior, prior, errors[reviewer, label], item)
        if bound - before < GAIN:
            break
    return Fitted(items=items, reviewers=reviewers, labels=labels, posterior=posterior, prior=prior, errors=errors)


def _coded(names: list[str]) -> tuple[tuple[str, ...], Places]:
    known = sorted(set(names))
    place = {name: number for number, name in enumerate(known)}
    return tuple(known), np.array([place[name] for name in names], np.intp)


def _learned(posterior: Floats, item: Places, reviewer: Places, label: Places, reviewers: int) -> tuple[Floats, Floats]:
    """Return prior and errors; a label that a reviewer never gives has error probability 0."""
    labels = posterior.shape[1]
    counts, given = np.zeros((reviewers, labels, labels)), np.zeros((reviewers, labels, 1), bool)
    np.add.at(counts, (reviewer, label), posterior[item])
    given[reviewer, label] = True
    counts = np.where(given, np.maximum(counts, LEAST), 0.0)
    prior = posterior.mean(axis=0) if len(posterior) else np.zeros(labels)
    return np.maximum(prior, LEAST), counts / np.maximum(counts.sum(axis=1, keepdims=True), LEAST)


def _believed(prior: Floats, likelihood: Floats, item: Places, items: int) -> Floats:
    logs = np.tile(np.log(prior), (items, 1))
    np.add.at(logs, item, np.log(likelihood))
    shares = np.exp(logs - logs.max(axis=1, keepdims=True))
    beliefs: Floats = shares / shares.sum(axis=1, keepdims=True)
    return beliefs


def _bound(posterior: Floats, prior: Floats, likelihood: Floats, item: Places) -> float:
    """Return the evidence bound per vote as crowd-kit counts it (the prior once per vote), so that both stop alike."""
    expected = (posterior[item] * (np.log(likelihood) + np.log(prior))).sum()
    held = np.maximum(posterior, LEAST)
    return float((expected - (held * np.log(held)).sum()) / len(likelihood))
