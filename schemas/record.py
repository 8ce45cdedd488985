"""The two things that travel through a build: a whole source, and a clip cut out of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, fields, replace
from functools import cache
from pathlib import Path
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
    SpeakerName,
    Speaking,
    Stream,
    Target,
    Text,
    Turn,
    Voice,
    Voiceprint,
    Word,
)
from schemas.errors import printable
from schemas.meta import Feature, Says, Unit, Within
from schemas.provenance import digest
from schemas.values import Span
from schemas.vocabulary.sidecars import SidecarMarks

SCHEMA_VERSION = 7
ITEM, WORLD, BUG = "item", "world", "bug"
"""Whose fault a dead letter is."""


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
class Gap:
    """A stretch without picture or without sound, which is black or silent where the other goes on."""

    span: Span
    stream: Annotated[str, Says("audio or video")]
    reason: Annotated[str, Says("the file holds none, it cannot be decoded, or the file breaks off")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """Base of both: claims by field, and the authors that have spoken (an author may have nothing to say)."""

    source: Origin
    authors: Annotated[tuple[str, ...], Says("provenance keys of all annotators that have spoken")] = ()
    languages: tuple[Language, ...] = ()
    speakers: tuple[Speaker, ...] = ()
    turns: tuple[Turn, ...] = ()
    words: tuple[Word, ...] = ()
    names: tuple[SpeakerName, ...] = ()
    baselines: tuple[Baseline, ...] = ()
    gaps: tuple[Gap, ...] = ()

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
class Subtitles:
    """Subtitles of a source, in a file beside it or in a stream of its own, and what their name says of them."""

    path: str
    sha256: str
    """Of the file that holds them."""
    marks: SidecarMarks
    stream: int | None = None
    """Index of the stream; None: the whole file."""

    @property
    def name(self) -> str:
        """Return what to call them to a person."""
        name = Path(self.path).name
        return name if self.stream is None else f"stream {self.stream} of {name}"


def subtitles_key(subtitles: Sequence[Subtitles]) -> str | None:
    """Return the hash of what the words of subtitles depend on, None without any."""
    return digest([[one.sha256, one.stream, astuple(one.marks)] for one in subtitles]) if subtitles else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Source(Record):
    """A whole file. `path`, `subtitles` and `stamps` hold only while the build runs."""

    path: str
    stamps: tuple[Stamp, ...] = ()
    """Of the file and its subtitles."""
    subtitles: tuple[Subtitles, ...] = ()
    """Those in which there are words."""
    cues: tuple[Cue, ...] = ()
    shots: tuple[Shot, ...] = ()
    fingerprints: tuple[Fingerprint, ...] = ()

    @property
    def subtitles_key(self) -> str | None:
        """Return the hash of what the words of its subtitles depend on, None without any."""
        return subtitles_key(self.subtitles)


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
    loudness: Annotated[float | None, Unit("LUFS"), Says("integrated, ITU-R BS.1770; None in a clip without sound")] = None
    clipped: Annotated[float | None, Unit("share"), Within(0, 1), Says("samples as loud as the recording could hold")] = None
    treatments: Annotated[tuple[str, ...], Says("what was done so that picture and sound are as a player shows them")] = ()
    faces: tuple[FaceTrack, ...] = ()
    overlooked: tuple[Overlooked, ...] = ()
    speaking: tuple[Speaking, ...] = ()
    voiceprints: tuple[Voiceprint, ...] = ()
    voices: tuple[Voice, ...] = ()
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
    fault: Annotated[str, Says("item: it cannot be used; world: the system ended the work; bug: an annotator fails on it")] = ITEM

    @property
    def place(self) -> str:
        """Return the file, and the clip if it is of one, as a person is told of it."""
        return printable(f"{self.file} clip {self.clip_id}" if self.clip_id else self.file)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unused:
    """A file under the source folder, or a part of one, of which nothing is used."""

    file: Annotated[str, Says("path relative to the source folder, with /")]
    reason: Annotated[str, Says("in words that a person understands")]


def claim_fields(record: type[Record]) -> dict[type[Claim], str]:
    """Map each claim type to the field of `record` that holds it."""
    return _claim_fields(record)  # type: ignore[arg-type]


@cache
def _claim_fields(record: Any) -> dict[type[Claim], str]:
    hints = get_type_hints(record)
    held = {field.name: get_args(hints[field.name]) for field in fields(record) if get_origin(hints[field.name]) is tuple}
    return {args[0]: name for name, args in held.items() if isinstance(args[0], type) and issubclass(args[0], Claim)}
