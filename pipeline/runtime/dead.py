"""The dead letter of a record."""

from __future__ import annotations

from schemas.errors import ItemError
from schemas.record import DeadLetter, Record


def dead_letter(record: Record, step: str, error: ItemError) -> DeadLetter:
    """Return the dead letter of a record."""
    return DeadLetter(
        source_id=record.source.source_id,
        file=record.source.file,
        clip_id=getattr(record, "clip_id", None),
        step=step,
        reason=str(error),
        span=getattr(record, "requested", None),
    )
