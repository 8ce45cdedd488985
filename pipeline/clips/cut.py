"""From a heard source to cut clips: ask for spans, cut them, and slice what was heard into clip time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter

from annotators.media.cutting import Cut, CutSettings, cut, cut_audio
from annotators.media.decoder import RATE, probe, sound
from annotators.media.loudness import integrated_loudness
from annotators.media.treatments import treatments
from pipeline.clips.overlap import spoken_by_others
from pipeline.clips.segment import CutRequest, SegmentSettings, segment
from pipeline.runtime.concurrent import ConcurrentDoFn
from pipeline.runtime.context import RunContext
from pipeline.runtime.dead import dead_letter, parked
from pipeline.runtime.patience import patiently
from pipeline.runtime.progress import CLIPS
from pipeline.runtime.stamps import unchanged
from schemas.claims import Cue, Language, MediaFile, SpeakerName, Turn, Word
from schemas.errors import ItemError, StoppedError
from schemas.provenance import digest
from schemas.record import Clip, DeadLetter, Gap, Source
from schemas.values import Span
from schemas.vocabulary.languages import running_text

Spoken = TypeVar("Spoken", Turn, Word, SpeakerName)
Noted = TypeVar("Noted", Cue, Gap)


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedClip:
    """One clip to be cut out of a source; the source travels along, its path tells where the media are."""

    source: Source
    request: CutRequest


class Segment(ConcurrentDoFn):
    """Sources in; wanted clips out."""

    def __init__(self, settings: SegmentSettings, context: RunContext) -> None:
        super().__init__(context)
        self.settings = settings

    def work(self, element: Source) -> Iterator[WantedClip | DeadLetter]:
        """Return what to cut, and a dead letter for each stretch that is too short and for a source without any."""
        requests = segment(element, self.settings)
        self.context.counts.add({CLIPS: sum(request.reason is None for request in requests)})
        if not requests:
            yield dead_letter(element, "segment", ItemError("nobody speaks in it, and it has no picture"))
        for request in requests:
            if request.reason is None:
                yield WantedClip(source=element, request=request)
            else:
                yield replace(
                    dead_letter(element, "segment", ItemError(request.reason)),
                    clip_id=clip_id(element, request),
                    span=request.span,
                )


class CutClips(ConcurrentDoFn):
    """Wanted clips in; clips with media out."""

    def __init__(self, settings: CutSettings, context: RunContext) -> None:
        super().__init__(context)
        self.settings = settings

    def work(self, element: WantedClip) -> Iterable[Clip | DeadLetter]:
        """Return the clip, or its dead letter."""
        with self.context.counts.time("cut"):
            try:
                files = patiently(lambda: self._files(element))
            except (ItemError, StoppedError) as error:
                letter = dead_letter(element.source, "cut", error)
                letter = replace(letter, clip_id=clip_id(element.source, element.request), span=element.request.span)
                return (parked(letter, error, self.context),)
        return (_clip(element, files, self.context.work),)

    def _files(self, wanted: WantedClip) -> Files:
        span = wanted.request.span
        key = digest(["cut 3", wanted.source.source.sha256, asdict(span), asdict(self.settings)])
        kept = self.context.store.get("cuts", key, _FILES)
        if kept is not None and all((self.context.work / path).exists() for path in (kept.video, kept.audio) if path):
            return kept
        self.context.counts.worked("cut")
        path = Path(wanted.source.path)
        info = probe(path)
        video = audio = made = None
        if info.video is not None:
            video, made = self.context.store.adopt(lambda out: cut(path, info, span, out, self.settings), "mp4")
        held = made.actual if made is not None else span
        heard = None
        if info.audio is not None:
            audio, _ = self.context.store.adopt(lambda out: cut_audio(path, info, held, out), "flac")
            heard = sound(path)
        files = Files(
            video=video,
            audio=audio,
            actual=held,
            cut=made,
            loudness=integrated_loudness(self.context.work / audio) if audio else None,
            clipped=heard.clipped_in(held, RATE) if heard is not None else None,
            treatments=treatments(
                info, heard, self.settings.mode == "exact" or not info.straight, made is not None and made.damaged
            ),
        )
        unchanged(wanted.source.stamps)
        self.context.store.put("cuts", key, files, _FILES)
        return files


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """What a cut left in the store, by path relative to it; None where the source has no such stream."""

    video: str | None
    audio: str | None
    actual: Span
    cut: Cut | None
    loudness: float | None = None
    clipped: float | None = None
    treatments: tuple[str, ...] = ()


_FILES = TypeAdapter(Files)


def clip_id(source: Source, request: CutRequest) -> str:
    """Return the id of a clip: a hash of the source's content, the requested span in ms and the speaker."""
    start, end = (round(1000 * time) for time in (request.span.start, request.span.end))
    return digest([source.source.sha256, start, end, request.speaker], 16)


