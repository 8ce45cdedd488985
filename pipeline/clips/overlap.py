"""How much of a clip others speak."""

from __future__ import annotations

from collections.abc import Sequence

from schemas.claims import Turn


def spoken_by_others(turns: Sequence[Turn], speaker: str | None) -> float:
    """Return how many seconds of the clip somebody other than its speaker is heard."""
    total, reached = 0.0, 0.0
    for turn in sorted((turn for turn in turns if turn.speaker != speaker), key=lambda turn: turn.span):
        total += max(0.0, turn.span.end - max(turn.span.start, reached))
        reached = max(reached, turn.span.end)
    return round(total, 3)
