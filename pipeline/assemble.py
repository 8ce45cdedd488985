"""From finished clips to an index of each source: who is who across its clips, what to make of each; and the ledger."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import apache_beam as beam
from pydantic import TypeAdapter

from pipeline import withdrawn
from pipeline.annotate import Bench, dead_letter, spoken_by
from pipeline.kin import Kin
from pipeline.meter import METER
from pipeline.people import People
from pipeline.plan import Plan
from pipeline.pooled import Pooled
from pipeline.shards import ShardFile
from pipeline.tally import felt
from schemas.claims import FaceTrack, Fingerprint, MediaFile
from schemas.dead_letters import letter_order
from schemas.errors import ItemError
from schemas.provenance import digest
from schemas.record import Clip, DeadLetter, Source
from schemas.splits import SplitFacts
from schemas.values import Span
from schemas.versions import ACCEPT
from schemas.whole import write_whole

_CLIP = TypeAdapter(Clip)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ref:
    """A clip that lies finished in the work store: all of it that travels to the release."""

    source_id: str
    clip_id: str
    start: float
    size: int
    key: str
    decision: str = ACCEPT
    priority: float = 0.0
    end: float = 0.0
    label: str | None = None
    """Likeliest fused label; None where nothing was judged."""

    @property
    def span(self) -> Span:
        """Return the requested span in source time."""
        return Span(start=self.start, end=max(self.start, self.end))


@dataclass(frozen=True, slots=True, kw_only=True)
class Prints:
    """The fingerprints of a source, which lie in the work store: they join its clips again when these are gathered."""

    source_id: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """The clips of one source: a list of references that lies in the work store, in order of time; and what ties it to others."""

    source_id: str
    key: str
    kin: str = ""
    """Empty: nothing is known that could tie it."""


class Keep(Pooled):
    """Clips in; references to them in the work store out."""

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench.workers)
        self.bench = bench

    def work(self, element: Clip) -> Iterable[Ref | DeadLetter]:
        """Keep a clip in which somebody speaks or is seen."""
        if element.speaker is None and not element.faces:
            return (dead_letter(element, "look", ItemError("nobody speaks in it and no face is seen")),)
        return (keep(element, self.bench),)


class KeepPrints(Pooled):
    """Sources in; references to their fingerprints out."""

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench.workers)
        self.bench = bench

    def work(self, element: Source) -> Iterable[Prints]:
        """Keep what would not travel with the clips."""
        key = digest([asdict(told) for told in element.fingerprints])
        self.bench.store.put("prints", key, element.fingerprints, _PRINTS)
        return (Prints(source_id=element.source.source_id, key=key),)


class Identify(Pooled):
    """References to all clips of one source and to its fingerprints in; their index out, with what is said of all, and judged."""

    def __init__(self, plan: Plan, people: People, bench: Bench) -> None:
        super().__init__(bench.workers)
        self.annotators, self.judge = plan.scoped("clips of a source"), plan.judge
        self.seconds, self.people, self.bench = plan.split.voice_seconds, people, bench

    def work(self, element: tuple[str, Iterable[Ref | Prints]]) -> Iterable[Index | DeadLetter]:
        """Let each annotator see the clips of the source in order of time; then judge each clip that was not withdrawn."""
        source_id, found = element
        told = tuple(found)
        refs = sorted((one for one in told if isinstance(one, Ref)), key=lambda ref: (ref.start, ref.clip_id))
        if not refs:
            return ()
        clips = tuple(fetch(ref, self.bench) for ref in refs)
        for annotator in self.annotators:
            with METER.time(annotator.name):
                clips = spoken_by(annotator, clips, self.bench)
        # Not before: who is who in a source must not depend on who has withdrawn.
        gone = {clip.clip_id for clip in clips if self.people.withdrawn.clip(withdrawn.moment(clip))}
        letters = tuple(
            withdrawn.part(source_id, one.source.file, one.clip_id, one.requested) for one in clips if one.clip_id in gone
        )
        clips = tuple(clip for clip in clips if clip.clip_id not in gone)
        if not clips:
            return letters
        with METER.time("judge"):
            judged = (self.judge(replace(clip, image=best_face(clip))) for clip in clips)
            kept = tuple(keep(self.people.settled(clip, self.judge, self.bench.store), self.bench) for clip in judged)
        key = digest([asdict(ref) for ref in kept])
        self.bench.store.put("indexes", key, kept, _REFS)
        prints = next((one.key for one in told if isinstance(one, Prints)), None)
        fingerprints = self.bench.store.get("prints", prints, _PRINTS) if prints else ()
        kin = Kin.of(clips, fingerprints or (), self.seconds)
        kin_key = digest(asdict(kin))
        self.bench.store.put("kin", kin_key, kin, _KIN)
        return (Index(source_id=source_id, key=key, kin=kin_key), *letters)


class WriteLedger(beam.DoFn):  # type: ignore[misc]
    """All that became of the sources, as one file that the command reads when the pipeline is done."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def process(self, element: tuple[Any, Iterable[ShardFile | DeadLetter | Grouped]]) -> None:
        """Write the ledger of the run, in an order that does not depend on the run."""
        told = list(element[1])
        ledger = Ledger(
            shards=tuple(sorted((t for t in told if isinstance(t, ShardFile)), key=lambda shard: shard.file)),
            dead=tuple(sorted((t for t in told if isinstance(t, DeadLetter)), key=letter_order)),
            grouped=next((t for t in told if isinstance(t, Grouped)), None),
        )
        write_whole(self.place, LEDGER.dump_json(ledger))


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouped:
    """What was decided over all sources, or why it could not be."""

    splits: dict[str, str]
    """By source_id."""
    groups: dict[str, str]
    """By source_id: the least source_id of those that it belongs together with."""
    facts: SplitFacts | None
    refused: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """What became of everything."""

    shards: tuple[ShardFile, ...]
    dead: tuple[DeadLetter, ...]
    grouped: Grouped | None = None
    """None where no source has a clip."""


