"""A rationale by a language model: sentences that cite cues, the tree under them, and an emotion in the model's own words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import Field

from annotators.annotator import SPEED
from annotators.llm.client import LlmClient
from annotators.llm.prompts import prompt_text
from annotators.llm.request import ChatRequest
from annotators.llm.structured import LlmAnnotator, ask_checked
from annotators.llm.usage import Cost
from annotators.rationale.contract import RationaleAnswer, answer_schema, rationale_texts, read_rationale, tree
from annotators.rationale.evidence import evidence, key_times, picture
from schemas.claims import Claim, Measure, Text
from schemas.provenance import digest
from schemas.record import Clip
from schemas.vocabulary.distributions import likeliest, scores_of

_FIRST, _AGAIN, _LABEL = "rationale", "rationale_again", "rationale_given_label"


@dataclass(frozen=True, kw_only=True)
class LlmRationale(LlmAnnotator[Clip]):
    """One rationale per sample, with its sentences and its tree; () for a clip without cues, since nothing could be cited.

    A sample that comes to nothing is a text of kind `failure` that says why. What a model wrote badly twice, or would not write,
    is settled; where the server failed, a later build asks again.
    """

    name: ClassVar[str] = "rationale.llm"
    version: ClassVar[str] = "2"
    requires: ClassVar[tuple[str, ...]] = ("transcript", "languages", "cues", "labels", "targets", "frames", "video")
    provides: ClassVar[tuple[str, ...]] = ("texts",)

    samples: Annotated[int, Field(ge=1)] = 1
    """Rationales that are asked for each clip; from two on their agreement is measured."""
    languages: Annotated[tuple[str, ...], Field(min_length=1)] = ("en",)
    """ISO 639-1; one rationale each, the first also for the tree."""
    images: bool = False
    """Show the pictures at the clip's key frames, to a model that sees."""
    label_conditioned: bool = False
    """Show the label of all modalities together and let it be explained; () where there is none."""
    prompt: str = field(default=_FIRST, metadata=SPEED)
    """What the model is told first: the name of an installed prompt, or the path of a file that ends in .md."""
    prompts: str = field(init=False, default="")
    """Hash of all that the model is told, whatever its name."""
    told: Mapping[str, str] = field(init=False, repr=False, compare=False, default_factory=dict, metadata=SPEED)
    """What the model is told, read once."""

    def __post_init__(self) -> None:
        """Read the prompts: what is in them decides about a claim, not where they lie."""
        told = {_FIRST: prompt_text(self.prompt), **{name: prompt_text(name) for name in (_AGAIN, _LABEL)}}
        object.__setattr__(self, "told", told)
        object.__setattr__(self, "prompts", digest(told))

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
        system = self.told[_FIRST] + (self.told[_LABEL] if label is not None else "")
        return self.request(system, content, answer_schema([cue.cue_id for cue in clip.cues], self.languages))

    def _sample(self, client: LlmClient, clip: Clip, request: ChatRequest) -> tuple[Text, ...]:
        cues = [cue.cue_id for cue in clip.cues]
        outcome = ask_checked(client, request, lambda content: read_rationale(content, cues, self.languages), self.told[_AGAIN])
        if outcome.answer is None:
            return (outcome.failure(self._text(f"{self.name}.{request.sample}", "rationale")),)
        return tuple(self._told(outcome.answer, request.sample, outcome.costs))

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

    def _text(self, text_id: str, kind: str) -> Text:
        return Text(by=self.key, text_id=text_id, kind=kind, text="", label_conditioned=self.label_conditioned)


def _answer(clip: Clip) -> str | None:
    """Return what the label of all modalities together says, in words; None where there is none."""
    whole = [label for label in clip.labels if label.modality == "all" and label.names]
    if not whole:
        return None
    label = whole[-1]
    return ", ".join(label.names) if not label.scores else likeliest(scores_of(label))


def _verdict(answer: RationaleAnswer) -> tuple[Measure, ...]:
    emotion = Measure(name="emotion", word=answer.emotion.strip().lower())
    return (emotion,) if answer.valence is None else (emotion, Measure(name="valence", value=answer.valence))


def _cost(costs: Sequence[Cost]) -> Iterator[Measure]:
    """Yield what all requests for one sample cost when they were answered, where that is known.

    How long they took is not said: two builds of the same would differ in it. A build prints it.
    """
    for name in ("tokens_in", "tokens_out", "price"):
        values = [getattr(cost, name) for cost in costs]
        if None not in values:
            yield Measure(name=name, value=round(float(sum(values)), 8))
