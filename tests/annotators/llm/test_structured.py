"""Ask, check, ask again: what any annotator gets that asks a language model, here one that wants the length of a word."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import pytest
from pydantic import TypeAdapter

from annotators.llm.calls import Calls
from annotators.llm.structured import Complaint, LlmAnnotator, ask_checked, read_json, strict_schema
from annotators.llm.usage import Usage
from pipeline.runtime.annotate import annotated
from pipeline.runtime.context import RunContext
from schemas.claims import Claim, Cue, Text
from schemas.errors import UsageError
from schemas.record import Clip, Origin
from schemas.values import Span

ORIGIN = Origin(source_id="0" * 16, sha256="0" * 64, file="a.mp4", duration=9.0, streams="audio")
CLIP = Clip(source=ORIGIN, clip_id="1" * 16, requested=Span(start=0, end=4), transcript="seven")
RIGHT, WRONG = {"content": '{"letters": 5}'}, {"content": '{"letters": 9}'}


@dataclass(frozen=True, kw_only=True)
class Length:
    letters: int


LENGTH = TypeAdapter(Length)


@dataclass(frozen=True, kw_only=True)
class Counting(LlmAnnotator[Clip]):
    name: ClassVar[str] = "cues.letters"
    version: ClassVar[str] = "1"
    requires: ClassVar[tuple[str, ...]] = ("transcript",)
    provides: ClassVar[tuple[str, ...]] = ("cues", "texts")

    def annotate(self, model, records) -> Sequence[tuple[Claim, ...]]:
        return [(self.counted(model, record.transcript),) for record in records]

    def counted(self, client, word) -> Claim:
        def read(content):
            found = read_json(content, LENGTH)
            wrong = isinstance(found, Length) and found.letters != len(word)
            return Complaint(kind="miscounted", text="Count again.") if wrong else found

        request = self.request("How many letters?", word, strict_schema(LENGTH))
        outcome = ask_checked(client, request, read, "No. ${complaint}")
        if outcome.answer is None:
            return outcome.failure(Text(by=self.key, text_id=self.name, kind="count", text=""))
        return Cue(by=self.key, cue_id="words.letters.1", modality="words", span=None, text=f"{outcome.answer.letters} letters")


@pytest.fixture
def context(tmp_path):
    return RunContext(work=tmp_path / "work", device="cpu", workers=2)


def said(context, faults, server, work="work"):
    """Return what is said of the clip by an annotator behind a server that answers so, and its author."""
    server.faults = list(faults)
    annotator = Counting(chat="small", calls=Calls(tries=1, price_in=1.0))
    (clip,) = annotated(annotator, (CLIP,), replace(context, work=context.work.parent / work))
    ((claim,),) = [(*clip.cues, *clip.texts)]
    return claim, annotator


def test_a_right_answer_is_taken_and_its_shape_was_asked_for(server, context):
    claim, _ = said(context, [RIGHT], server)
    assert claim.text == "5 letters"
    (asked,) = server.asked
    assert [message["content"] for message in asked["messages"]] == ["How many letters?", "seven"]
    assert asked["response_format"]["json_schema"]["schema"] == {
        "type": "object",
        "properties": {"letters": {"type": "integer"}},
        "required": ["letters"],
    }


def test_a_wrong_answer_is_complained_about_in_the_annotators_words_and_both_are_paid(server, context):
    claim, _ = said(context, [WRONG, RIGHT], server)
    assert claim.text == "5 letters"
    assert [message["content"] for message in server.asked[1]["messages"][2:]] == ['{"letters": 9}', "No. Count again."]
    used = Usage.among(context.counts.counted)
    assert (used.paid.answers, used.paid.tokens_in, used.faults) == (2, 200, {"answer: miscounted": 1})


def test_two_wrong_answers_are_settled_and_never_asked_for_again(server, context):
    claim, annotator = said(context, [WRONG, WRONG], server)
    assert (claim.kind, claim.text, claim.language) == ("failure", "Count again.", "en")
    assert [(measure.name, measure.word) for measure in claim.measures] == [("complaint", "miscounted")]
    assert annotator.is_final([claim])
    assert said(context, [RIGHT], server, "another")[0] == claim
    assert len(server.asked) == 2


def test_a_server_that_fails_is_asked_again_by_the_next_build(server, context):
    claim, annotator = said(context, [503], server)
    assert [(measure.name, measure.word) for measure in claim.measures] == [("fault", "server error")]
    assert not annotator.is_final([claim])
    assert said(context, [RIGHT], server)[0].text == "5 letters"


def test_a_server_that_fails_after_a_wrong_answer_does_not_lose_that_one(server, context):
    claim, annotator = said(context, [WRONG, 503], server)
    assert not annotator.is_final([claim])
    assert said(context, [RIGHT], server)[0].text == "5 letters"
    assert len(server.asked) == 3
    assert Usage.among(context.counts.counted).kept.answers == 1


@pytest.mark.parametrize("fault", [{"content": None, "refusal": "no"}, {"content": "", "finish": "content_filter"}])
def test_a_refusal_is_not_argued_with(server, context, fault):
    claim, _ = said(context, [fault], server)
    assert (claim.text, len(server.asked)) == ("The model would not answer.", 1)


def test_an_annotator_without_a_model_or_a_server_is_told_before_anything_begins(monkeypatch):
    monkeypatch.delenv("OPENAI_MODEL", raising=False)
    with pytest.raises(UsageError, match=r"cues\.letters: name the model"):
        Counting().check()


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        ("", "empty"),
        ("<think>{}</think> ", "empty"),
        ("five", "not the schema"),
        ("}{", "not the schema"),
        ("{}", "not the schema"),
    ],
)
def test_what_is_no_answer_is_never_half_believed(content, kind):
    assert read_json(content, LENGTH).kind == kind


def test_what_stands_around_the_object_is_passed_over():
    assert read_json('<think>{"letters": 1}</think>So:\n```json\n{"letters": 5}\n```', LENGTH) == Length(letters=5)
