"""What a version says about the people behind it: who answered, how far they agree, what their answers changed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldFacts:
    """Agreement on one field, over the clips that two or more people answered."""

    field: str
    items: int
    answers: int
    alpha: float | None
    """Krippendorff's alpha, nominal for names, interval for numbers; None where nothing varies or is shared."""
    pairwise: float | None
    """Share of the pairs of answers to one clip that agree."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewerFacts:
    """One person, by pseudonym."""

    reviewer: str
    answers: int
    seconds: float
    """Median seconds per answer."""
    cannot: int
    """Answers that say that the clip cannot be judged."""
    reliability: float | None
    """Chance to give the right label (Dawid and Skene); None where nothing was answered by others too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnedFacts:
    """One number that people's answers have changed, and what it is worth on answers that it was not learned from."""

    what: str
    """Provenance key of an author of labels whose distributions are rescaled, or route.conflict."""
    before: float
    after: float
    items: int
    measure: str
    """ece: expected calibration error, less is better; balanced: mean share of right decisions, more is better."""
    measure_before: float
    measure_after: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewFacts:
    """All of it."""

    answers: int
    clips: int
    decided: int
    disputed: int
    open: int
    """Clips with fewer answers than are asked for."""
    cannot: int
    """Clips that people agree cannot be judged."""
    seconds: float
    """That people have spent in all."""
    fields: tuple[FieldFacts, ...]
    reviewers: tuple[ReviewerFacts, ...]
    learned: tuple[LearnedFacts, ...] = ()
