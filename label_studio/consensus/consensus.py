"""What people together say, fitted once for a set of answers and passed on: what to believe of each clip, and whom."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Annotated

from pydantic import Field

from label_studio.consensus.agreement import ADJUDICATE, fit_field, latest_answers, nominal
from label_studio.project.answers import Answer
from label_studio.project.form import UNCLEAR
from schemas.errors import UsageError
from schemas.vocabulary.distributions import ALL
from schemas.vocabulary.spaces import space


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewSettings:
    """When people have decided."""

    annotators: Annotated[int, Field(ge=1)] = 2
    """So many people answer each clip."""
    sure: Annotated[float, Field(gt=0.5, le=1)] = 0.8
    """Probability of a label from which it is decided."""
    space: str = "ekman7"
    """Label space that people label in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Consensus:
    """All answers, and the estimates that all clips share: those of answers in the settings' label space."""

    answers: tuple[Answer, ...]
    """All of them, by id."""
    settings: ReviewSettings
    reviews: Mapping[str, tuple[Answer, ...]]
    """By clip: each reviewer's last answer."""
    adjudications: Mapping[str, Answer]
    """By clip: the last one."""
    beliefs: Mapping[str, Mapping[str, Mapping[str, float]]]
    """By field, by clip: the probability of each value that anybody gave."""
    skill: Mapping[str, float]
    """By reviewer: the chance to give the right label."""
    reliability: Mapping[str, float]
    """The same, from those clips only that several people answered."""

    @property
    def clips(self) -> list[str]:
        """Return the clips that anybody answered, by id."""
        return sorted(self.reviews.keys() | self.adjudications.keys())

    @property
    def reviewed(self) -> tuple[Answer, ...]:
        """Return each reviewer's last answer to each clip."""
        return tuple(answer for many in self.reviews.values() for answer in many)


def fit_consensus(answers: Iterable[Answer], settings: ReviewSettings) -> Consensus:
    """Return what people together say; the order of their answers does not matter.

    Raises:
        UsageError: an answer names a label that is not in its label space.
    """
    everything = tuple(sorted(answers, key=lambda one: one.answer_id))
    ordered = sorted((one for one in everything if one.space == settings.space), key=lambda one: (one.submitted, one.answer_id))
    kept = latest_answers(ordered)
    adjudications = {one.clip_id: one for one in ordered if one.kind == ADJUDICATE}
    _check((*kept, *adjudications.values()), settings.space)
    fits = {field: fit_field(kept, field) for field in nominal()}
    many = Counter(one.clip_id for one in kept)
    shared = tuple(one for one in kept if many[one.clip_id] > 1)
    return Consensus(
        answers=everything,
        settings=settings,
        reviews={clip: tuple(some) for clip, some in groupby(kept, key=lambda one: one.clip_id)},
        adjudications=adjudications,
        beliefs={field: fit.by_item() for field, fit in fits.items()},
        skill=fits[ALL].reliability(),
        reliability=(fits[ALL] if len(shared) == len(kept) else fit_field(shared, ALL)).reliability(),
    )


def _check(answers: Iterable[Answer], name: str) -> None:
    known = set(space(name).labels)
    for answer in answers:
        strange = {name for one in answer.given for name in one.names if name != UNCLEAR or one.modality == ALL} - known
        if strange:
            raise UsageError(f"answer {answer.answer_id} of clip {answer.clip_id} says {sorted(strange)[0]}, no label of {name}")
