"""Ask a language model for an answer of a shape, check it, ask once more with the complaint: for any annotator."""

from __future__ import annotations

import os
import re
from abc import ABC
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from string import Template
from typing import Annotated, Any, ClassVar, Generic, TypeVar

from pydantic import Field, TypeAdapter, ValidationError

from annotators.annotator import SPEED, Annotator
from annotators.llm.calls import Calls
from annotators.llm.client import LlmClient, Reply
from annotators.llm.faults import Fault, chat_place
from annotators.llm.request import ChatRequest
from annotators.llm.usage import Cost
from schemas.claims import Claim, Measure, Text
from schemas.errors import UsageError
from schemas.record import Record

FAILURE = "failure"
"""The kind of a text that says why there is none."""
REFUSAL = "refusal"
_FAULT, _COMPLAINT = "fault", "complaint"
_BESIDE = {"minLength", "minimum", "maximum", "title", "description"}
_THOUGHT = re.compile(r"<think>.*?</think>", re.DOTALL)
R = TypeVar("R", bound=Record)
A = TypeVar("A")


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """What is wrong with an answer: its kind for counting, and a sentence for whoever has to write it again."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome(Generic[A]):
    """What came of a question: a checked answer, or why there is none."""

    answer: A | None
    costs: tuple[Cost, ...] = ()
    """Of each request that was answered for it."""
    why: str = ""
    """In words, where there is no answer."""
    kind: str = ""
    final: bool = True
    """False: the server failed, and a later build asks again."""

    def failure(self, whole: Text) -> Text:
        """Return `whole` as the text that says why there is no answer; `LlmAnnotator.is_final` reads it."""
        measure = Measure(name=_COMPLAINT if self.final else _FAULT, word=self.kind)
        return replace(whole, kind=FAILURE, text=self.why, language="en", measures=(measure,))


@dataclass(frozen=True, kw_only=True)
class LlmAnnotator(Annotator[R, LlmClient], ABC):
    """An annotator that asks a language model. A subclass makes a request, says how an answer is read, calls `ask_checked`.

    What a model wrote badly twice, or would not write, is settled; where the server failed, a later build asks again. Both end
    up as a text of kind `failure`, made by `Outcome.failure`.
    """

    shared: ClassVar[bool] = True

    chat: str = field(default_factory=lambda: os.environ.get("OPENAI_MODEL", ""))
    """The model, as its server names it; $OPENAI_MODEL where the plan names none."""
    temperature: Annotated[float, Field(ge=0)] | None = None
    """Temperature of the sampling; None: the server's own, and some models take no other."""
    max_tokens: Annotated[int, Field(ge=1)] = 4096
    """Tokens that an answer may have."""
    calls: Calls = field(default_factory=Calls, metadata=SPEED)

    @property
    def concurrency(self) -> int | None:
        """Return how many records wait for their answers at once."""
        return self.calls.concurrency

    def check(self) -> None:
        """Raise UsageError where no model or no server is named."""
        if not self.chat:
            raise UsageError(f"{self.name}: name the model, by `chat` in the plan or by OPENAI_MODEL")
        chat_place()

    def is_final(self, claims: Sequence[Claim]) -> bool:
        """Tell whether every question was answered, well or badly."""
        return not any(measure.name == _FAULT for text in claims if isinstance(text, Text) for measure in text.measures)

    def load(self, device: str) -> LlmClient:
        """Return the connection to the server."""
        self.check()
        return LlmClient(self.calls)

    def usage(self, model: LlmClient) -> Mapping[str, int]:
        """Return the requests, tokens, seconds and price, and what went wrong."""
        return model.meter.take()

    def request(self, system: str, content: str | list[Mapping[str, Any]], schema: Mapping[str, Any]) -> ChatRequest:
        """Return the first request: what the model is told, what it is shown, and the JSON schema of the answer."""
        return ChatRequest(
            model=self.chat,
            messages=({"role": "system", "content": system}, {"role": "user", "content": content}),
            schema=schema,
            max_tokens=self.max_tokens,
            temperature=self.temperature,
            sample=1,
        )


def ask_checked(client: LlmClient, request: ChatRequest, read: Callable[[str], A | Complaint], again: str) -> Outcome[A]:
    """Return a checked answer, or why there is none; a bad one is complained about once.

    `read` takes what the model wrote. `again` is what it is told then, with `${complaint}` where the complaint goes. A refusal is
    not argued with.
    """
    replies: list[Reply] = []
    try:
        while True:
            replies.append(client.ask(request))
            found = _checked(client, replies[-1], read)
            if not isinstance(found, Complaint):
                return Outcome(answer=found, costs=tuple(reply.cost for reply in replies))
            if found.kind == REFUSAL or len(replies) > 1:
                return Outcome(answer=None, costs=tuple(reply.cost for reply in replies), why=found.text, kind=found.kind)
            request = request.again(replies[-1].content, Template(again).substitute(complaint=found.text))
    except Fault as fault:
        costs = tuple(reply.cost for reply in replies)
        return Outcome(answer=None, costs=costs, why=str(fault), kind=fault.kind, final=False)


def _checked(client: LlmClient, reply: Reply, read: Callable[[str], A | Complaint]) -> A | Complaint:
    found = _refused(reply) or read(reply.content)
    if isinstance(found, Complaint):
        client.meter.fault(f"answer: {found.kind}")
    return found


def _refused(reply: Reply) -> Complaint | None:
    if reply.refusal or reply.finish_reason == "content_filter":
        return Complaint(kind=REFUSAL, text="The model would not answer.")
    if reply.finish_reason == "length":
        return Complaint(kind="cut off", text="The answer was cut off: it was too long. Be brief.")
    return None


def strict_schema(adapter: TypeAdapter[Any]) -> dict[str, Any]:
    """Return the JSON schema of a type with what strict structured output knows: shapes, choices, lengths of lists."""
    schema: dict[str, Any] = _without(adapter.json_schema())
    return schema


def _without(schema: Any) -> Any:
    if isinstance(schema, dict):
        return {key: _without(value) for key, value in schema.items() if key not in _BESIDE}
    return [_without(value) for value in schema] if isinstance(schema, list) else schema


def read_json(content: str, adapter: TypeAdapter[A]) -> A | Complaint:
    """Return the answer in what a model wrote; what stands around its one JSON object is passed over."""
    plain = _THOUGHT.sub("", content)
    if not plain.strip():
        return Complaint(kind="empty", text="The answer was empty.")
    start, end = plain.find("{"), plain.rfind("}")
    if start < 0 or end < start:
        return Complaint(kind="not the schema", text="The answer held no JSON object.")
    try:
        return adapter.validate_json(plain[start : end + 1])
    except ValidationError as error:
        wrong = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, wrong["loc"])) or "the answer"
        return Complaint(kind="not the schema", text=f"The answer does not keep the JSON schema: {place}: {wrong['msg']}.")
