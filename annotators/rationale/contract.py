"""What a rationale is, whoever writes it: sentences that cite cues, and the tree attribute, expression, emotion under them.

The shape follows Emo-CFG (attributes are perceived, expressions are read from them, an emotion is understood). The JSON schema
that a language model has to keep is derived from `RationaleAnswer`, and so is the check of what it says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any

from pydantic import ConfigDict, Field, TypeAdapter, with_config

from annotators.llm.structured import Complaint, read_json, strict_schema
from schemas.claims import Text
from schemas.vocabulary.languages import running_text

Said = Annotated[str, Field(min_length=1)]
_closed = with_config(ConfigDict(extra="forbid"))
_CUE = re.compile(r"\b[a-z][a-z0-9_]*(?:\.[A-Za-z0-9_]+)*\.\d+\b")
_CHOICES = 250
"""More than that servers may refuse."""
_EMOTION_WORDS = 4


@_closed
@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """One sentence and the cues that it stands on; never without one."""

    text: Said
    cites: Annotated[tuple[str, ...], Field(max_length=8)]


@_closed
@dataclass(frozen=True, slots=True, kw_only=True)
class Expression:
    """What several perceived attributes express together."""

    text: Said
    attributes: Annotated[tuple[Sentence, ...], Field(min_length=1, max_length=6)]


@_closed
@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """The rationale in one language."""

    language: str
    sentences: Annotated[tuple[Sentence, ...], Field(min_length=1, max_length=8)]


@_closed
@dataclass(frozen=True, slots=True, kw_only=True)
class RationaleAnswer:
    """All that is asked of a language model about one clip; evidence comes before the verdict, so that it is written first."""

    expressions: Annotated[tuple[Expression, ...], Field(min_length=1, max_length=6)]
    rationales: Annotated[tuple[Written, ...], Field(min_length=1)]
    emotion: Said
    valence: Annotated[float | None, Field(ge=-1, le=1)]


_ANSWER = TypeAdapter(RationaleAnswer)


def answer_schema(cues: Sequence[str], languages: Sequence[str]) -> dict[str, Any]:
    """Return the JSON schema of `RationaleAnswer` for strict structured output.

    A server that keeps it lets every sentence cite, no other cue be cited, and no other language be used.
    """
    schema = strict_schema(_ANSWER)
    shapes = schema["$defs"]
    shapes["Written"]["properties"]["language"]["enum"] = list(languages)
    cites = shapes["Sentence"]["properties"]["cites"]
    cites["minItems"] = 1
    if len(cues) <= _CHOICES:
        cites["items"]["enum"] = list(cues)
    return schema


def read_rationale(content: str, cues: Sequence[str], languages: Sequence[str]) -> RationaleAnswer | Complaint:
    """Return the answer in what a model wrote, or what is wrong with it."""
    found = read_json(content, _ANSWER)
    return found if isinstance(found, Complaint) else complaint(found, cues, languages) or found


def complaint(answer: RationaleAnswer, cues: Sequence[str], languages: Sequence[str]) -> Complaint | None:
    """Return what is wrong with the citations or languages of an answer, None where nothing is."""
    known = set(cues)
    for sentence in _cited(answer):
        if not sentence.cites:
            return Complaint(kind="no citation", text=f"This cites no cue: {sentence.text!r}.")
        # An id that is written into the sentence is a citation too.
        named = [
            *sentence.cites,
            *(found for found in _CUE.findall(sentence.text) if found.partition(".")[0] in _modalities(known)),
        ]
        if unknown := [cite for cite in named if cite not in known]:
            return Complaint(kind="unknown cue", text=f"There is no cue {unknown[0]!r}, which is cited by: {sentence.text!r}.")
    if not all(text.strip() for text in _texts(answer)):
        return Complaint(kind="empty", text="A text was left blank.")
    if len(answer.emotion.split()) > _EMOTION_WORDS:
        return Complaint(kind="no emotion", text=f"`emotion` is one or two words, not {answer.emotion!r}.")
    written = [one.language for one in answer.rationales]
    if sorted(written) != sorted(languages):
        asked, got = ", ".join(languages), ", ".join(written)
        return Complaint(
            kind="wrong languages", text=f"One rationale in each of these languages was asked for: {asked}; not {got}."
        )
    return None


def rationale_texts(whole: Text, sentences: Sequence[Sentence]) -> Iterator[Text]:
    """Yield `whole` with the sentences as its text, then each of them as a text of its own under it."""
    cites = tuple(dict.fromkeys(cite for sentence in sentences for cite in sentence.cites))
    text = running_text((sentence.text.strip() for sentence in sentences), [whole.language])
    yield replace(whole, kind="rationale", text=text, cites=cites)
    for number, sentence in enumerate(sentences, 1):
        yield _under(whole, f"{whole.text_id}.{number}", "sentence", sentence)


def tree(whole: Text, answer: RationaleAnswer) -> Iterator[Text]:
    """Yield, under the rationale `whole`, the emotion, its expressions, and their attributes with the cues that they stand on."""
    root = _under(whole, f"{whole.text_id}.emotion", "emotion", Sentence(text=answer.emotion, cites=()))
    yield replace(root, language="en")
    for number, expression in enumerate(answer.expressions, 1):
        bare = Sentence(text=expression.text, cites=())
        above = replace(_under(whole, f"{whole.text_id}.expression.{number}", "expression", bare), parent=root.text_id)
        yield above
        for place, attribute in enumerate(expression.attributes, 1):
            below = _under(whole, f"{whole.text_id}.attribute.{number}.{place}", "attribute", attribute)
            yield replace(below, parent=above.text_id)


def _under(whole: Text, text_id: str, kind: str, sentence: Sentence) -> Text:
    cites = tuple(dict.fromkeys(sentence.cites))
    return replace(whole, text_id=text_id, kind=kind, text=sentence.text.strip(), parent=whole.text_id, cites=cites, measures=())


def _cited(answer: RationaleAnswer) -> Iterator[Sentence]:
    for expression in answer.expressions:
        yield from expression.attributes
    for written in answer.rationales:
        yield from written.sentences


def _texts(answer: RationaleAnswer) -> Iterator[str]:
    yield answer.emotion
    yield from (expression.text for expression in answer.expressions)
    yield from (sentence.text for sentence in _cited(answer))


def _modalities(known: set[str]) -> set[str]:
    return {cue_id.partition(".")[0] for cue_id in known}
