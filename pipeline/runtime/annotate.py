"""`records | Annotate(annotator)`: let an annotator speak about every record that it has not spoken about yet."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar

import apache_beam as beam
from pydantic import TypeAdapter
from pydantic_core import PydanticSerializationError
from typing_extensions import TypedDict

from annotators.annotator import Annotator
from annotators.store import WorkStore
from annotators.verbalize import with_impressions
from pipeline.runtime.concurrent import DEAD, ConcurrentDoFn
from pipeline.runtime.context import RunContext
from pipeline.runtime.dead import RECORD_ERRORS, UNSETTLED, dead_letter, parked, put_aside, refuse_quarantined
from pipeline.runtime.isolation import ShortError, raised_error
from pipeline.runtime.patience import patiently
from pipeline.runtime.stamps import unchanged
from pipeline.runtime.worker import Raised, work
from pipeline.runtime.world import of_the_world
from schemas.claims import Claim, KeyFrame, MediaFile
from schemas.errors import AffectoryError, BugError, ItemError, StoppedError
from schemas.provenance import digest
from schemas.record import DeadLetter, Record, Source, claim_fields

ClaimsByField = Mapping[str, tuple[Claim, ...]]
Kind = TypeVar("Kind", bound=Record)


class Annotate(beam.PTransform):  # type: ignore[misc]
    """Records in; `records` with claims and `dead` letters out.

    Idempotent by provenance key: a record that carries the key passes untouched, and an answer in the work store is used
    before anything is loaded.
    """

    def __init__(self, annotator: Annotator[Any, Any], context: RunContext) -> None:
        super().__init__(f"Annotate {annotator.name}")
        self.annotator, self.context = annotator, context

    def expand(self, records: Any) -> Any:
        """Apply to a PCollection of records."""
        return records | beam.ParDo(_Annotate(self.annotator, self.context)).with_outputs(DEAD, main="records")


class _Annotate(ConcurrentDoFn):
    def __init__(self, annotator: Annotator[Any, Any], context: RunContext) -> None:
        waits = annotator.concurrency
        super().__init__(context, waits, pool=annotator.name if waits else "", batch=annotator.batch_size)
        self.annotator = annotator

    def work_all(self, elements: Sequence[Record]) -> Iterable[Record | DeadLetter]:
        """Return each record with the annotator's claims, or its dead letter."""
        name, context = self.annotator.name, self.context
        with context.counts.time(name, len(elements)):
            for record, outcome in zip(elements, annotated_each(self.annotator, elements, context), strict=True):
                if isinstance(outcome, AffectoryError):
                    yield parked(dead_letter(record, name, outcome), outcome, context)
                else:
                    yield outcome


def annotated(annotator: Annotator[Any, Any], records: Sequence[Kind], context: RunContext) -> tuple[Kind, ...]:
    """Return records with what the annotator says of all of them together, from the work store where it is there.

    Raises:
        BugError: the annotator fails on them as it must not.
        ItemError: a record cannot be used.
        TransientError: the world still fails after several tries.
    """
    if all(annotator.key in record.authors for record in records):
        return tuple(records)
    key = _key(annotator, records)
    answers = _kept_answers(annotator, key, type(records[0]), context)
    if answers is None:
        context.counts.worked(annotator.name)
        answers = _said(annotator, [(key, records)], context)[0]
    return _with(annotator, records, answers)


def annotated_each(
    annotator: Annotator[Any, Any], records: Sequence[Kind], context: RunContext
) -> list[Kind | ItemError | BugError | StoppedError]:
    """Return each record with what the annotator says of it, or the error that ended the work on it.

    What an answer is kept under does not depend on the records beside it, and a failure is that of the record that fails alone.

    Raises:
        TransientError: the world still fails after several tries.
    """
    outcomes: dict[int, Any] = {}
    missing: list[tuple[int, str]] = []
    for place, record in enumerate(records):
        if annotator.key in record.authors:
            outcomes[place] = record
            continue
        key = _key(annotator, [record])
        try:
            answers = _kept_answers(annotator, key, type(record), context)
        except BugError as error:
            outcomes[place] = error
            continue
        if answers is None:
            context.counts.worked(annotator.name)
            missing.append((place, key))
        else:
            outcomes[place] = _with(annotator, [record], answers)[0]
    _ask_each(annotator, records, missing, context, outcomes)
    return [outcomes[place] for place in range(len(records))]


