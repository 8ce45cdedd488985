"""What was taken out for good, as a list beside the versions that every later build keeps to.

A clip is withdrawn as a moment: whatever a later plan cuts out of the same seconds stays out too. A person is withdrawn by name,
of which only a keyed hash is kept, or by number within a source. Numbers mean something only while the same annotators give them:
under a plan that numbers people in another way the whole source stays out, because nobody can tell who is who.
"""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, TypeAdapter, ValidationError, with_config

from pipeline.ingest.sources import Found, spelt
from schemas.atomic import write_atomic
from schemas.errors import UsageError
from schemas.provenance import digest
from schemas.record import Clip, DeadLetter
from schemas.values import Span

WITHDRAWN = "withdrawn.json"
TAKEDOWN, REASON = "takedown", "withdrawn"
"""Step and reason of a dead letter. The reason that was given stays in the list: it may name somebody."""
_NUMBERING = frozenset(
    ("turns", "words", "shots", "faces", "speaking", "likenesses", "persons", "voiceprints", "voices", "targets")
)
MOMENT = (
    *("clip_id", "requested", "speaker", "turns.speaker"),
    *("persons.person", "source.source_id", "source.speakers"),
)
"""Columns that tell who is in a clip."""
SourceId = Annotated[str, Field(pattern="^[0-9a-f]{16}$")]
_SAME = 0.5
"""Two spans are one moment where they share more than this of the shorter."""
# A key with a slip in it would take somebody off the list.
_KNOWN_ONLY = with_config(extra="forbid")


@_KNOWN_ONLY
@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawnSource:
    """A whole source."""

    source_id: SourceId
    reason: str | None = field(default=None, compare=False)


@_KNOWN_ONLY
@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawnClip:
    """A moment of a source."""

    source_id: SourceId
    clip_id: str
    span: Span
    reason: str | None = field(default=None, compare=False)


@_KNOWN_ONLY
@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawnName:
    """Everybody of a name: all sources that `sources.csv` says they speak in."""

    name_hmac: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    reason: str | None = field(default=None, compare=False)


@_KNOWN_ONLY
@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawnPerson:
    """Somebody in a source, by all numbers that mean them."""

    source_id: SourceId
    who: tuple[str, ...]
    numbering: str
    """Hash of all that decides who gets which number."""
    reason: str | None = field(default=None, compare=False)


Entry = WithdrawnSource | WithdrawnClip | WithdrawnName | WithdrawnPerson


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """What the list asks of a clip: where it lies, and who is heard or seen in it."""

    source_id: str
    clip_id: str
    span: Span
    who: frozenset[str]


@_KNOWN_ONLY
@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawn:
    """The list."""

    salt: str = ""
    sources: tuple[WithdrawnSource, ...] = ()
    clips: tuple[WithdrawnClip, ...] = ()
    names: tuple[WithdrawnName, ...] = ()
    persons: tuple[WithdrawnPerson, ...] = ()

    @property
    def key(self) -> str:
        """Return the hash of the list without its reasons; empty where nothing was ever withdrawn."""
        entries = (*self.sources, *self.clips, *self.names, *self.persons)
        return digest([_LIST.dump_python(self, mode="json", exclude=_REASONS)], 16) if entries else ""

    def name(self, name: str) -> WithdrawnName:
        """Return what stands in the list for a name, whatever its case and spaces."""
        return WithdrawnName(name_hmac=hmac.new(self.salt.encode(), spelt(name).encode(), hashlib.sha256).hexdigest())

    def source(self, source_id: str, speakers: tuple[str, ...], numbering: str) -> bool:
        """Tell whether a source stays out as a whole."""
        return (
            WithdrawnSource(source_id=source_id) in self.sources
            or any(self.name(speaker) in self.names for speaker in speakers)
            or any(one.source_id == source_id and one.numbering != numbering for one in self.persons)
        )

    def clip(self, moment: Moment) -> bool:
        """Tell whether a clip of a source that does not stay out as a whole stays out."""
        mine = (one for one in self.clips if one.source_id == moment.source_id)
        return any(one.clip_id == moment.clip_id or _same(one.span, moment.span) for one in mine) or any(
            one.source_id == moment.source_id and moment.who & set(one.who) for one in self.persons
        )

    def holds(self, moment: Moment, speakers: tuple[str, ...], numbering: str) -> bool:
        """Tell whether a clip stays out, by itself or with its source."""
        return self.source(moment.source_id, speakers, numbering) or self.clip(moment)

    def with_(self, entry: Entry) -> Withdrawn:
        """Return the list with one more in it; what is there stays as it was."""
        match entry:
            case WithdrawnSource() if entry not in self.sources:
                return replace(self, sources=(*self.sources, entry))
            case WithdrawnClip() if entry not in self.clips:
                return replace(self, clips=(*self.clips, entry))
            case WithdrawnName() if entry not in self.names:
                return replace(self, names=(*self.names, entry))
            case WithdrawnPerson() if entry not in self.persons:
                return replace(self, persons=(*self.persons, entry))
        return self


