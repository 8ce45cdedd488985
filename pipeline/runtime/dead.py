"""The dead letter of a record."""

from __future__ import annotations

from pydantic import TypeAdapter

from pipeline.runtime.context import RunContext
from schemas.errors import ItemError, StoppedError
from schemas.provenance import digest
from schemas.record import DeadLetter, Record

UNSETTLED = "unsettled"
"""Where the work store notes what a later build with the same command has to ask again."""
_LETTER = TypeAdapter(DeadLetter)


def dead_letter(record: Record, step: str, error: ItemError | StoppedError) -> DeadLetter:
    """Return the dead letter of a record."""
    return DeadLetter(
        source_id=record.source.source_id,
        file=record.source.file,
        clip_id=getattr(record, "clip_id", None),
        step=step,
        reason=str(error),
        span=getattr(record, "requested", None),
    )


def parked(letter: DeadLetter, error: ItemError | StoppedError, context: RunContext) -> DeadLetter:
    """Return a dead letter; where the world is to blame, note that this version is not all that its inputs could give."""
    if isinstance(error, StoppedError):
        context.store.put(UNSETTLED, digest([letter.step, letter.source_id, letter.clip_id]), letter, _LETTER)
    return letter
