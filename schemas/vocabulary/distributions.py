"""What the modalities say, laid side by side in one label space; pure functions of labels.

Only labels that both authors can give are compared: a voice model that knows no surprise does not contradict a surprised face.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from schemas.claims import Label
from schemas.vocabulary.spaces import space

Distribution = Mapping[str, float]
ALL = "all"
_SENTIMENT = "goemotions_sentiment4"
_COMPARABLE = 0.5
"""Two distributions are compared if each has at least this much of its mass on labels that both can give."""


def tempered(label: Label, temperature: float) -> Label:
    """Return a label whose distribution is made flatter (temperature above 1) or sharper: p ** (1 / temperature), scaled to 1."""
    raised = [score ** (1 / temperature) for score in label.scores]
    total = sum(raised)
    return replace(label, scores=tuple(score / total for score in raised)) if total > 0 else label


def by_modality(labels: Iterable[Label], onto: str) -> dict[str, dict[str, float]]:
    """Return for each modality its distribution over the labels of `onto` that its author can give, by modality name.

    Several authors of one modality are averaged. What is said of somebody else, of a part of the clip, of the viewer's emotion,
    by a label without scores or in a space that no map leads out of to `onto` is left out.
    """
    found: dict[str, list[dict[str, float]]] = {}
    for label in labels:
        if about_target(label) and label.scores and _leads(label.space, onto):
            found.setdefault(label.modality, []).append(_projected(label, onto))
    return {modality: pooled(many) for modality, many in sorted(found.items())}


def about_target(label: Label) -> bool:
    """Tell whether a label is what one modality says of the target in the whole clip."""
    return label.person is None and label.span is None and label.perspective == "expressed" and label.modality != ALL


def pooled(many: Sequence[Distribution]) -> dict[str, float]:
    """Return the linear opinion pool: for each label the mean over those who can give it, scaled to sum to 1."""
    names = sorted({name for one in many for name in one})
    means = {}
    for name in names:
        given = [one[name] for one in many if name in one]
        means[name] = sum(given) / len(given)
    return scaled(means)


def scaled(scores: Distribution) -> dict[str, float]:
    """Return scores that sum to 1; equal shares where all are 0."""
    total = sum(scores.values())
    return {name: score / total if total > 0 else 1 / len(scores) for name, score in scores.items()}


def divergence(one: Distribution, other: Distribution) -> float | None:
    """Return the Jensen-Shannon divergence in bits (0 to 1; Lin 1991), None where too little can be compared."""
    common = comparable(one, other)
    if not common:
        return None
    p, q = ([value for _, value in sorted(scaled({name: d[name] for name in common}).items())] for d in (one, other))
    middle = [(a + b) / 2 for a, b in zip(p, q, strict=True)]
    return round(min(1.0, max(0.0, (_bits(p, middle) + _bits(q, middle)) / 2)), 4)


def comparable(one: Distribution, other: Distribution) -> tuple[str, ...]:
    """Return the labels on which two distributions can be compared, sorted; () where either has too much mass elsewhere."""
    common = tuple(sorted(one.keys() & other.keys()))
    if len(common) < 2 or min(sum(d[name] for name in common) for d in (one, other)) < _COMPARABLE:
        return ()
    return common


def entropy(one: Distribution) -> float:
    """Return the entropy over that of the uniform distribution on the same labels, 0 to 1."""
    spread = -sum(p * math.log(p) for p in one.values() if p > 0)
    return round(min(1.0, spread / math.log(len(one))), 4) if len(one) > 1 else 0.0


def expected_valence(one: Distribution, of: str) -> float:
    """Return the probability of what feels good minus that of what feels bad, -1 to 1; surprise and neutral count as neither."""
    signs = sentiments(of)
    return sum(p * {"positive": 1, "negative": -1}.get(signs[name], 0) for name, p in one.items())


def sentiments(of: str) -> Mapping[str, str]:
    """Return how the labels of a space feel: positive, negative, ambiguous or neutral; {} where the space does not say."""
    return space(of).maps.get(_SENTIMENT, {})


def opposed(one: float, other: float, least: float) -> bool | None:
    """Tell whether two valences have unlike signs, None where one of them is weaker than `least`."""
    return one * other < 0 if min(abs(one), abs(other)) >= least else None


def top(one: Distribution, tie: float) -> frozenset[str]:
    """Return the likeliest label, with all that are less than `tie` behind it."""
    best = max(one.values())
    return frozenset(name for name, p in one.items() if best - p < tie or p == best)


def outlier(apart: Mapping[tuple[str, str], float | None], limit: float) -> str | None:
    """Return the modality that diverges from every other by `limit` or more while these do not; None with fewer than three."""
    names = sorted({name for pair in apart for name in pair})
    for name in names if len(names) > 2 else ():
        mine = [far for pair, far in apart.items() if name in pair]
        others = [far for pair, far in apart.items() if name not in pair]
        if all(far is not None and far >= limit for far in mine) and all(far is not None and far < limit for far in others):
            return name
    return None


def category(
    video: Collection[str], audio: Collection[str], truth: Collection[str] | None, same: float = 1.0, differ: float = 0.0
) -> str:
    """Return the conflict category (CA-MER, MoSEAR) from what video alone, audio alone and all together say.

    Sets are equal where their overlap (intersection over union) is at least `same`, unlike where it is at most `differ`. It is
    unresolved where the truth is not known (None), or an overlap lies in between.
    """
    if not (video and audio and truth):
        return "unresolved"
    picture, sound, both = (_relation(a, b, same, differ) for a, b in ((video, truth), (audio, truth), (video, audio)))
    if None in {picture, sound} or (picture and sound and both is None):
        return "unresolved"
    if picture and sound:
        return "consistent"
    return "video_aligned" if picture else "audio_aligned" if sound else "neither"


def _relation(one: Collection[str], other: Collection[str], same: float, differ: float) -> bool | None:
    overlap = len(set(one) & set(other)) / len(set(one) | set(other))
    return True if overlap >= same else False if overlap <= differ else None


def _leads(name: str, onto: str) -> bool:
    return name == onto or onto in space(name).maps


def _projected(label: Label, onto: str) -> dict[str, float]:
    known = space(label.space)
    whole = known.project(scores_of(label), onto)
    can = {known.maps[onto][name] if onto != known.name else name for name in label.names}
    return scaled({name: score for name, score in whole.items() if name in can})


def _bits(p: Sequence[float], q: Sequence[float]) -> float:
    return sum(a * math.log2(a / b) for a, b in zip(p, q, strict=True) if a > 0)


def fused_label(labels: Iterable[Label]) -> str | None:
    """Return the likeliest label of all modalities together, None where there is none."""
    return next(map(likeliest, fused(labels).values()), None)


def fused(labels: Iterable[Label]) -> dict[str, dict[str, float]]:
    """Return the distribution of all modalities together, as {"all": …}, {} where there is none."""
    whole = [label for label in labels if label.modality == ALL and label.scores]
    return {ALL: scores_of(whole[-1])} if whole else {}


def ranked(distribution: Mapping[str, float]) -> list[tuple[str, float]]:
    """Return labels and scores, the likeliest first, of equals the first by name: the one tie rule of the house."""
    return sorted(distribution.items(), key=lambda item: (-item[1], item[0]))


def likeliest(distribution: Mapping[str, float]) -> str:
    """Return the label that `ranked` has first."""
    return min(distribution, key=lambda name: (-distribution[name], name))


def scores_of(label: Label) -> dict[str, float]:
    """Return the score of each name of a label, {} of a plain set."""
    return dict(zip(label.names, label.scores, strict=True)) if label.scores else {}
