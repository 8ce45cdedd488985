"""Words from a sidecar subtitle file: what people have already written down need not be recognised again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from annotators.annotator import Annotator, Scope
from annotators.speech.joining import join
from annotators.speech.subtitles import SubtitleCue, parse, read_subtitles
from schemas.claims import Claim, Language, Word
from schemas.errors import ItemError
from schemas.record import Source
from schemas.values import Span
from schemas.vocabulary.sidecars import marks_of


@dataclass(frozen=True, kw_only=True)
class SubtitleWords(Annotator[Source, None]):
    """Words of `record.subtitles` (SubRip or WebVTT); () without such a file.

    A cue's time is shared out among its words by their length, so a word's time is known about as well as half its cue is long.
    The language is that of the file name (`talk.en.srt`, `talk.eng.sdh.srt`), else that of `sources.csv`.
    """

    name: ClassVar[str] = "words.subtitles"
    version: ClassVar[str] = "1"
    scope: ClassVar[Scope] = "source"
    requires: ClassVar[tuple[str, ...]] = ("turns", "subtitles_sha256", "source.language")
    provides: ClassVar[tuple[str, ...]] = ("words", "languages")
    shared: ClassVar[bool] = True

    def load(self, device: str) -> None:
        """Load nothing."""

    def annotate(self, model: None, records: Sequence[Source]) -> Sequence[tuple[Claim, ...]]:
        """Return words in order of time, and the language where it is known.

        Raises:
            ItemError: the subtitle file cannot be read, or no cue lies inside the source.
        """
        return [self._words(record) for record in records]

    def _words(self, record: Source) -> tuple[Claim, ...]:
        if record.subtitles is None:
            return ()
        path = Path(record.subtitles)
        marks = marks_of(path, Path(record.source.file).stem)
        language = (marks.language if marks else None) or record.source.language
        cues = parse(read_subtitles(path, language), path.name)
        whole = Span(start=0.0, end=record.source.duration)
        inside = [(part, cue) for cue in cues if (part := cue.span & whole) is not None]
        if cues and not inside:
            raise ItemError(f"{path.name}: all {len(cues)} subtitles lie after the end of the source at {whole.end:.1f} s")
        words = sorted((word for part, cue in inside for word in self._spread(cue, part)), key=lambda word: word.span)
        joined = join(words, record.turns)
        if not joined or language is None:
            return joined
        return (*joined, Language(by=self.key, language=language))

    def _spread(self, cue: SubtitleCue, part: Span) -> Iterator[Word]:
        weights = [len(word) + 1 for word in cue.words]
        done, total = 0, sum(weights)
        for text, weight in zip(cue.words, weights, strict=True):
            start, done = cue.span.start + cue.span.duration * done / total, done + weight
            end = cue.span.start + cue.span.duration * done / total
            if start < part.end:
                span = Span(start=round(start, 3), end=round(min(end, part.end), 3))
                yield Word(by=self.key, span=span, text=text)
