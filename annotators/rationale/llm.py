"""A rationale by a language model: sentences that cite cues, the tree under them, and an emotion in the model's own words."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Annotated, Any, ClassVar

from pydantic import Field

from annotators.annotator import SPEED, Annotator
from annotators.llm.calls import Calls
from annotators.llm.client import LlmClient, Reply
from annotators.llm.faults import Fault, chat_place
from annotators.llm.request import ChatRequest
from annotators.llm.usage import Cost
from annotators.rationale.contract import (
    Complaint,
    RationaleAnswer,
    answer_schema,
    complaint,
    rationale_texts,
    read_rationale,
    tree,
)
from annotators.rationale.evidence import evidence, key_times, picture
from schemas.claims import Claim, Measure, Text
from schemas.errors import UsageError
from schemas.provenance import digest
from schemas.record import Clip
from schemas.vocabulary.distributions import likeliest

FAILURE = "failure"
_PROMPTS = ("rationale", "rationale_again", "rationale_given_label")


def _prompt(name: str) -> str:
    return files("annotators.rationale").joinpath("prompts", f"{name}.md").read_text(encoding="utf-8")


def _prompts() -> str:
    return digest({name: _prompt(name) for name in _PROMPTS})


@dataclass(frozen=True, kw_only=True)
class LlmRationale(Annotator[Clip, LlmClient]):
    """One rationale per sample, with its sentences and its tree; () for a clip without cues, since nothing could be cited.

    A sample that comes to nothing is a text of kind `failure` that says why. What a model wrote badly twice, or would not write,
    is settled; where the server failed, a later build asks again.
    """

    name: ClassVar[str] = "rationale.llm"
    version: ClassVar[str] = "1"
    requires: ClassVar[tuple[str, ...]] = ("transcript", "languages", "cues", "labels", "targets", "frames", "video")
    provides: ClassVar[tuple[str, ...]] = ("texts",)
    shared: ClassVar[bool] = True

    chat: str = field(default_factory=lambda: os.environ.get("OPENAI_MODEL", ""))
    """The model, as its server names it; $OPENAI_MODEL where the plan names none."""
    samples: Annotated[int, Field(ge=1)] = 1
    """Rationales that are asked for each clip; from two on their agreement is measured."""
    temperature: Annotated[float, Field(ge=0)] | None = None
    """Temperature of the sampling; None: the server's own, and some models take no other."""
    max_tokens: Annotated[int, Field(ge=1)] = 4096
    """Tokens that an answer may have."""
    languages: Annotated[tuple[str, ...], Field(min_length=1)] = ("en",)
    """ISO 639-1; one rationale each, the first also for the tree."""
    images: bool = False
    """Show the pictures at the clip's key frames, to a model that sees."""
    label_conditioned: bool = False
    """Show the label of all modalities together and let it be explained; () where there is none."""
    prompts: str = field(init=False, default_factory=_prompts)
    """Hash of the prompts."""
    calls: Calls = field(default_factory=Calls, metadata=SPEED)

    @property
    def concurrency(self) -> int | None:
        """Return how many clips wait for their answers at once."""
        return self.calls.concurrency

    def check(self) -> None:
        """Raise UsageError where no model or no server is named."""
        if not self.chat:
            raise UsageError("rationale.llm: name the model, by `chat` in the plan or by OPENAI_MODEL")
        chat_place()

    def is_final(self, claims: Sequence[Claim]) -> bool:
        """Tell whether every sample was answered, well or badly."""
        return not any(measure.name == "fault" for text in claims if isinstance(text, Text) for measure in text.measures)

    def load(self, device: str) -> LlmClient:
        """Return the connection to the server."""
        self.check()
        return LlmClient(self.calls)

    def usage(self, model: LlmClient) -> Mapping[str, int]:
        """Return the requests, tokens, seconds and price, and what went wrong."""
        return model.meter.take()

    def annotate(self, model: LlmClient, records: Sequence[Clip]) -> Sequence[tuple[Claim, ...]]:
        """Return the rationales of each clip."""
        return [self._texts(model, record) for record in records]

    def _texts(self, client: LlmClient, clip: Clip) -> tuple[Claim, ...]:
        label = _answer(clip) if self.label_conditioned else None
        if not clip.cues or (self.label_conditioned and label is None):
            return ()
        asked = self._request(clip, label)
        with ThreadPoolExecutor(self.samples) as pool:
            said = pool.map(partial(self._sample, client, clip), (replace(asked, sample=k) for k in range(1, self.samples + 1)))
            return tuple(text for texts in said for text in texts)

    def _request(self, clip: Clip, label: str | None) -> ChatRequest:
        seen = self.images and clip.video is not None and clip.video.path is not None
        times = key_times(clip) if seen else ()
        shown = evidence(clip, self.languages, label, times)
        content: str | list[Mapping[str, Any]] = shown
        if times and clip.video is not None and clip.video.path is not None:
            content = [{"type": "text", "text": shown}, *(picture(Path(clip.video.path), time) for time in times)]
        system = _prompt("rationale") + (_prompt("rationale_given_label") if label is not None else "")
        return ChatRequest(
            model=self.chat,
            messages=({"role": "system", "content": system}, {"role": "user", "content": content}),
            schema=answer_schema([cue.cue_id for cue in clip.cues], self.languages),
            max_tokens=self.max_tokens,
            temperature=self.temperature,
            sample=1,
        )

    def _sample(self, client: LlmClient, clip: Clip, request: ChatRequest) -> tuple[Text, ...]:
        try:
            replies = [client.ask(request)]
            found = self._understood(client, replies[-1], clip)
            if isinstance(found, Complaint) and found.kind != "refusal":
                again = Template(_prompt("rationale_again")).substitute(complaint=found.text)
                replies.append(client.ask(request.again(replies[-1].content, again)))
                found = self._understood(client, replies[-1], clip)
        except Fault as fault:
            return (self._failure(request.sample, str(fault), Measure(name="fault", word=fault.kind)),)
        if isinstance(found, Complaint):
            return (self._failure(request.sample, found.text, Measure(name="complaint", word=found.kind)),)
        return tuple(self._told(found, request.sample, [reply.cost for reply in replies]))

    def _understood(self, client: LlmClient, reply: Reply, clip: Clip) -> RationaleAnswer | Complaint:
        found = _said(reply)
        if isinstance(found, RationaleAnswer):
            found = complaint(found, [cue.cue_id for cue in clip.cues], self.languages) or found
        if isinstance(found, Complaint):
            client.meter.fault(f"answer: {found.kind}")
        return found

    def _told(self, answer: RationaleAnswer, sample: int, costs: Sequence[Cost]) -> Iterator[Text]:
        written = {one.language: one.sentences for one in answer.rationales}
        measures = (*_verdict(answer), *_cost(costs))
        for language in self.languages:
            first = language == self.languages[0]
            text_id = f"{self.name}.{sample}" + ("" if first else f".{language}")
            whole = replace(self._text(text_id, "rationale"), language=language, measures=measures if first else _verdict(answer))
            yield from rationale_texts(whole, written[language])
            if first:
                yield from tree(whole, answer)

    def _failure(self, sample: int, reason: str, measure: Measure) -> Text:
        return replace(self._text(f"{self.name}.{sample}", FAILURE), text=reason, language="en", measures=(measure,))

    def _text(self, text_id: str, kind: str) -> Text:
        return Text(by=self.key, text_id=text_id, kind=kind, text="", label_conditioned=self.label_conditioned)