def _ask_each(
    annotator: Annotator[Any, Any],
    records: Sequence[Kind],
    missing: Sequence[tuple[int, str]],
    context: RunContext,
    outcomes: dict[int, Any],
) -> None:
    """Put into `outcomes` what becomes of the records at these places, each with the key of its answer."""
    if not missing:
        return
    try:
        answers = _said(annotator, [(key, [records[place]]) for place, key in missing], context)
    except (*RECORD_ERRORS, ShortError) as error:
        if len(missing) == 1:
            outcomes[missing[0][0]] = error
            return
        # Too large for the memory: halves may do. Anything else is of one of them, and each is asked about alone.
        step = len(missing) // 2 if isinstance(error, ShortError) else 1
        for begin in range(0, len(missing), step):
            _ask_each(annotator, records, missing[begin : begin + step], context, outcomes)
        return
    for (place, _), answer in zip(missing, answers, strict=True):
        outcomes[place] = _with(annotator, [records[place]], answer)[0]


def _kept_answers(annotator: Annotator[Any, Any], key: str, kind: Any, context: RunContext) -> tuple[ClaimsByField, ...] | None:
    """Return the answers that the work store has, None where it has none.

    Raises:
        BugError: they were put aside.
    """
    answers: tuple[ClaimsByField, ...] | None = context.store.get("claims", key, _answers(kind))
    if answers is None:
        refuse_quarantined(key, context.store)
    return answers


def _with(annotator: Annotator[Any, Any], records: Sequence[Kind], answers: Sequence[ClaimsByField]) -> tuple[Kind, ...]:
    pairs = zip(records, answers, strict=True)
    return tuple(record.with_claims(annotator.key, chain.from_iterable(answer.values())) for record, answer in pairs)


def _said(
    annotator: Annotator[Any, Any], asked: Sequence[tuple[str, Sequence[Kind]]], context: RunContext
) -> list[tuple[ClaimsByField, ...]]:
    """Ask about records in one call, and keep the answers under the key of each group of them.

    Raises:
        BugError: the annotator failed twice as it must not; where there was but one group, it is put aside.
        ItemError: a record cannot be used.
        ShortError: memory ran out, and there are several groups.
        TransientError: the world still fails after several tries.
    """
    records = [record for _, group in asked for record in group]
    try:
        answers = patiently(lambda: _twice(lambda: _answer(annotator, records, context), alone=len(asked) == 1))
    except BugError as error:
        if len(asked) == 1:
            put_aside(asked[0][0], records[0], annotator.name, error, context.store)
            context.process.failed(annotator.name, str(error))
        raise
    unchanged(stamp for record in records if isinstance(record, Source) for stamp in record.stamps)
    context.process.answered(annotator.name)
    grouped, rest = [], iter(answers)
    for key, group in asked:
        mine = tuple(next(rest) for _ in group)
        final = all(annotator.is_final(tuple(chain.from_iterable(answer.values()))) for answer in mine)
        kind: Any = type(group[0])
        context.store.put("claims" if final else UNSETTLED, key, mine, _answers(kind))
        grouped.append(mine)
    return grouped


def _twice(ask: Callable[[], Any], *, alone: bool) -> Any:
    """Ask; where it fails as it must not and nobody else can be to blame, ask once more."""
    try:
        return ask()
    except BugError as error:
        if not alone or error.certain:
            raise
    except ShortError as error:
        if not alone:
            raise
        raise StoppedError(f"{error}: there is not the memory for one record") from error
    return ask()


