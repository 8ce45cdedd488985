"""`records | Annotate(annotator)`: let an annotator speak about every record that it has not spoken about yet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar

import apache_beam as beam
from pydantic import TypeAdapter
from typing_extensions import TypedDict

from annotators.annotator import Annotator
from annotators.store import WorkStore
from annotators.verbalize import with_impressions
from pipeline.runtime.concurrent import DEAD, ConcurrentDoFn
from pipeline.runtime.context import RunContext
from pipeline.runtime.dead import UNSETTLED, dead_letter, parked
from pipeline.runtime.patience import patiently
from pipeline.runtime.stamps import unchanged
from schemas.claims import Claim, KeyFrame, MediaFile
from schemas.errors import ItemError, StoppedError
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
        super().__init__(context, waits, pool=annotator.name if waits else "")
        self.annotator = annotator

    def work(self, element: Record) -> Iterable[Record | DeadLetter]:
        """Return the record with the annotator's claims, or its dead letter."""
        with self.context.counts.time(self.annotator.name):
            try:
                return annotated(self.annotator, (element,), self.context)
            except (ItemError, StoppedError) as error:
                return (parked(dead_letter(element, self.annotator.name, error), error, self.context),)


def annotated(annotator: Annotator[Any, Any], records: Sequence[Kind], context: RunContext) -> tuple[Kind, ...]:
    """Return the records with the annotator's claims, from the work store where it has them all.

    Raises:
        ItemError: a record cannot be used.
        TransientError: the world still fails after several tries.
    """
    if all(annotator.key in record.authors for record in records):
        return tuple(records)
    kind: Any = type(records[0])
    adapter: TypeAdapter[tuple[ClaimsByField, ...]] = _answers(kind)
    key = digest([annotator.key, [_asked(annotator, record) for record in records]])
    answers = context.store.get("claims", key, adapter)
    if answers is None:
        context.counts.worked(annotator.name)
        said = [with_impressions(one) for one in _said(annotator, records, context)]
        if len(said) != len(records):
            raise TypeError(f"{annotator.name} answered {len(said)} times about {len(records)} records")
        unchanged(stamp for record in records if isinstance(record, Source) for stamp in record.stamps)
        answers = tuple(_answer(claims, kind, context.store) for claims in said)
        settled = all(annotator.is_final(claims) for claims in said)
        context.store.put("claims" if settled else UNSETTLED, key, answers, adapter)
    pairs = zip(records, answers, strict=True)
    return tuple(record.with_claims(annotator.key, chain.from_iterable(answer.values())) for record, answer in pairs)


def _said(annotator: Annotator[Any, Any], records: Sequence[Kind], context: RunContext) -> Sequence[tuple[Claim, ...]]:
    """Return what the annotator says of the records; what it used is counted, whatever comes of it."""

    def ask() -> Sequence[tuple[Claim, ...]]:
        model = context.process.model(annotator, context.device, lambda: patiently(lambda: annotator.load(context.device)))
        try:
            return annotator.annotate(model, records)
        finally:
            context.counts.add(annotator.usage(model))

    said: Sequence[tuple[Claim, ...]] = patiently(ask)
    return said


@cache
def _answers(record: Any) -> TypeAdapter[Any]:
    """Return the reader and writer of answers: for each record, its new claims by field."""
    held: Any = {field: tuple.__class_getitem__((claim, ...)) for claim, field in claim_fields(record).items()}
    return TypeAdapter(tuple[TypedDict("Answer", held, total=False), ...])  # type: ignore[misc, arg-type, operator]


def _answer(claims: Iterable[Claim], record: type[Record], store: WorkStore) -> ClaimsByField:
    """Return claims by field."""
    answer: dict[str, tuple[Claim, ...]] = {}
    for claim in claims:
        field = claim_fields(record)[type(claim)]
        answer[field] = (*answer.get(field, ()), _kept(claim, store))
    return answer


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
