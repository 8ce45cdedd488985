"""Clips that lie finished in the work store, and the index of each source."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

from pipeline.runtime.context import RunContext
from schemas.claims import FaceTrack, Fingerprint, MediaFile
from schemas.errors import UsageError
from schemas.provenance import digest
from schemas.record import Clip
from schemas.values import Span
from schemas.versions.rows import ACCEPT
from schemas.vocabulary.distributions import fused_label

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
class FingerprintRef:
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


_REFS = TypeAdapter(tuple[Ref, ...])
_PRINTS = TypeAdapter(tuple[Fingerprint, ...])


def keep(clip: Clip, context: RunContext) -> Ref:
    """Put a clip into the work store; equal clips have equal keys.

    Raises:
        UsageError: a text cites what is not there.
    """
    check_citations(clip)
    data = _CLIP.dump_json(clip)
    key = digest(data.decode().replace(str(context.work), ""))
    context.store.put("clips", key, clip, _CLIP)
    media = [Path(file.path).stat().st_size for file in (clip.video, clip.audio) if file is not None and file.path]
    return Ref(
        source_id=clip.source.source_id,
        clip_id=clip.clip_id,
        start=clip.requested.start,
        end=clip.requested.end,
        label=fused_label(clip.labels),
        size=len(data) // 4 + sum(media),
        key=key,
        decision=clip.routes[-1].decision if clip.routes else ACCEPT,
        priority=clip.routes[-1].priority if clip.routes else 0.0,
    )


def check_citations(clip: Clip) -> None:
    """Raise UsageError where a text cites a cue, or stands under a text, that the clip does not hold."""
    authors: dict[str, set[str]] = {}
    for cue in clip.cues:
        authors.setdefault(cue.cue_id, set()).add(cue.by)
    cues, texts = set(authors), {text.text_id for text in clip.texts}
    for text in clip.texts:
        if unclear := [cite for cite in text.cites if len(authors.get(cite, ())) > 1]:
            both = " and ".join(sorted(authors[unclear[0]]))
            raise UsageError(
                f"{text.by} cites {unclear[0]} in clip {clip.clip_id}, and cues of {both} have that name: "
                "let one of them choose another"
            )
        if missing := [cite for cite in text.cites if cite not in cues]:
            raise UsageError(
                f"{text.by} cites {missing[0]} in clip {clip.clip_id}, and there is no such cue: mend that annotator"
            )
        if text.parent is not None and text.parent not in texts:
            raise UsageError(
                f"{text.by} puts a text under {text.parent} in clip {clip.clip_id}, which is not there: mend that annotator"
            )


def kept_refs(index: Index, context: RunContext) -> tuple[Ref, ...]:
    """Return the references of an index."""
    refs = context.store.get("indexes", index.key, _REFS)
    if refs is None:
        raise FileNotFoundError(f"the index of source {index.source_id} has vanished from the work folder {context.work}")
    return refs


def kept_clip(ref: Ref, context: RunContext) -> Clip:
    """Return a clip that was kept."""
    clip = context.store.get("clips", ref.key, _CLIP)
    if clip is None:
        raise FileNotFoundError(f"clip {ref.clip_id} has vanished from the work folder {context.work}")
    return clip


def best_still(clip: Clip) -> MediaFile | None:
    """Return the still of the target's best face, of the largest face where no target is known, or None."""
    stills = {frame.track: frame.image for frame in clip.frames if frame.kind == "best_face"}
    tracks: Iterator[str | None] = iter((*(target.track for target in clip.targets), *_by_size(clip.faces)))
    return next((stills[track] for track in tracks if track in stills), None)


def _by_size(faces: Iterable[FaceTrack]) -> list[str]:
    return [face.track for face in sorted(faces, key=lambda face: (-face.area, face.track))]