def _said(reply: Reply) -> RationaleAnswer | Complaint:
    if reply.refusal or reply.finish_reason == "content_filter":
        return Complaint(kind="refusal", text="The model would not answer.")
    if reply.finish_reason == "length":
        return Complaint(kind="cut off", text="The answer was cut off: it was too long. Be brief.")
    return read_rationale(reply.content)


def _answer(clip: Clip) -> str | None:
    """Return what the label of all modalities together says, in words; None where there is none."""
    whole = [label for label in clip.labels if label.modality == "all" and label.names]
    if not whole:
        return None
    label = whole[-1]
    return ", ".join(label.names) if not label.scores else likeliest(dict(zip(label.names, label.scores, strict=True)))


def _verdict(answer: RationaleAnswer) -> tuple[Measure, ...]:
    emotion = Measure(name="emotion", word=answer.emotion.strip().lower())
    return (emotion,) if answer.valence is None else (emotion, Measure(name="valence", value=answer.valence))


def _cost(costs: Sequence[Cost]) -> Iterator[Measure]:
    """Yield what all requests for one sample cost when they were answered, where that is known."""
    for name in ("tokens_in", "tokens_out", "seconds", "price"):
        values = [getattr(cost, name) for cost in costs]
        if None not in values:
            yield Measure(name=name, value=round(float(sum(values)), 8))
