"""From which probability of a conflict on a person should decide, from what people said of each modality alone.

A conflict is real where people name unlike emotions for two modalities: `schemas.vocabulary.contrast.at_odds`. The threshold
maximises the share of
real conflicts that it catches plus the share of the other clips that it spares (Youden 1950). People see only a sample of the
accepted clips, so each of these stands for as many as the audit's share says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.judge.temperature import effective

Floats = npt.NDArray[np.float64]
STEPS = 200
"""Thresholds that are tried, at most."""
ENOUGH = 10.0
"""Clips of either kind, after weighting, below which nothing is learned."""
AUDITED = 5
"""Audited clips below which nothing is learned: nothing else tells what lies below the present threshold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """A new threshold, and what it is worth on clips that it was not learned from."""

    before: float
    """Probability of a conflict; likewise `after`."""
    after: float
    real: int
    """Clips with a real conflict."""
    consistent: int
    caught_before: float
    """Share of real conflicts whose probability reaches the threshold; weighted, as all shares here."""
    caught_after: float
    spared_before: float
    """Share of the other clips whose probability stays below it."""
    spared_after: float

    @property
    def balanced(self) -> tuple[float, float]:
        """Return the mean share of right decisions, before and after."""
        return (
            round((self.caught_before + self.spared_before) / 2, 4),
            round((self.caught_after + self.spared_after) / 2, 4),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One clip: how far its modalities diverge, and whether people see a conflict in it."""

    now: float
    """Probability of the likeliest conflict as the present settings have it."""
    learned: tuple[float, ...]
    """The same at the temperatures learned without each fold, then at those learned from all."""
    real: bool | None
    """None where people judged fewer than two modalities alone."""
    weight: float
    audited: bool
    fold: int


def threshold(cases: Sequence[Case], now: float) -> Threshold | None:
    """Return what cases teach; None where they are too few, or another threshold would not decide better."""
    known = [one for one in cases if one.real is not None]
    kinds = [[one.weight for one in known if one.real is kind] for kind in (True, False)]
    if min(effective(weights) for weights in kinds) < ENOUGH or sum(one.audited for one in known) < AUDITED:
        return None
    real, weight = np.array([one.real for one in known], bool), np.array([one.weight for one in known])
    learned, fold = np.array([one.learned for one in known]), np.array([one.fold for one in known])
    after = np.zeros(len(known), bool)
    for number in sorted(set(fold.tolist())):
        held, scores = fold == number, learned[:, number]
        after[held] = scores[held] >= _best(scores[~held], real[~held], weight[~held], now)
    before = _rates(np.array([one.now for one in known]) >= now, real, weight)
    caught, spared = _rates(after, real, weight)
    found = Threshold(
        before=now,
        after=_best(learned[:, -1], real, weight, now),
        real=len(kinds[0]),
        consistent=len(kinds[1]),
        caught_before=round(before[0], 4),
        caught_after=round(caught, 4),
        spared_before=round(before[1], 4),
        spared_after=round(spared, 4),
    )
    return found if found.balanced[1] > found.balanced[0] else None


def matched(cases: Sequence[Case], now: float) -> float:
    """Return the threshold that at the learned temperatures sends as large a share to people as the present one does.

    Temperatures change how likely a conflict is; where no threshold can be learned, the workload stays.
    """
    if not cases:
        return now
    weight, scores = np.array([one.weight for one in cases]), np.array([one.learned[-1] for one in cases])
    before = np.array([one.now for one in cases])
    if bool(((before >= now) == (scores >= now)).all()):
        return now
    share = np.average(before >= now, weights=weight)
    limits = _limits(scores)
    gaps = [abs(float(np.average(scores >= limit, weights=weight) - share)) for limit in limits]
    return float(limits[int(np.argmin(gaps))])


def _rates(sent: npt.NDArray[np.bool_], real: npt.NDArray[np.bool_], weight: Floats) -> tuple[float, float]:
    return float(np.average(sent[real], weights=weight[real])), float(np.average(~sent[~real], weights=weight[~real]))


def _best(scores: Floats, real: npt.NDArray[np.bool_], weight: Floats, now: float) -> float:
    """Return the threshold that separates best, the middle one of equals; the present one without both kinds."""
    if real.all() or not real.any():
        return now
    limits = _limits(scores)
    gains = np.array([sum(_rates(scores >= limit, real, weight)) for limit in limits])
    ties = np.flatnonzero(gains >= gains.max() - 1e-9)
    return float(limits[ties[len(ties) // 2]])


def _limits(scores: Floats) -> Floats:
    """Return thresholds half-way between scores, evenly spread over their ranks, and one above all; 4 decimals."""
    seen = np.unique(scores)
    half_way = (seen[1:] + seen[:-1]) / 2
    places = np.unique(np.linspace(0, len(half_way) - 1, min(STEPS, len(half_way))).astype(int))
    limits: Floats = np.unique(np.round([*half_way[places], min(1.0, float(seen[-1]) + 0.01)], 4))
    return limits
