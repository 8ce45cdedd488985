"""How wrong the labels that no person has seen can be at most, from the sample of them that people checked."""

from __future__ import annotations

from dataclasses import dataclass

from schemas.errors import UsageError

CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """Clips that the machines accepted and a hash drew, and what people said of them."""

    drawn: int
    checked: int
    """Of the drawn, those that people gave a label to."""
    wrong: int
    """Of the checked, those whose label people changed."""
    cannot: int
    """Of the drawn, those that people cannot judge; they are neither right nor wrong."""

    @property
    def bound(self) -> float | None:
        """Return the upper bound on the share of wrong labels at CONFIDENCE; None where nothing was checked."""
        return upper_bound(self.wrong, self.checked) if self.checked else None


def upper_bound(wrong: int, checked: int, confidence: float = CONFIDENCE) -> float:
    """Return the one-sided upper bound on a share by Clopper and Pearson (1934), 0 to 1.

    It is exact for draws from an endless stream; from a version's finite number of clips it is never too low.

    Raises:
        UsageError: nothing was checked, or more is wrong than was checked.
    """
    from scipy.stats import beta  # noqa: PLC0415

    if checked < 1 or not 0 <= wrong <= checked:
        raise UsageError(f"no bound follows from {wrong} wrong of {checked} checked")
    return 1.0 if wrong == checked else float(beta.ppf(confidence, wrong + 1, checked - wrong))
