"""How far people agree, and whom to believe where they do not. Pure functions of answers, whatever their order.

Krippendorff's alpha is own code, since the `krippendorff` package is GPL; the tests hold it to that package.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from label_studio.consensus.dawid_skene import Fitted, Vote, fit
from label_studio.project.answers import Answer, Given
from schemas.errors import UsageError
from schemas.vocabulary.distributions import ALL
from schemas.vocabulary.modalities import modalities

SCORED = ("valence", "arousal", "intensity")
NEAR = {"valence": 0.5, "arousal": 0.5, "intensity": 0.25}
"""Two scores agree where they are at most a quarter of the range apart, one step of five."""
TOGETHER = "+"
"""Between the names of an answer that gives several; a set of names is one value."""
ADJUDICATE, PREFER = "adjudicate", "prefer"


def nominal() -> tuple[str, ...]:
    """Return the fields of names: each modality, all together, and where the truth is."""
    return (*modalities(), ALL, "truth")


def fields() -> tuple[str, ...]:
    """Return all fields that people can agree on."""
    *named, truth = nominal()
    return (*named, *SCORED, truth)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewerPair:
    """How often two reviewers say the same."""

    first: str
    second: str
    items: int
    same: float
    """Share of these items, 0 to 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldAgreement:
    """Agreement on one field, over the items that two or more people answered."""

    field: str
    items: int
    answers: int
    alpha: float | None
    """Krippendorff's alpha (2011), nominal or interval; 1 perfect, 0 as by chance; None where nothing varies or is shared."""
    pairwise: float | None
    """Share of all pairs of answers to one item that are the same (scores: within NEAR); None without a pair."""
    pairs: tuple[ReviewerPair, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """Agreement on every field, in the order of `fields()`."""

    fields: tuple[FieldAgreement, ...]

    def of(self, field: str) -> FieldAgreement:
        """Return the agreement on one field."""
        return next(one for one in self.fields if one.field == field)


def latest_answers(answers: Iterable[Answer]) -> tuple[Answer, ...]:
    """Return each reviewer's last answer to each clip, by clip and reviewer; adjudications and preferences are left out."""
    found: dict[tuple[str, str], Answer] = {}
    for answer in sorted(answers, key=lambda one: (one.submitted, one.answer_id)):
        if answer.kind not in {ADJUDICATE, PREFER}:
            found[answer.clip_id, answer.reviewer] = answer
    return tuple(answer for _, answer in sorted(found.items()))


def given(answer: Answer, modality: str) -> Given | None:
    """Return what an answer says of a modality, None where it says nothing."""
    return next((one for one in answer.given if one.modality == modality), None) if answer.cannot is None else None


def value(answer: Answer, field: str) -> str | None:
    """Return a nominal field's value, None where it is not given; names joined by TOGETHER."""
    if field == "truth":
        return answer.truth if answer.cannot is None else None
    said = given(answer, field)
    return TOGETHER.join(sorted(set(said.names))) if said and said.names else None


def scored(answer: Answer, field: str) -> float | None:
    """Return valence, arousal or intensity of all together, None where it is not given."""
    said = given(answer, ALL)
    return None if said is None else {"valence": said.valence, "arousal": said.arousal, "intensity": said.intensity}[field]


def votes(answers: Iterable[Answer], field: str) -> tuple[Vote, ...]:
    """Return who says what in a nominal field.

    Raises:
        UsageError: the field holds numbers, or is none.
    """
    if field not in nominal():
        raise UsageError(f"{field} is not a field of names; these are {', '.join(nominal())}")
    told = ((answer, value(answer, field)) for answer in latest_answers(answers))
    return tuple(Vote(answer.clip_id, answer.reviewer, label) for answer, label in told if label is not None)


def fit_field(answers: Iterable[Answer], field: str) -> Fitted:
    """Return Dawid and Skene's estimates for a nominal field."""
    return fit(votes(answers, field))


def agreement(answers: Iterable[Answer]) -> Agreement:
    """Return how far people agree on each field; a field that nobody shares has 0 items."""
    kept = latest_answers(answers)
    return Agreement(fields=tuple(_on(field, kept) for field in fields()))


def alpha(items: Sequence[str], points: npt.NDArray[np.float64]) -> float | None:
    """Return Krippendorff's alpha with squared distances, one row of `points` per answer.

    Names as indicator vectors give the nominal alpha, since their squared distance is 0 or 2.
    """
    _, place, sizes = np.unique(np.asarray(items), return_inverse=True, return_counts=True)
    shared = sizes[place] > 1
    if not shared.any():
        return None
    _, place, sizes = np.unique(place[shared], return_inverse=True, return_counts=True)
    kept = points[shared]
    sums = np.zeros((len(sizes), kept.shape[1]))
    np.add.at(sums, place, kept)
    within = ((kept - (sums / sizes[:, None])[place]) ** 2).sum(axis=1) @ (sizes / (sizes - 1))[place]
    total = ((kept - kept.mean(axis=0)) ** 2).sum()
    return None if total < 1e-12 else round(float(1 - within / total * (len(kept) - 1) / len(kept)), 4)


def _on(field: str, answers: Sequence[Answer]) -> FieldAgreement:
    told: defaultdict[str, list[tuple[str, str | float]]] = defaultdict(list)
    for answer in answers:
        said = scored(answer, field) if field in SCORED else value(answer, field)
        if said is not None:
            told[answer.clip_id].append((answer.reviewer, said))
    shared = {clip: many for clip, many in told.items() if len(many) > 1}
    met, same = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for who, equal in _meetings(shared.values(), NEAR.get(field, 0.0)):
        met[who] += 1
        same[who] += equal
    items = [clip for clip, many in shared.items() for _ in many]
    said_all = [said for many in shared.values() for _, said in many]
    return FieldAgreement(
        field=field,
        items=len(shared),
        answers=len(items),
        alpha=alpha(items, _points(said_all)),
        pairwise=round(same.total() / met.total(), 4) if met else None,
        pairs=tuple(ReviewerPair(first=a, second=b, items=n, same=round(same[a, b] / n, 4)) for (a, b), n in sorted(met.items())),
    )


def _meetings(items: Iterable[Sequence[tuple[str, str | float]]], near: float) -> Iterator[tuple[tuple[str, str], bool]]:
    """Yield for every two answers to one item who gave them, and whether they say the same."""
    for many in items:
        for (first, one), (second, other) in combinations(many, 2):
            yield (first, second), _same(one, other, near)


def _same(one: str | float, other: str | float, near: float) -> bool:
    if isinstance(one, str) or isinstance(other, str):
        return one == other
    return abs(one - other) < near + 1e-9


def _points(values: Sequence[str | float]) -> npt.NDArray[np.float64]:
    names = sorted({one for one in values if isinstance(one, str)})
    if names:
        return np.array([[float(one == name) for name in names] for one in values])
    return np.array(values, np.float64).reshape(-1, 1)
