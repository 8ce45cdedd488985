"""What a version says about the people behind it: who answered, how far they agree, what their answers changed."""

from __future__ import annotations

import math
from dataclasses import dataclass

_QUANTILE = 1.959964
"""Of the normal distribution, for 95 %."""


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
class ConflictFacts:
    """Clips that go to people because modalities conflict: how many really do."""

    clips: int
    expected: float
    """Mean probability of a real conflict, as it was calibrated on other data."""
    real: int | None = None
    """Those for which people, shown one modality at a time, named unlike emotions; None where nobody was asked yet."""

    @property
    def interval(self) -> tuple[float, float] | None:
        """Return within what the share of real ones lies, with 95 % confidence (Wilson 1927); None where nobody was asked."""
        if self.real is None or not self.clips:
            return None
        share, spread = self.real / self.clips, _QUANTILE**2 / self.clips
        middle = (share + spread / 2) / (1 + spread)
        half = _QUANTILE / (1 + spread) * math.sqrt(share * (1 - share) / self.clips + spread / (4 * self.clips))
        return max(0.0, middle - half), min(1.0, middle + half)


def conflicts_sent(clips: int, expected: float) -> ConflictFacts | None:
    """Return what is expected of clips that go to people because of a conflict, of which so many are; None of none."""
    return ConflictFacts(clips=clips, expected=round(expected / clips, 4)) if clips else None


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
    conflicts: ConflictFacts | None = None
    """What people found of the conflicts that they were sent; None where they judged none of these."""
