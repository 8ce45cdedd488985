"""From found files to sources: what must be known of a file before anybody speaks about it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath

from pydantic import TypeAdapter

from annotators.media.containers import misnamed
from annotators.media.damage import gaps
from annotators.media.decoder import probe
from annotators.media.subtitle_streams import SubtitleStream
from annotators.speech.words_subtitles import written
from pipeline.ingest.sources import Found
from pipeline.runtime.concurrent import ConcurrentDoFn
from pipeline.runtime.dead import parked
from pipeline.runtime.patience import patiently
from pipeline.runtime.progress import LOST
from pipeline.runtime.stamps import unchanged
from schemas.errors import ItemError, StoppedError
from schemas.provenance import digest
from schemas.record import DeadLetter, Gap, Origin, Source, Subtitles, Unused, subtitles_key
from schemas.versions.accounts import SourceExtent


@dataclass(frozen=True, slots=True, kw_only=True)
class Probed:
    """What must be known of a file before anybody speaks about it."""

    duration: float
    streams: str
    subtitles: tuple[SubtitleStream, ...] = ()
    """Those inside the file."""
    gaps: tuple[Gap, ...] = ()


class Probe(ConcurrentDoFn):
    """Found files in; sources out."""

    def work(self, element: Found) -> Iterable[Source | DeadLetter | Unused | SourceExtent]:
        """Return the source, or its dead letter where it holds neither picture nor sound; and subtitles that are of no use."""
        with self.context.counts.time("probe"):
            try:
                probed = patiently(lambda: self._probed(element))
            except (ItemError, StoppedError) as error:
                self.context.counts.add({LOST: 1})
                letter = DeadLetter(
                    source_id=element.source_id, file=element.file, clip_id=None, step="probe", reason=_named(error, element)
                )
                return (parked(letter, error, self.context),)
        terms = {key: value for key, value in asdict(element.terms).items() if key != "file"}
        origin = Origin(
            source_id=element.source_id,
            sha256=element.sha256,
            file=element.file,
            duration=probed.duration,
            streams=probed.streams,
            **terms,
        )
        subtitles, unused = self._useful(element, probed)
        extent = SourceExtent(
            source_id=element.source_id,
            file=element.file,
            streams=probed.streams,
            seconds=max([probed.duration, *(gap.span.end for gap in probed.gaps)]),
            gaps=probed.gaps,
        )
        source = Source(source=origin, path=element.path, stamps=element.stamps, subtitles=subtitles, gaps=probed.gaps)
        return (source, extent, *unused)

    def _probed(self, element: Found) -> Probed:
        key = digest(["probe 3", element.sha256])
        kept = self.context.store.get("probes", key, _PROBED)
        if kept is not None:
            return kept
        info = probe(Path(element.path))
        streams = "+".join(name for name, stream in (("audio", info.audio), ("video", info.video)) if stream)
        missing = gaps(Path(element.path))
        probed = Probed(duration=round(info.duration, 3), streams=streams, subtitles=info.subtitles, gaps=missing)
        unchanged(element.stamps)
        self.context.store.put("probes", key, probed, _PROBED)
        return probed

    def _useful(self, element: Found, probed: Probed) -> tuple[tuple[Subtitles, ...], tuple[Unused, ...]]:
        """Return the subtitles in which there are words, and the others with the reason."""
        inside = (
            Subtitles(path=element.path, sha256=element.sha256, marks=one.marks, stream=one.index) for one in probed.subtitles
        )
        held = (*element.subtitles, *inside)
        key = digest(["subtitles 1", element.sha256, [one.name for one in held], subtitles_key(held), element.terms.language])
        faults = self.context.store.get("subtitles", key, _FAULTS) if held else ()
        if faults is None:
            faults = _faults(held, element, probed)
            unchanged(element.stamps)
            self.context.store.put("subtitles", key, faults, _FAULTS)
        pairs = list(zip(held, faults, strict=True))
        beside = PurePosixPath(element.file)
        unused = (
            Unused(file=element.file if one.stream is not None else str(beside.with_name(one.name)), reason=fault)
            for one, fault in pairs
            if fault is not None
        )
        return tuple(one for one, fault in pairs if fault is None), tuple(unused)


def _named(error: ItemError | StoppedError, element: Found) -> str:
    """Return what is wrong with a file, and what it is where its name says something else."""
    container = misnamed(Path(element.path))
    return f"{error} (by its content it is {container})" if container else str(error)


def _faults(subtitles: Sequence[Subtitles], element: Found, probed: Probed) -> tuple[str | None, ...]:
    """Return of each of the subtitles why it is of no use, None where there are words in it."""
    faults: list[str | None] = []
    for one in subtitles:
        try:
            written(one, element.terms.language, probed.duration)
            faults.append(None)
        except ItemError as error:
            faults.append(str(error))
    return tuple(faults)


_PROBED = TypeAdapter(Probed)
_FAULTS = TypeAdapter(tuple[str | None, ...])