_REASONS: Any = {held: {"__all__": {"reason"}} for held in ("sources", "clips", "names", "persons")}
_LIST = TypeAdapter(Withdrawn)
NOTHING = Withdrawn()


def read_withdrawn(out: Path) -> Withdrawn:
    """Return the list beside the versions in `out`.

    Raises:
        UsageError: it cannot be read: no build goes on as if nobody had withdrawn.
    """
    place = out / WITHDRAWN
    try:
        return _LIST.validate_json(place.read_bytes())
    except FileNotFoundError:
        return NOTHING
    except (OSError, ValidationError) as error:
        raise UsageError(
            f"{place} cannot be read ({str(error).splitlines()[0]}): restore it; it says what must stay out"
        ) from error


def write_withdrawn(out: Path, withdrawn: Withdrawn) -> None:
    """Write the list, whole or not at all."""
    write_atomic(out / WITHDRAWN, _LIST.dump_json(withdrawn, indent=1) + b"\n")


@contextmanager
def withdrawn_lock(out: Path) -> Iterator[None]:
    """Wait until nobody else changes the list, and keep others waiting until the end of the block."""
    place = out / ".work" / f"{WITHDRAWN}.lock"
    place.parent.mkdir(exist_ok=True)
    with place.open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def salted(withdrawn: Withdrawn) -> Withdrawn:
    """Return a list that names can be put into."""
    return withdrawn if withdrawn.salt else replace(withdrawn, salt=secrets.token_hex(16))


def numbering(plan: Mapping[str, Any]) -> str:
    """Return the hash of all in a resolved plan that decides who in a source gets which number."""
    deciding = [one for one in plan["annotators"] if one["name"].partition(".")[0] in _NUMBERING]
    return digest([plan["segment"], _JSON.dump_python(deciding, mode="json")], 16)


def drop_withdrawn(
    withdrawn: Withdrawn, found: Sequence[Found], copies: Sequence[DeadLetter], plan: Mapping[str, Any]
) -> tuple[tuple[Found, ...], tuple[DeadLetter, ...]]:
    """Return the sources that a build may use, and the letters of copies and of sources that stay out."""
    numbers = numbering(plan)
    out = {one.source_id for one in found if withdrawn.source(one.source_id, one.terms.speakers, numbers)}
    kept = tuple(one for one in found if one.source_id not in out)
    letters = tuple(nameless(copy) if copy.source_id in out else copy for copy in copies)
    return kept, (*letters, *(source_letter(source_id) for source_id in sorted(out)))


def nameless(copy: DeadLetter) -> DeadLetter:
    """Return the letter of a copy of what was withdrawn: the name of a file may name the person."""
    return replace(copy, file="", reason="the same bytes as a source that was withdrawn")


def source_letter(source_id: str) -> DeadLetter:
    """Return the letter of a source that was withdrawn."""
    return DeadLetter(source_id=source_id, file="", clip_id=None, step=TAKEDOWN, reason=REASON)


def clip_letter(source_id: str, file: str, clip_id: str, span: Span) -> DeadLetter:
    """Return the letter of a clip that was withdrawn."""
    return DeadLetter(source_id=source_id, file=file, clip_id=clip_id, step=TAKEDOWN, reason=REASON, span=span)


def moment(clip: Clip) -> Moment:
    """Return what the list asks of a clip, of which the columns `MOMENT` are enough."""
    who = {clip.speaker, *(turn.speaker for turn in clip.turns), *(person.person for person in clip.persons)} - {None}
    return Moment(
        source_id=clip.source.source_id, clip_id=clip.clip_id, span=clip.requested, who=frozenset(name for name in who if name)
    )


def _same(one: Span, other: Span) -> bool:
    return one.overlap(other) > _SAME * min(one.duration, other.duration)


_JSON = TypeAdapter(Any)
