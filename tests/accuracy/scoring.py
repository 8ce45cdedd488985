"""How good probabilities are: accuracy, recall, F1 and calibration, beside what always saying the commonest label would reach."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.metrics import f1_score, recall_score

BINS = 15


@dataclass(frozen=True, kw_only=True)
class Score:
    """One annotator on labelled items that it was not fitted on."""

    what: str
    items: int
    accuracy: float
    recall: float
    """Unweighted average over the labels."""
    macro_f1: float
    ece: float
    """Expected calibration error of the likeliest label, 15 bins of equal width."""
    majority: float
    """Accuracy of always saying the commonest label."""


def score(what: str, said: Sequence[Mapping[str, float]], truth: Sequence[str]) -> Score:
    """Score distributions by label name against true names."""
    names = sorted(set(truth) | {name for one in said for name in one})
    best = [max(sorted(one), key=one.__getitem__) for one in said]
    sure = np.array([max(one.values()) for one in said])
    right = np.array([a == b for a, b in zip(best, truth, strict=True)])
    bins = np.minimum((sure * BINS).astype(int), BINS - 1)
    gaps = [abs((right[bins == b] - sure[bins == b]).sum()) for b in range(BINS)]
    return Score(
        what=what,
        items=len(truth),
        accuracy=float(right.mean()),
        recall=float(recall_score(truth, best, labels=sorted(set(truth)), average="macro", zero_division=0)),
        macro_f1=float(f1_score(truth, best, labels=names, average="macro", zero_division=0)),
        ece=float(sum(gaps) / len(truth)),
        majority=Counter(truth).most_common(1)[0][1] / len(truth),
    )