LEDGER = TypeAdapter(Ledger)
_REFS = TypeAdapter(tuple[Ref, ...])
_PRINTS = TypeAdapter(tuple[Fingerprint, ...])
_KIN = TypeAdapter(Kin)


def keep(clip: Clip, bench: Bench) -> Ref:
    """Put a clip into the work store; equal clips have equal keys."""
    data = _CLIP.dump_json(clip)
    key = digest(data.decode().replace(str(bench.work), ""))
    bench.store.put("clips", key, clip, _CLIP)
    media = [Path(file.path).stat().st_size for file in (clip.video, clip.audio) if file is not None and file.path]
    return Ref(
        source_id=clip.source.source_id,
        clip_id=clip.clip_id,
        start=clip.requested.start,
        end=clip.requested.end,
        label=felt(clip.labels),
        size=len(data) // 4 + sum(media),
        key=key,
        decision=clip.routes[-1].decision if clip.routes else ACCEPT,
        priority=clip.routes[-1].priority if clip.routes else 0.0,
    )


def listed(index: Index, bench: Bench) -> tuple[Ref, ...]:
    """Return the references of an index."""
    refs = bench.store.get("indexes", index.key, _REFS)
    if refs is None:
        raise FileNotFoundError(f"the index of source {index.source_id} has vanished from the work folder {bench.work}")
    return refs


def known(index: Index, bench: Bench) -> Kin:
    """Return what can tie a source to others."""
    if not index.kin:
        return Kin(source_id=index.source_id, file=index.source_id, duration=0.0, pictured=True)
    kin = bench.store.get("kin", index.kin, _KIN)
    if kin is None:
        raise FileNotFoundError(f"what ties source {index.source_id} has vanished from the work folder {bench.work}")
    return kin


def fetch(ref: Ref, bench: Bench) -> Clip:
    """Return a clip that was kept."""
    clip = bench.store.get("clips", ref.key, _CLIP)
    if clip is None:
        raise FileNotFoundError(f"clip {ref.clip_id} has vanished from the work folder {bench.work}")
    return clip


def best_face(clip: Clip) -> MediaFile | None:
    """Return the still of the target's best face, of the largest face where no target is seen, or None."""
    stills = {frame.track: frame.image for frame in clip.frames if frame.kind == "best_face"}
    tracks: Iterator[str | None] = iter((*(target.track for target in clip.targets), *_by_size(clip.faces)))
    return next((stills[track] for track in tracks if track in stills), None)


def _by_size(faces: Iterable[FaceTrack]) -> list[str]:
    return [face.track for face in sorted(faces, key=lambda face: (-face.area, face.track))]