def _answer(annotator: Annotator[Any, Any], records: Sequence[Kind], context: RunContext) -> tuple[ClaimsByField, ...]:
    """Return what the annotator says of the records, looked at; what it used is counted, whatever comes of it."""
    process = context.process
    try:
        if context.limits is not None and annotator.concurrency is None:
            said, used = process.isolation(context.workers, context.limits).ask(annotator, records, context.device)
        else:
            said, used = work(process.models, annotator, records, context.device, lambda: None)
    except Exception as error:
        context.counts.add(getattr(error, "usage", {}))
        if isinstance(error, (AffectoryError, ShortError)) or of_the_world(error) is not None:
            raise
        raise raised_error(annotator, Raised.of(error)) from error
    context.counts.add(used)
    return _looked_at(annotator, said, records, context.store)


def _looked_at(
    annotator: Annotator[Any, Any], said: Any, records: Sequence[Record], store: WorkStore
) -> tuple[ClaimsByField, ...]:
    """Return an answer that can be kept: what is read of it again is what it was.

    Raises:
        BugError: it is none.
    """
    kind: Any = type(records[0])
    try:
        if len(said) != len(records):
            raise ValueError(f"{len(said)} answers about {len(records)} records")
        answers = tuple(_without_pixels(_by_field(annotator, claims, kind), store) for claims in said)
        if _answers(kind).validate_json(_answers(kind).dump_json(answers, warnings="error")) != answers:
            raise ValueError("it holds what is no number, or what its fields do not hold")
    except (ValueError, TypeError, LookupError, AttributeError, PydanticSerializationError) as error:
        raise BugError(f"{annotator.name} gave an answer that is none: {' '.join(str(error).split())[:300]}") from error
    return answers


@cache
def _answers(record: Any) -> TypeAdapter[Any]:
    """Return the reader and writer of answers: for each record, its new claims by field."""
    held: Any = {field: tuple.__class_getitem__((claim, ...)) for claim, field in claim_fields(record).items()}
    return TypeAdapter(tuple[TypedDict("Answer", held, total=False), ...])  # type: ignore[misc, arg-type, operator]


def _by_field(annotator: Annotator[Any, Any], claims: Iterable[Claim], record: type[Record]) -> ClaimsByField:
    """Return claims by field."""
    answer: dict[str, tuple[Claim, ...]] = {}
    for claim in with_impressions(tuple(claims)):
        if claim.by != annotator.key:
            raise ValueError(f"a claim in the name of {claim.by}")
        field = claim_fields(record)[type(claim)]
        answer[field] = (*answer.get(field, ()), claim)
    return answer


def _without_pixels(answer: ClaimsByField, store: WorkStore) -> ClaimsByField:
    return {field: tuple(_kept(claim, store) for claim in claims) for field, claims in answer.items()}


def _key(annotator: Annotator[Any, Any], records: Sequence[Record]) -> str:
    """Return under what an answer about records, seen together, is kept."""
    return digest([annotator.key, [_asked(annotator, record) for record in records]])


def _asked(annotator: Annotator[Any, Any], record: Record) -> list[object]:
    """Return what an answer depends on: the record's content id and the fields that the annotator reads."""
    asked: list[object] = [record.id]
    for name in (*annotator.requires, *annotator.uses):
        value: Any = record
        for part in name.split("."):
            value = getattr(value, part)
        asked.append(Path(value.path or "").name if isinstance(value, MediaFile) else _jsonable(value))
    return asked


def _jsonable(value: object) -> object:
    return TypeAdapter(type(value)).dump_python(value, mode="json") if value is not None else None


def _kept(claim: Claim, store: WorkStore) -> Claim:
    """Move a still out of the claim into the store: no pixels travel through a PCollection."""
    if isinstance(claim, KeyFrame) and claim.image.bytes is not None:
        return replace(claim, image=MediaFile(path=store.blob(claim.image.bytes, "jpg")))
    return claim
