"""What becomes of dead letters as a whole: their order, and their reasons counted."""

from __future__ import annotations

import re
from collections.abc import Sequence

from schemas.record import DeadLetter


def generalised(reason: str) -> str:
    """Return a reason without its numbers and without the name of a file, so that reasons can be counted."""
    return re.sub(
        r"[0-9]+([.][0-9]+)?", "…", re.sub(r"\Athe same bytes as .*, which", "the same bytes as another, which", reason)
    )


def counted(letters: Sequence[DeadLetter]) -> dict[str, int]:
    """Return how many dead letters have each reason, the commonest first."""
    reasons: dict[str, int] = {}
    for letter in letters:
        reason = f"{letter.step}: {generalised(letter.reason)}"
        reasons[reason] = reasons.get(reason, 0) + 1
    return dict(sorted(reasons.items(), key=lambda item: (-item[1], item[0])))


def letter_order(letter: DeadLetter) -> tuple[str, str, float, str]:
    """Return by what dead letters are sorted."""
    return letter.source_id, letter.file, letter.span.start if letter.span else -1.0, letter.clip_id or ""
