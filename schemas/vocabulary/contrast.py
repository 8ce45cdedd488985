"""Whether two modalities contradict each other: on classes that both can give, on valence, or on arousal. Pure.

A modality that shows no emotion contradicts none, and surprise goes with anything: of 1,943 clips of CREMA-D for which people
name unlike labels for voice alone and face alone, 1,361 (70 %) are neutral in one of the two. So two modalities conflict where
each shows an emotion, and not the same one. How likely people see it so is calibrated on their votes: see `CALIBRATION`.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product

from schemas.claims import Label
from schemas.vocabulary.distributions import (
    Distribution,
    about_target,
    by_modality,
    comparable,
    expected_valence,
    scaled,
    sentiments,
)

CLASSES, VALENCE, AROUSAL = AXES = ("classes", "valence", "arousal")


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """Log-odds, against saying the same, of saying unlike things and of one saying nothing; and how much evidence counts."""

    unlike: float
    half: float
    slope: float


CALIBRATION: Mapping[str, Calibration] = {
    CLASSES: Calibration(unlike=-1.15, half=-0.79, slope=0.86),
    VALENCE: Calibration(unlike=-1.43, half=-1.33, slope=1.21),
    AROUSAL: Calibration(unlike=-1.40, half=-0.88, slope=0.79),
}
"""By axis. Fitted on CREMA-D, where some voters play the machines and the others the people, by
`python -m tests.accuracy.conflicts --fit`."""
DISAGREE = 0.5
"""Probability of a conflict from which two modalities disagree, where no plan says otherwise."""
SURE = 0.4
"""Probability that the likeliest label of a modality needs to contradict another, where no plan says otherwise."""
_LEAST = 1e-4
"""Probabilities are kept to 4 decimals; 0 counts as this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What one modality says of the clip's target."""

    distribution: Distribution
    """Over the labels of one space that it can give; {} where it gives none."""
    valence: float | None
    """-1 to 1, as it says or as its distribution has it."""
    arousal: float | None
    """-1 to 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrast:
    """How two modalities compare; see `schemas.claims.Conflict`."""

    axis: str | None
    probability: float | None


def evidence_by_modality(labels: Iterable[Label], onto: str) -> dict[str, Evidence]:
    """Return what each modality says, by its name; one that gives neither a label in `onto` nor a point on an axis is left out.

    Several authors of one modality are averaged.
    """
    own = [label for label in labels if about_target(label)]
    spoken = by_modality(own, onto)
    found = {}
    for modality in sorted({label.modality for label in own}):
        mine = [label for label in own if label.modality == modality]
        distribution = spoken.get(modality, {})
        valence = _mean(label.valence for label in mine)
        if valence is None and distribution and sentiments(onto):
            valence = expected_valence(distribution, onto)
        arousal = _mean(label.arousal for label in mine)
        if distribution or valence is not None or arousal is not None:
            found[modality] = Evidence(distribution=distribution, valence=valence, arousal=arousal)
    return found


def sure_enough(held: Evidence, least: float) -> Evidence:
    """Return evidence without a label whose likeliest name has less than `least`, and without the valence made of it."""
    if not held.distribution or max(held.distribution.values()) >= least:
        return held
    return replace(held, distribution={}, valence=None)


def contrast(one: Evidence, other: Evidence, onto: str) -> Contrast:
    """Return how likely two modalities conflict, on the axis on which that is likeliest.

    They are compared on labels where both can give most of theirs, on valence and arousal where both have one.
    """
    chances = {axis: calibrated(unlike, same, CALIBRATION[axis]) for axis, unlike, same in _masses(one, other, onto)}
    axis = max(chances, key=lambda name: (chances[name], -AXES.index(name)), default=None)
    return Contrast(axis=axis, probability=None if axis is None else chances[axis])


def calibrated(unlike: float, same: float, found: Calibration) -> float:
    """Return how likely people see a conflict, where two modalities that know nothing of each other say unlike things, and the
    same, with these probabilities; in what is left of 1 one of them shows no emotion.
    """
    masses = (unlike, same, 1 - unlike - same)
    weighed = [
        math.exp(offset) * max(_LEAST, mass) ** found.slope
        for offset, mass in zip((found.unlike, 0.0, found.half), masses, strict=True)
    ]
    chance: float = weighed[0] / sum(weighed)
    return round(chance, 4)


def at_odds(one: Collection[str], other: Collection[str], onto: str) -> bool | None:
    """Tell whether people, who named these for one modality and for another, see a conflict; None where one was not named.

    That is where either shows an emotion and they share none.
    """
    if not (one and other):
        return None
    mine, theirs = (set(emotional(names, onto)) for names in (one, other))
    return bool(mine and theirs and not mine & theirs)


def emotional(names: Iterable[str], of: str) -> tuple[str, ...]:
    """Return those of the labels that can contradict one another: all but neutral, and surprise, which feels either way.

    All of a space that does not say how its labels feel.
    """
    signs = sentiments(of)
    return tuple(name for name in names if signs.get(name, "positive") in {"positive", "negative"})


def _masses(one: Evidence, other: Evidence, onto: str) -> Iterator[tuple[str, float, float]]:
    """Yield each axis on which both say something, with the probabilities that they say unlike things, and the same."""
    common = comparable(one.distribution, other.distribution)
    if common:
        p, q = (scaled({name: held.distribution[name] for name in common}) for held in (one, other))
        names = emotional(common, onto)
        yield CLASSES, sum(p[a] * q[b] for a, b in product(names, names) if a != b), sum(p[name] * q[name] for name in common)
    first, second = (_signs(held, onto) for held in (one, other))
    if first is not None and second is not None:
        yield VALENCE, *_crossed(first, second)
    if one.arousal is not None and other.arousal is not None:
        yield AROUSAL, *_crossed(_ends(one.arousal), _ends(other.arousal))


def _crossed(one: tuple[float, float], other: tuple[float, float]) -> tuple[float, float]:
    """Return the probabilities of unlike ends and of the same end, or none in both, from those of the high and the low end."""
    same = one[0] * other[0] + one[1] * other[1] + (1 - sum(one)) * (1 - sum(other))
    return one[0] * other[1] + one[1] * other[0], same


def _ends(value: float) -> tuple[float, float]:
    """Return the least probabilities of the high and the low end that a bare number stands for."""
    return max(value, 0.0), max(-value, 0.0)


def _signs(held: Evidence, onto: str) -> tuple[float, float] | None:
    """Return the probabilities that it feels good and bad; None where it tells neither."""
    signs = sentiments(onto)
    if held.distribution and signs:
        good, bad = (sum(p for name, p in held.distribution.items() if signs[name] == sign) for sign in ("positive", "negative"))
        return good, bad
    return None if held.valence is None else _ends(held.valence)


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None
