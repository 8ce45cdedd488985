"""An explanation by a language model behind any OpenAI-compatible endpoint."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import Field

from annotators import media
from annotators.annotator import SPEED, Annotator
from annotators.chat import Answer, Chat, Patience, RefusedError
from annotators.conflict import ALL, pooled, said
from annotators.impression import ranked
from annotators.reasoned import BadAnswerError, Reasoned, checked, schema, texts
from schemas.claims import FAILURE, Claim, Measure, Text
from schemas.errors import TransientError
from schemas.record import Clip
from schemas.spaces import space
from schemas.values import Span

Positive = Annotated[int, Field(ge=1)]


@dataclass(frozen=True, kw_only=True)
class LlmRationale(Annotator[Clip, Chat]):
    """Rationales that cite cues, as a tree and as text, `samples` times; () without any cue.

    An answer that does not keep to the schema, or cites no cue or an unknown one, is asked for once more with the complaint. What
    fails then is a text of kind `failure` that says why, and the next build asks again. Nothing is made up in its place.
    """

    name: ClassVar[str] = "rationale.llm"
    version: ClassVar[str] = "1"
    requires: ClassVar[tuple[str, ...]] = ("cues", "labels", "transcript", "languages", "targets", "frames")
    provides: ClassVar[tuple[str, ...]] = ("texts",)
    shared: ClassVar[bool] = True

    chat: str
    """Name of the model at the endpoint."""
    prompt: str = "rationale"
    """File in annotators/prompts; its hash is part of the provenance."""
    space: str = "ekman7"
    """The labels that are offered."""
    languages: tuple[str, ...] = ("en",)
    """Languages of the rationale, ISO 639-1."""
    samples: Positive = 1
    """Answers to the same question, for self-consistency."""
    temperature: Annotated[float, Field(ge=0, le=2)] = 0.0
    tokens: Positive = 1500
    """Longest answer."""
    images: bool = False
    """Show the key frames, to a model that sees."""
    label_conditioned: bool = False
    """Tell the label and ask for its reasons; such a text is marked and feeds nothing that judges."""
    price_in: Annotated[float, Field(ge=0)] = 0.0
    """Of a million tokens of prompt, in whatever currency."""
    price_out: Annotated[float, Field(ge=0)] = 0.0
    """Of a million tokens of answer."""
    parallel: Positive = field(default=8, metadata=SPEED)
    """Requests under way at once."""
    patience: Patience = field(default=Patience(), metadata=SPEED)

    @property
    def concurrency(self) -> int:
        """Return how many records are worked on at once, however few cores there are."""
        return self.parallel

    def config(self) -> dict[str, object]:
        """Return the settings with the hash of the prompt."""
        return super().config() | {"prompt_sha256": hashlib.sha256(self._system().encode()).hexdigest()}

    def load(self, device: str) -> Chat:
        """Return the connection; OPENAI_BASE_URL and OPENAI_API_KEY say where to."""
        return Chat(self.patience)

    def annotate(self, model: Chat, records: Sequence[Clip]) -> Sequence[tuple[Claim, ...]]:
        """Return the texts about each record.

        Raises:
            UsageError: the server does not let us in.
        """
        return [tuple(self._texts(model, record)) if record.cues else () for record in records]

    def _texts(self, model: Chat, clip: Clip) -> Iterator[Text]:
        for sample in range(self.samples):
            name = f"{self.name}.{sample}"
            try:
                found, answers = self._answer(model, clip, sample)
            except (BadAnswerError, RefusedError, TransientError) as error:
                model.count("failed")
                yield Text(by=self.key, text_id=name, kind=FAILURE, text=str(error))
            else:
                for text in texts(found, self.key, name, self._cost(answers)):
                    yield replace(text, label_conditioned=self.label_conditioned)

    def _answer(self, model: Chat, clip: Clip, sample: int) -> tuple[Reasoned, list[Answer]]:
        messages = [{"role": "system", "content": self._system()}, {"role": "user", "content": self._user(clip)}]
        cues, emotions = {cue.cue_id for cue in clip.cues}, space(self.space).labels
        answers: list[Answer] = []
        for attempt in range(2):
            answer = self._asked(model, messages, sample)
            answers.append(answer)
            try:
                return self._good(answer, cues, emotions), answers
            except BadAnswerError as error:
                model.count("bad answers")
                if attempt or answer.refusal:
                    raise
                complaint = f"This cannot be used: {error}. Answer again, in full, in JSON."
                messages = [*messages, {"role": "assistant", "content": answer.text}, {"role": "user", "content": complaint}]
        raise AssertionError("unreachable")

    def _good(self, answer: Answer, cues: set[str], emotions: Sequence[str]) -> Reasoned:
        if answer.refusal:
            raise BadAnswerError(f"the model refuses: {answer.refusal}")
        if answer.finish == "length":
            raise BadAnswerError(f"it breaks off after {answer.tokens_out} tokens")
        if not answer.text.strip():
            raise BadAnswerError("it is empty")
        return checked(answer.text, cues, emotions, self.languages)

    def _asked(self, model: Chat, messages: Sequence[Any], sample: int) -> Answer:
        request = {
            "model": self.chat,
            "messages": messages,
            "temperature": self.temperature,
            "max_tokens": self.tokens,
            "seed": sample,
            "response_format": {"type": "json_schema", "json_schema": schema(space(self.space).labels)},
        }
        try:
            return model.ask(request, sample)
        except RefusedError:
            # Servers without structured output refuse the parameter; the check of the answer is the same.
            model.count("without schema")
            wanted = json.dumps(schema(space(self.space).labels)["schema"])
            told = {"role": "system", "content": f"{messages[0]['content']}\nAnswer in JSON by this schema: {wanted}"}
            plain = {key: value for key, value in request.items() if key != "response_format"}
            return model.ask(plain | {"messages": [told, *messages[1:]]}, sample)

    def _system(self) -> str:
        return files("annotators").joinpath("prompts", f"{self.prompt}.md").read_text(encoding="utf-8")

    def _user(self, clip: Clip) -> str | list[dict[str, Any]]:
        data = json.dumps(self._data(clip), ensure_ascii=False)
        text = f"Languages of the rationale: {', '.join(self.languages)}. The clip, as JSON data:\n{data}"
        pictures = list(_pictures(clip)) if self.images else []
        shown = ({"type": "image_url", "image_url": {"url": picture}} for picture in pictures)
        return [{"type": "text", "text": text}, *shown] if pictures else text

    def _data(self, clip: Clip) -> dict[str, Any]:
        span = clip.actual or clip.requested
        labels = [label for label in clip.labels if label.scores and label.modality != ALL]
        data: dict[str, Any] = {
            "seconds": round(span.duration, 1),
            "transcript": clip.transcript,
            "languages": [language.language for language in clip.languages],
            "face": clip.targets[0].reason if clip.targets else None,
            "cues": [
                {"id": cue.cue_id, "modality": cue.modality, "at": asdict(cue.span) if cue.span else None, "text": cue.text}
                for cue in clip.cues
            ],
            "models": [{"modality": label.modality, "says": dict(ranked(label)[:3])} for label in labels],
            "labels": list(space(self.space).labels),
        }
        heard = said(clip.labels, self.space)
        if self.label_conditioned and heard:
            whole = pooled(list(heard.values()))
            data["the emotion to give reasons for"] = max(sorted(whole), key=whole.__getitem__)
        return data

    def _cost(self, answers: Sequence[Answer]) -> tuple[Measure, ...]:
        into, out = sum(one.tokens_in for one in answers), sum(one.tokens_out for one in answers)
        seconds = round(sum(one.seconds for one in answers), 3)
        price = (into * self.price_in + out * self.price_out) / 1e6
        told = {"tokens_in": into, "tokens_out": out, "seconds": seconds, "requests": len(answers), "price": round(price, 8)}
        return tuple(Measure(name=name, value=float(value)) for name, value in told.items())


def _pictures(clip: Clip) -> Iterator[str]:
    """Yield the key frames of the clip as data addresses."""
    if clip.video is None or clip.video.path is None:
        return
    for frame in clip.frames:
        span = Span(start=frame.time, end=frame.time + 0.1)
        for shown in media.frames(Path(clip.video.path), 10.0, span, width=512):
            yield f"data:image/jpeg;base64,{base64.b64encode(media.still(shown.image)).decode()}"
            break
