"""The steps that leave finished clips, and the fingerprints of sources, in the work store."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict

from pipeline.clips.kept import _PRINTS, FingerprintRef, Ref, keep
from pipeline.runtime.concurrent import ConcurrentDoFn
from pipeline.runtime.dead import dead_letter
from schemas.errors import ItemError
from schemas.provenance import digest
from schemas.record import Clip, DeadLetter, Source


class Keep(ConcurrentDoFn):
    """Clips in; references to them in the work store out."""

    def work(self, element: Clip) -> Iterable[Ref | DeadLetter]:
        """Keep a clip in which somebody speaks or is seen."""
        if element.speaker is None and not element.faces:
            return (dead_letter(element, "look", ItemError(_nobody(element))),)
        return (keep(element, self.context),)


def _nobody(clip: Clip) -> str:
    """Return in words why a clip without speech and without a face that was followed is not kept."""
    if not clip.overlooked:
        return "nobody speaks in it and no face is seen"
    return f"nobody speaks in it, and no face was looked at: {', '.join(f'{one.faces} {one.reason}' for one in clip.overlooked)}"


class KeepFingerprints(ConcurrentDoFn):
    """Sources in; references to their fingerprints out."""

    def work(self, element: Source) -> Iterable[FingerprintRef]:
        """Keep what would not travel with the clips."""
        key = digest([asdict(told) for told in element.fingerprints])
        self.context.store.put("prints", key, element.fingerprints, _PRINTS)
        return (FingerprintRef(source_id=element.source.source_id, key=key),)
