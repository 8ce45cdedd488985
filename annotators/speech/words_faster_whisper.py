"""Words by Whisper (Radford et al. 2022, arXiv:2212.04356) through faster-whisper."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from annotators.annotator import Annotator, Scope
from annotators.media import decoder
from annotators.models import local
from annotators.speech.joining import join
from annotators.speech.windows import LONGEST, windows
from schemas.claims import Claim, Language, Word
from schemas.errors import ItemError
from schemas.record import Source
from schemas.validate import InnerProportion, NotNegative, PositiveInt
from schemas.values import Span
from schemas.vocabulary.languages import spaced

RATE = 16000
_STEP = 0.02
"""Seconds between two times that Whisper can tell apart."""
_PAUSE = 0.2
"""Seconds after a word that are still its own."""
_MORE = 1.0
"""Seconds of speech that are not passed over."""
_ROUNDS = 20
"""Times that the decoder goes on where it stopped, at most."""
_LETTER = re.compile(r"\w")


@dataclass(frozen=True, kw_only=True)
class FasterWhisperWords(Annotator[Source, Any]):
    """Words of a source in which nobody has written them down; () where Silero's voice activity detection hears nobody.

    Voice activity splits the source into windows of at most 30 s, which are decoded in batches, each without the text before it.
    On 19 recordings joined by pauses of 0.2 to 7 s, that kept all words within 1.2 s of where each recording alone has them
    (median 0.01 s); the sequential mode strayed by up to 4.7 s after pauses, took twice as long, and made as many word errors
    (2 %). int8 errs as little as float32 on a CPU. The temperature is 0, so the same sound gives the same words.

    What people say again and again is kept as far as it is aligned with sound; a window of which less than half is comes out of a
    loop of the decoder and is decoded once more without repeated triples of tokens. Where the decoder stops although more is
    spoken, it goes on from there.
    """

    name: ClassVar[str] = "words.faster_whisper"
    version: ClassVar[str] = "2+faster-whisper-1.2"
    scope: ClassVar[Scope] = "source"
    requires: ClassVar[tuple[str, ...]] = ("turns", "words", "source.language")
    provides: ClassVar[tuple[str, ...]] = ("words", "languages")
    shared: ClassVar[bool] = True

    model: str = "whisper-base"
    compute: Literal["int8", "int8_float16", "float16", "float32"] = "int8"
    """Number type of the weights; float16 needs a GPU."""
    language: str | None = None
    """ISO 639-1 code for sources whose language `sources.csv` does not state; None: heard from the first 30 s of speech."""
    beam: PositiveInt = 5
    """Hypotheses that are followed at once when a window is decoded."""
    batch: PositiveInt = 8
    """Windows decoded together."""
    speech: InnerProportion = 0.5
    """Silero's probability from which sound is speech."""
    gap: NotNegative = 2.0
    """Speech up to this many seconds apart is decoded together."""
    margin: NotNegative = 0.2
    """Seconds kept around speech."""
    silent: InnerProportion = 0.6
    """Whisper's probability of no speech from which an unsure window (`unsure`) has no words."""
    unsure: Annotated[float, Field(lt=0)] = -1.0
    """Mean log-probability of a token below which a window is unsure."""
    loop: Annotated[float, Field(gt=1)] = 2.4
    """A text that zlib makes smaller than 1 / `loop` repeats itself."""
    threads: PositiveInt = 2
    """Threads of one source on a CPU."""

    def load(self, device: str) -> Any:
        """Return Whisper."""
        from faster_whisper import WhisperModel  # noqa: PLC0415

        return WhisperModel(
            str(local.path(self.model)),
            device=device,
            compute_type=self.compute,
            cpu_threads=self.threads,
            num_workers=max(1, (os.cpu_count() or 1) // self.threads) if device == "cpu" else 1,
            local_files_only=True,
        )

    def annotate(self, model: Any, records: Sequence[Source]) -> Sequence[tuple[Claim, ...]]:
        """Return words in order of time, and the language; () where there are words already, or no sound, or no speech.

        Raises:
            ItemError: the sound cannot be decoded, or the model does not know the stated language.
        """
        return [self._said(model, record) for record in records]

    def _said(self, model: Any, record: Source) -> tuple[Claim, ...]:
        if record.words or "audio" not in record.source.streams:
            return ()
        stated = record.source.language or self.language
        if stated is not None and stated not in model.supported_languages:
            raise ItemError(f"{self.model} does not know the language {stated!r}")
        sound = decoder.audio(Path(record.path))
        speech = self._speech(sound)
        stretches = windows(speech, (turn.span for turn in record.turns), self.gap, self.margin, len(sound) / RATE)
        if not stretches:
            return ()
        heard, info = self._heard(model, sound, stretches, speech, stated)
        words = join(placed(self.key, heard, record.source.duration, spaced([info.language])), record.turns)
        if not words:
            return ()
        probability = None if stated else round(float(info.language_probability), 4)
        return (*words, Language(by=self.key, language=info.language, probability=probability))

    def _heard(
        self, model: Any, sound: Any, stretches: Sequence[Span], speech: Sequence[Span], language: str | None
    ) -> tuple[list[Any], Any]:
        """Return the words that are said in windows, and what the decoder says of them all."""
        segments, info = self._transcribe(model, sound, stretches, language)
        heard = self._said_in(model, sound, segments, info.language)
        left = unheard(stretches, heard, speech)
        for _ in range(_ROUNDS):
            if not left:
                break
            more = self._said_in(model, sound, self._transcribe(model, sound, left, info.language)[0], info.language)
            heard += more
            left = unheard(left, more, speech)
        return heard, info

    def _said_in(self, model: Any, sound: Any, segments: Sequence[Any], language: str) -> list[Any]:
        words: list[Any] = []
        for segment in segments:
            if self._is_speech(segment):
                words += self._without_loop(model, sound, segment, language) if self._loops(segment) else segment.words or ()
        return words

    def _without_loop(self, model: Any, sound: Any, segment: Any, language: str) -> list[Any]:
        """Return the words of a text that repeats itself: those with a time of their own, where that is most of them."""
        said = list(segment.words or ())
        true = timed(said)
        if 2 * len(true) >= len(said):
            return true
        span = Span(start=float(segment.start), end=float(segment.end))
        again, _ = self._transcribe(model, sound, [span], language, no_repeat_ngram_size=3)
        return [word for new in again if self._is_speech(new) and not self._loops(new) for word in new.words or ()]

    def _speech(self, sound: Any) -> list[Span]:
        from faster_whisper.vad import VadOptions, get_speech_timestamps  # noqa: PLC0415

        options = VadOptions(threshold=self.speech, min_silence_duration_ms=100, speech_pad_ms=0, max_speech_duration_s=LONGEST)
        return [Span(start=one["start"] / RATE, end=one["end"] / RATE) for one in get_speech_timestamps(sound, options)]

    def _transcribe(
        self, model: Any, sound: Any, stretches: Sequence[Span], language: str | None, **more: Any
    ) -> tuple[list[Any], Any]:
        from faster_whisper import BatchedInferencePipeline  # noqa: PLC0415

        # The pipeline keeps the time of the last word on itself: one for each call, or threads disturb each other.
        segments, info = BatchedInferencePipeline(model).transcribe(
            sound,
            language=language,
            beam_size=self.beam,
            batch_size=self.batch,
            temperature=0.0,
            word_timestamps=True,
            clip_timestamps=[{"start": span.start, "end": span.end} for span in stretches],
            **more,
        )
        return list(segments), info

    def _loops(self, segment: Any) -> bool:
        return bool(segment.compression_ratio > self.loop)

    def _is_speech(self, segment: Any) -> bool:
        return not (segment.no_speech_prob > self.silent and segment.avg_logprob < self.unsure)


def timed(words: Iterable[Any]) -> list[Any]:
    """Return the words (with `start` and `end`) that have a time of their own: for those of a loop the decoder finds no sound."""
    return [word for word in words if float(word.end) - float(word.start) >= _STEP]


def unheard(stretches: Sequence[Span], words: Iterable[Any], speech: Sequence[Span]) -> tuple[Span, ...]:
    """Return what is left of windows in which speech goes on for `_MORE` seconds and longer after the last word, in order.

    A window without any word has been heard out: there is no speech in it that the decoder knows.
    """
    left = []
    ends = [(float(word.start), float(word.end)) for word in words]
    for stretch in stretches:
        mine = [end for start, end in ends if stretch.start <= start < stretch.end]
        if not mine or max(mine) + _PAUSE >= stretch.end:
            continue
        rest = Span(start=max(mine) + _PAUSE, end=stretch.end)
        more = [part for span in speech if (part := span & rest) is not None]
        if sum(part.duration for part in more) >= _MORE:
            left.append(Span(start=max(rest.start - _PAUSE, more[0].start - _PAUSE), end=stretch.end))
    return tuple(left)


def placed(by: str, heard: Iterable[Any], duration: float, spaced: bool) -> list[Word]:
    """Return words (with `word`, `start`, `end`, `probability`) as claims, in order.

    A word that begins where the source is over was not said in it; the last one ends with it at the latest. What has no letter or
    digit is no word. In a language with spaces, a piece without one continues the word before ("X" "-59").
    """
    words: list[Word] = []
    for one in sorted(heard, key=lambda word: float(word.start)):
        text, probability = one.word.strip(), round(float(one.probability), 4)
        last = words[-1] if words else None
        earliest = last.span.start if last else 0.0
        start = round(max(earliest, float(one.start), 0.0), 3)
        end = max(start, int(min(max(float(one.end), start + _STEP), duration) * 1000 + 1e-6) / 1000)
        if not _LETTER.search(text) or end <= start:
            continue
        if last and spaced and not one.word.startswith(" ") and start - last.span.end < _STEP:
            whole = Span(start=last.span.start, end=max(end, last.span.end))
            words[-1] = replace(last, span=whole, text=last.text + text, probability=min(probability, last.probability or 0.0))
        else:
            words.append(Word(by=by, span=Span(start=start, end=end), text=text, probability=probability))
    return words
