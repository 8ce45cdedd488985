"""The two things that travel through a build: a whole source, and a clip cut out of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from functools import cache
from typing import Annotated, Any, ClassVar, Self, get_args, get_origin, get_type_hints

from schemas.claims import (
    Assessment,
    Baseline,
    Claim,
    Cue,
    FaceTrack,
    Fingerprint,
    ImageFile,
    KeyFrame,
    Label,
    Language,
    Likeness,
    Measure,
    MediaFile,
    Overlooked,
    Person,
    Preference,
    Review,
    Route,
    Seconds,
    Shot,
    Speaker,
    Stream,
    Target,
    Text,
    Turn,
    Word,
)
from schemas.meta import Feature, Says, Unit
from schemas.values import Span

SCHEMA_VERSION = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a clip comes from, and under which terms. Everything after `streams` is as `sources.csv` states it."""

    source_id: Annotated[str, Says("first 16 hex digits of sha256")]
    sha256: Annotated[str, Says("of the source file")]
    file: Annotated[str, Says("path relative to the source folder, with /")]
    duration: Seconds
    streams: Annotated[str, Says("audio+video, audio or video")]
    licence: str | None = None
    consent: str | None = None
    language: Annotated[str | None, Says("ISO 639-1")] = None
    origin: str | None = None
    speakers: tuple[str, ...] = ()
    split: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Twin:
    """The clip is a perturbed copy of another."""

    of: Annotated[str, Says("clip_id of the clean clip")]
    perturbation: str
    measures: tuple[Measure, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """Base of both: claims by field, and the authors that have spoken (an author may have nothing to say)."""

    source: Origin
    authors: Annotated[tuple[str, ...], Says("provenance keys of all annotators that have spoken")] = ()
    languages: tuple[Language, ...] = ()
    speakers: tuple[Speaker, ...] = ()
    turns: tuple[Turn, ...] = ()
    words: tuple[Word, ...] = ()
    baselines: tuple[Baseline, ...] = ()

    @property
    def id(self) -> str:
        """Return the id under which work on this record is kept."""
        return self.source.source_id

    def with_claims(self, author: str, claims: Iterable[Claim]) -> Self:
        """Return the record with the author's claims added, in place of those by other versions of the same author."""
        tool = author.partition("@")[0]
        mine: dict[str, list[Claim]] = {}
        for claim in claims:
            if claim.by != author:
                raise ValueError(f"{author} made a claim in the name of {claim.by}")
            mine.setdefault(claim_fields(type(self))[type(claim)], []).append(claim)
        changed: dict[str, Any] = {}
        for field in claim_fields(type(self)).values():
            old: tuple[Claim, ...] = getattr(self, field)
            kept = tuple(claim for claim in old if claim.by.partition("@")[0] != tool)
            if field in mine or len(kept) != len(old):
                changed[field] = (*kept, *mine.get(field, ()))
        authors = tuple(a for a in self.authors if a.partition("@")[0] != tool)
        return replace(self, authors=(*authors, author), **changed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """A file as it was before it was hashed."""

    path: str
    size: int
    """In bytes."""
    changed: int
    """When, in nanoseconds, as the file system counts them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source(Record):
    """A whole file. `path`, `subtitles` and `stamps` hold only while the build runs."""

    path: str
    stamps: tuple[Stamp, ...] = ()
    """Of the file and its subtitles."""
    subtitles: Annotated[str | None, Says("sidecar .srt or .vtt used as the words")] = None
    subtitles_sha256: str | None = None
    shots: tuple[Shot, ...] = ()
    fingerprints: tuple[Fingerprint, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip(Record):
    """One person in one moment: a row of the dataset. Times of claims are clip times; `requested`, `actual` are source times."""

    LEADING: ClassVar[tuple[str, ...]] = ("clip_id", "video", "audio", "image", "transcript", "speaker", "source")

    clip_id: Annotated[str, Says("16 hex digits, from source content, span and speaker")]
    requested: Annotated[Span, Says("what segmentation asked for, in source time")]
    actual: Annotated[Span | None, Says("what the cut holds, in source time; None before the cut")] = None
    video: Annotated[
        MediaFile | None, Feature("Video"), Says("H.264 and AAC at a constant frame rate; None from a source without picture")
    ] = None
    audio: Annotated[MediaFile | None, Feature("Audio", 16000), Says("FLAC, mono; None from a source without sound")] = None
    image: Annotated[ImageFile | None, Says("best still of the target's face; None where there is none")] = None
    width: Annotated[int | None, Unit("pixel"), Says("of the video as it is shown")] = None
    height: Annotated[int | None, Unit("pixel"), Says("of the video as it is shown")] = None
    fps: Annotated[float | None, Unit("Hz"), Says("constant frame rate of the clip")] = None
    speaker: Annotated[str | None, Says("whose turn it is; None in a clip without speech")] = None
    transcript: Annotated[str | None, Says("the speaker's words in order; None where no words are known")] = None
    overlap: Annotated[float, Unit("s"), Says("speech of others during the clip")] = 0.0
    faces: tuple[FaceTrack, ...] = ()
    overlooked: tuple[Overlooked, ...] = ()
    likenesses: tuple[Likeness, ...] = ()
    persons: tuple[Person, ...] = ()
    targets: tuple[Target, ...] = ()
    frames: tuple[KeyFrame, ...] = ()
    cues: tuple[Cue, ...] = ()
    labels: tuple[Label, ...] = ()
    texts: tuple[Text, ...] = ()
    assessments: tuple[Assessment, ...] = ()
    routes: tuple[Route, ...] = ()
    reviews: tuple[Review, ...] = ()
    preferences: tuple[Preference, ...] = ()
    streams: tuple[Stream, ...] = ()
    twin: Twin | None = None

    @property
    def id(self) -> str:
        """Return the id under which work on this record is kept."""
        return self.clip_id

    @property
    def span(self) -> Span:
        """Return what the clip holds, in source time; what it was asked for before the cut."""
        return self.actual or self.requested


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A source or clip that did not become a row, and why. Nothing is lost without one."""

    source_id: str
    file: str
    clip_id: Annotated[str | None, Says("None: the whole source")]
    step: Annotated[str, Says("where it ended: scan, probe, an annotator's name, cut, …")]
    reason: Annotated[str, Says("in words that a person understands")]
    span: Annotated[Span | None, Says("requested span in source time; None: the whole source")] = None


def claim_fields(record: type[Record]) -> dict[type[Claim], str]:
    """Map each claim type to the field of `record` that holds it."""
    return _claim_fields(record)  # type: ignore[arg-type]


@cache
def _claim_fields(record: Any) -> dict[type[Claim], str]:
    hints = get_type_hints(record)
    held = {field.name: get_args(hints[field.name]) for field in fields(record) if get_origin(hints[field.name]) is tuple}
    return {args[0]: name for name, args in held.items() if isinstance(args[0], type) and issubclass(args[0], Claim)}
