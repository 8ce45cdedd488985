"""What one person answered about one clip."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from schemas.claims import Claim, Label, Preference, Review, Text
from schemas.errors import UsageError
from schemas.provenance import Provenance
from schemas.whole import write_whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What a person says of one modality, or of all together."""

    modality: str
    names: tuple[str, ...]
    valence: float | None = None
    arousal: float | None = None
    intensity: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One submitted annotation."""

    answer_id: str
    clip_id: str
    version: str
    form: str
    kind: str
    reviewer: str
    seconds: float
    submitted: str
    given: tuple[Given, ...]
    truth: str | None = None
    cannot: str | None = None
    label_outcome: str | None = None
    rationale: str | None = None
    rationale_outcome: str | None = None
    preferred: str | None = None
    first: str | None = None
    second: str | None = None


_ANSWER = TypeAdapter(Answer)


def write(folder: Path, answer: Answer) -> None:
    """Keep an answer as a file of its own, in place of an earlier state of the same answer."""
    write_whole(folder / f"{answer.answer_id}.json", _ANSWER.dump_json(answer, indent=1) + b"\n")


def load(folder: Path) -> tuple[Answer, ...]:
    """Return the answers in a folder, by id; none where there is no folder.

    Raises:
        UsageError: a file does not hold an answer.
    """
    found = []
    for file in sorted(folder.glob("*.json")):
        try:
            found.append(_ANSWER.validate_json(file.read_bytes()))
        except ValidationError as error:
            wrong = error.errors()[0]
            raise UsageError(
                f"{file} does not hold an answer: {'.'.join(map(str, wrong['loc']))}: {wrong['msg']}; delete it and pull again"
            ) from error
    return tuple(found)


def person(answer: Answer) -> Provenance:
    """Return the author of an answer: a person is an annotator without settings or models."""
    return Provenance(name=f"person.{answer.reviewer}", version="1", config="{}")


def claims(answer: Answer) -> tuple[Claim, ...]:
    """Return what an answer claims, in the name of the person."""
    return tuple(_claims(answer, person(answer).key))


def _claims(answer: Answer, by: str) -> Iterator[Claim]:
    for one in answer.given:
        yield Label(
            by=by,
            modality=one.modality,
            space="ekman7",
            names=one.names,
            valence=one.valence,
            arousal=one.arousal,
            intensity=one.intensity,
        )
    if answer.rationale and answer.rationale_outcome != "rejected":
        yield Text(by=by, text_id=f"answer.{answer.answer_id}", kind="rationale", text=answer.rationale)
    if answer.preferred and answer.first and answer.second:
        yield Preference(by=by, first=answer.first, second=answer.second, preferred=answer.preferred)
    yield Review(
        by=by,
        review_id=answer.answer_id,
        kind=answer.kind,
        outcome=answer.label_outcome,
        rationale_outcome=answer.rationale_outcome,
        truth=answer.truth,
        cannot=answer.cannot,
        seconds=answer.seconds,
        submitted=answer.submitted,
    )
