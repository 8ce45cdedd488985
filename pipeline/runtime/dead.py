"""The dead letter of a record, and what of it the work store remembers."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

from pydantic import TypeAdapter

from annotators.store import WorkStore
from pipeline.runtime.context import RunContext
from schemas.errors import AffectoryError, BugError, ItemError, StoppedError
from schemas.provenance import digest
from schemas.record import BUG, ITEM, WORLD, DeadLetter, Record

UNSETTLED = "unsettled"
"""Where the work store notes what a later build with the same command has to ask again."""
QUARANTINE = "quarantine"
"""Where it notes what is not asked again, because the annotator fails on it as it must not."""
RECORD_ERRORS = (ItemError, BugError, StoppedError)
"""What ends the work on one record, and on no other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantined:
    """A record that an annotator failed on as it must not, twice."""

    annotator: str
    file: str
    clip_id: str | None
    reason: str
    trace: str = ""


_LETTER = TypeAdapter(DeadLetter)
_QUARANTINED = TypeAdapter(Quarantined)


def dead_letter(record: Record, step: str, error: AffectoryError) -> DeadLetter:
    """Return the dead letter of a record."""
    return DeadLetter(
        source_id=record.source.source_id,
        file=record.source.file,
        clip_id=getattr(record, "clip_id", None),
        step=step,
        reason=str(error),
        span=getattr(record, "requested", None),
        fault=WORLD if isinstance(error, StoppedError) else BUG if isinstance(error, BugError) else ITEM,
    )


def parked(letter: DeadLetter, error: AffectoryError, context: RunContext) -> DeadLetter:
    """Return a dead letter; where the world is to blame, note that this version is not all that its inputs could give."""
    if isinstance(error, StoppedError):
        context.store.put(UNSETTLED, digest([letter.step, letter.source_id, letter.clip_id]), letter, _LETTER)
    return letter


def put_aside(key: str, record: Record, annotator: str, error: BugError, store: WorkStore) -> None:
    """Note under the key of the answer that did not come that it is not asked for again."""
    clip = getattr(record, "clip_id", None)
    told = Quarantined(annotator=annotator, file=record.source.file, clip_id=clip, reason=str(error), trace=error.trace)
    store.put(QUARANTINE, key, told, _QUARANTINED)


def refuse_quarantined(key: str, store: WorkStore) -> None:
    """Raise where the answer of that key was put aside.

    Raises:
        BugError: it was, by this build or an earlier one.
    """
    told = store.get(QUARANTINE, key, _QUARANTINED)
    if told is not None:
        raise BugError(told.reason, told.trace)


def release_quarantined(store: WorkStore, wanted: str) -> int:
    """Forget whatever was put aside and of which `wanted` is a part of annotator, file, clip or reason; return how many."""
    released = 0
    for place in sorted((Path(store.root) / QUARANTINE).rglob("*.json")):
        told = store.get(QUARANTINE, place.stem, _QUARANTINED)
        if told is None or any(wanted.casefold() in str(value).casefold() for value in asdict(told).values() if value):
            place.unlink()
            released += 1
    return released