def _clip(wanted: WantedClip, files: Files, work: Path) -> Clip:
    source, request, span = wanted.source, wanted.request, files.actual
    turns = _slice(source.turns, span)
    words = tuple(w for w in _slice(_within(source.words, request.span), span) if w.speaker == request.speaker)
    present = {turn.speaker for turn in turns}
    return Clip(
        source=source.source,
        authors=source.authors,
        languages=source.languages,
        speakers=tuple(speaker for speaker in source.speakers if speaker.speaker in present),
        baselines=tuple(baseline for baseline in source.baselines if baseline.speaker == request.speaker),
        turns=turns,
        words=words,
        names=_slice(source.names, span),
        cues=_part(source.cues, span),
        clip_id=clip_id(source, request),
        requested=request.span,
        actual=span,
        video=MediaFile(path=str(work / files.video)) if files.video else None,
        audio=MediaFile(path=str(work / files.audio)) if files.audio else None,
        width=files.cut.width if files.cut else None,
        height=files.cut.height if files.cut else None,
        fps=files.cut.fps if files.cut else None,
        speaker=request.speaker,
        transcript=transcript(words, source.languages),
        overlap=spoken_by_others(turns, request.speaker),
        loudness=files.loudness,
        clipped=files.clipped,
        treatments=files.treatments,
        gaps=_part(source.gaps, span),
    )


def transcript(words: Sequence[Word], languages: Sequence[Language]) -> str | None:
    """Return words as people write them, without spaces where the language has none; None without words."""
    return running_text((word.text for word in words), [language.language for language in languages]) or None


def _within(words: Sequence[Word], span: Span) -> tuple[Word, ...]:
    """Return the words whose middle lies in the span, so that no word is in two clips of one speaker."""
    return tuple(word for word in words if span.start <= word.span.middle < span.end)


def _slice(claims: Sequence[Spoken], span: Span) -> tuple[Spoken, ...]:
    """Return the claims that reach into a span of the source, clipped to it, in clip time."""
    sliced = []
    for claim in claims:
        part = claim.span & span
        if part is None:
            continue
        changed = replace(claim, span=_clip_time(part, span))
        if isinstance(changed, Turn):
            held = (floor & span for floor in changed.floor)
            changed = replace(changed, floor=tuple(_clip_time(floor, span) for floor in held if floor is not None))
        sliced.append(changed)
    return tuple(sorted(sliced, key=lambda claim: (claim.span, claim.speaker or "")))


def _part(held: Sequence[Noted], span: Span) -> tuple[Noted, ...]:
    """Return what reaches into a span of the source, clipped to it, in clip time, in its order."""
    parts = ((one, one.span & span) for one in held if one.span is not None)
    return tuple(replace(one, span=_clip_time(part, span)) for one, part in parts if part is not None)


def _clip_time(part: Span, span: Span) -> Span:
    return Span(start=round(part.start - span.start, 3), end=round(part.end - span.start, 3))
