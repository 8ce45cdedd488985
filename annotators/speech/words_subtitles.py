"""Words from subtitles: what people have already written down need not be recognised again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

from annotators.annotator import Annotator, Scope
from annotators.media import decoder
from annotators.media.subtitle_streams import stream_text
from annotators.models import local
from annotators.speech.captions import SubtitleCue, read_cues
from annotators.speech.joining import join
from annotators.speech.subtitles import read_subtitles, shown_texts
from schemas.claims import Claim, Cue, Language, SpeakerName, Word
from schemas.errors import ItemError
from schemas.record import Source, Subtitles
from schemas.values import Span


class SpokenLanguage:
    """Tells which language is spoken; its model is loaded when that is asked for the first time, which is seldom."""

    def __init__(self, name: str) -> None:
        self._name = name

    @cached_property
    def _model(self) -> Any:
        from faster_whisper import WhisperModel  # noqa: PLC0415

        return WhisperModel(str(local.path(self._name)), device="cpu", compute_type="int8", cpu_threads=1, local_files_only=True)

    def of(self, record: Source) -> str | None:
        """Return the language of the first 30 s of speech, ISO 639-1; None where nothing is heard.

        Raises:
            ItemError: the sound cannot be decoded.
        """
        if "audio" not in record.source.streams:
            return None
        language, _, _ = self._model.detect_language(decoder.audio(Path(record.path)), vad_filter=True)
        return str(language)


@dataclass(frozen=True, kw_only=True)
class SubtitleWords(Annotator[Source, SpokenLanguage]):
    """Words, names of speakers and noted sounds of one of `record.subtitles`; () without any in a language that is spoken.

    A cue's time is shared out among its words by their length, so a word's time is known about as well as half its cue is long.
    Of several subtitles those in the language that `sources.csv` states are used, else those marked as what is really said
    (`talk.en-orig.vtt`), else those in the language that is heard. What lies beside the source comes before a stream in it.
    """

    name: ClassVar[str] = "words.subtitles"
    version: ClassVar[str] = "2"
    scope: ClassVar[Scope] = "source"
    requires: ClassVar[tuple[str, ...]] = ("turns", "subtitles_key", "source.language")
    provides: ClassVar[tuple[str, ...]] = ("words", "languages", "names", "cues")
    shared: ClassVar[bool] = True

    language_model: str = "whisper-base"
    """Tells which language is spoken where subtitles are in several, and none of them is stated."""

    def load(self, device: str) -> SpokenLanguage:
        """Return what tells languages apart."""
        return SpokenLanguage(self.language_model)

    def annotate(self, model: SpokenLanguage, records: Sequence[Source]) -> Sequence[tuple[Claim, ...]]:
        """Return words in order of time, the language where it is known, names and noted sounds.

        Raises:
            ItemError: subtitles or sound cannot be read any more.
        """
        return [self._claims(model, record) for record in records]

    def _claims(self, model: SpokenLanguage, record: Source) -> tuple[Claim, ...]:
        used = chosen(record.subtitles, record.source.language, lambda: model.of(record))
        if used is None:
            return ()
        cues = written(used, record.source.language, record.source.duration)
        whole = Span(start=0.0, end=record.source.duration)
        spread = [self._spread(cue, whole) for cue in cues]
        joined = join([word for words in spread for word in words], record.turns)
        language = used.marks.language or record.source.language
        return (
            *sorted(joined, key=lambda word: word.span),
            *((Language(by=self.key, language=language),) if language is not None and joined else ()),
            *self._names(cues, spread, joined, whole),
            *self._sounds(cues, whole),
        )

    def _names(
        self, cues: Sequence[SubtitleCue], spread: Sequence[Sequence[Word]], joined: Sequence[Word], whole: Span
    ) -> Iterator[SpeakerName]:
        left = iter(joined)
        for cue, words in zip(cues, spread, strict=True):
            said = [next(left) for _ in words]
            if said and cue.speaker:
                yield SpeakerName(
                    by=self.key, span=(cue.span & whole or cue.span).rounded(), name=cue.speaker, speaker=_most(said)
                )

    def _sounds(self, cues: Sequence[SubtitleCue], whole: Span) -> Iterator[Cue]:
        for k, (span, note) in enumerate(((cue.span & whole or cue.span, note) for cue in cues for note in cue.notes), 1):
            said = f"noted in the subtitles: {note}"
            yield Cue(by=self.key, cue_id=f"voice.noted.{k}", modality="voice", span=span.rounded(), text=said)

    def _spread(self, cue: SubtitleCue, whole: Span) -> list[Word]:
        weights = [len(word) + 1 for word in cue.words]
        done, total, words = 0, sum(weights), []
        for text, weight in zip(cue.words, weights, strict=True):
            start, done = cue.span.start + cue.span.duration * done / total, done + weight
            end = cue.span.start + cue.span.duration * done / total
            if start < whole.end:
                words.append(Word(by=self.key, span=Span(start=start, end=min(end, whole.end)).rounded(), text=text))
        return words


def chosen(subtitles: Sequence[Subtitles], stated: str | None, heard: Callable[[], str | None]) -> Subtitles | None:
    """Return the subtitles to use, None where all are in another language than is spoken."""
    # Forced ones hold only what is said in another language: they are taken where there is nothing else.
    whole = [one for one in subtitles if not one.marks.forced] or list(subtitles)
    languages = {one.marks.language for one in whole} - {None}
    original = [one for one in whole if one.marks.original]
    if stated is None and len(languages) > 1 and not original:
        stated = heard()
        if stated is None:
            return None
    if stated is not None and languages:
        mine = [one for one in whole if one.marks.language == stated]
        whole = mine or [one for one in whole if one.marks.language is None]
    else:
        whole = original or whole
    # What lies beside a source was put there on purpose; of that, what says least of sounds is closest to what is said.
    return min(whole, key=lambda one: (one.stream is not None, one.marks.deaf, one.marks.language is None), default=None)


def written(one: Subtitles, language: str | None, duration: float) -> tuple[SubtitleCue, ...]:
    """Return the cues of subtitles that begin in a source of so many seconds.

    Raises:
        ItemError: they cannot be read, or nothing in them is of use; the message says what, and names them.
    """
    cues = read_cues(shown_texts(_text(one, language), one.name))
    inside = tuple(cue for cue in cues if cue.span.start < duration)
    if cues and not inside:
        raise ItemError(f"{one.name}: all {len(cues)} subtitles lie after the end of the source at {duration:.1f} s")
    if not any(cue.words for cue in inside):
        raise ItemError(f"{one.name}: there are no words in it")
    return inside


def _text(one: Subtitles, language: str | None) -> str:
    path = Path(one.path)
    if one.stream is None:
        return read_subtitles(path, one.marks.language or language)
    info = decoder.probe(path)
    if len(info.stretches) > 1:
        raise ItemError(f"{one.name}: the clock of the file was set anew; which times its subtitles mean cannot be told")
    return stream_text(path, one.stream, info.origin)


def _most(words: Sequence[Word]) -> str | None:
    """Return who says most of the words, by time; of equals, the one who is first in order."""
    seconds: dict[str, float] = {}
    for word in words:
        if word.speaker is not None:
            seconds[word.speaker] = seconds.get(word.speaker, 0.0) + word.span.duration
    return min(seconds, key=lambda name: (-seconds[name], name), default=None)
