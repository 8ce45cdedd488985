"""What a language model is asked to answer, how the answer is checked, and what becomes of it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field, TypeAdapter, ValidationError

from schemas.claims import Measure, Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """One thing that is seen or heard."""

    text: str
    cites: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Expression:
    """What attributes of one modality add up to."""

    modality: str
    text: str
    attributes: list[Attribute]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """One sentence of the rationale."""

    text: str
    cites: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """The rationale in one language."""

    language: str
    sentences: list[Sentence]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reasoned:
    """A whole answer: attribute, expression, emotion, and the rationale."""

    expressions: list[Expression]
    emotion: str
    valence: Annotated[float, Field(ge=-1, le=1)]
    rationales: list[Told]


_REASONED = TypeAdapter(Reasoned)


class BadAnswerError(Exception):
    """An answer that cannot be used; the message says why, so that it can be asked for again."""


def schema(emotions: Sequence[str]) -> dict[str, Any]:
    """Return the JSON schema of an answer, strict as providers want it: everything required, nothing else allowed."""
    made = _REASONED.json_schema()
    for part in (made, *made.get("$defs", {}).values()):
        part["additionalProperties"] = False
        part["required"] = list(part["properties"])
    made["properties"]["emotion"] = {"type": "string", "enum": list(emotions)}
    return {"name": "rationale", "strict": True, "schema": made}


def checked(answer: str, cues: Collection[str], emotions: Collection[str], languages: Sequence[str]) -> Reasoned:
    """Return an answer that keeps to its schema, and in which every attribute and sentence cites cues that exist.

    Raises:
        BadAnswerError: it does not.
    """
    try:
        found = _REASONED.validate_json(answer)
    except ValidationError as error:
        wrong = error.errors()[0]
        raise BadAnswerError(f"it does not keep to the schema: {'.'.join(map(str, wrong['loc']))}: {wrong['msg']}") from error
    if found.emotion not in emotions:
        raise BadAnswerError(f"{found.emotion!r} is not one of the labels {', '.join(emotions)}")
    if [told.language for told in found.rationales] != list(languages):
        raise BadAnswerError(f"rationales are wanted in {', '.join(languages)}, in this order")
    for part in _parts(found):
        if not part.text.strip():
            raise BadAnswerError("a text is empty")
        if not part.cites:
            raise BadAnswerError(f"{part.text!r} cites no cue")
        if unknown := sorted(set(part.cites) - set(cues)):
            raise BadAnswerError(f"{part.text!r} cites {', '.join(unknown)}, which is not a cue of the clip")
    if any(not told.sentences for told in found.rationales) or not found.expressions:
        raise BadAnswerError("a part of the answer is empty")
    return found


def _parts(found: Reasoned) -> Iterator[Attribute | Sentence]:
    for expression in found.expressions:
        yield from expression.attributes
    for told in found.rationales:
        yield from told.sentences


def texts(found: Reasoned, by: str, name: str, measures: tuple[Measure, ...]) -> Iterator[Text]:
    """Yield the tree (emotion, expressions, attributes), then each rationale with its sentences; ids begin with `name`."""
    root = f"{name}.emotion"
    yield Text(by=by, text_id=root, kind="emotion", text=found.emotion)
    for number, expression in enumerate(found.expressions, 1):
        node = f"{name}.expression.{number}"
        yield Text(by=by, text_id=node, kind="expression", text=expression.text, parent=root)
        for at, one in enumerate(expression.attributes, 1):
            yield Text(by=by, text_id=f"{node}.{at}", kind="attribute", text=one.text, parent=node, cites=_once(one.cites))
    said = (Measure(name="emotion", word=found.emotion), Measure(name="valence", value=found.valence), *measures)
    for told in found.rationales:
        whole = f"{name}.{told.language}"
        yield Text(
            by=by,
            text_id=whole,
            kind="rationale",
            text=" ".join(sentence.text.strip() for sentence in told.sentences),
            language=told.language,
            cites=_once([cite for sentence in told.sentences for cite in sentence.cites]),
            # The numbers stand once, with the first language.
            measures=said if told is found.rationales[0] else (),
        )
        for number, sentence in enumerate(told.sentences, 1):
            yield Text(
                by=by,
                text_id=f"{whole}.{number}",
                kind="sentence",
                text=sentence.text,
                language=told.language,
                parent=whole,
                cites=_once(sentence.cites),
            )


def _once(cites: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(cites))
