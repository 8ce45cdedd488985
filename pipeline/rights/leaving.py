"""Whether a clip may leave the house: nothing withdrawn, a licence that is stated, no consent that says no."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

from pipeline.rights.terms import Stated
from pipeline.rights.withdrawn import MOMENT, Withdrawn, moment, numbering, read_withdrawn
from schemas.provenance import digest
from schemas.record import Clip
from schemas.versions.manifest import Manifest

TERMS = (*MOMENT, *(f"source.{name}" for name in ("source_id", "file", "licence", "consent")))
"""Columns that tell whether a clip may leave."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaving:
    """What keeps clips of one version back."""

    withdrawn: Withdrawn
    numbers: str
    """How people are numbered by the version's plan."""

    @property
    def state(self) -> str | None:
        """Return the hash of what was withdrawn so far, None where nothing was."""
        return digest(asdict(self.withdrawn), 16) if self.withdrawn.key else None

    def is_withdrawn(self, clip: Clip) -> bool:
        """Tell whether a clip was taken out for good."""
        return bool(self.withdrawn.key) and self.withdrawn.holds(moment(clip), clip.source.speakers, self.numbers)

    def kept_back(self, clip: Clip) -> str | None:
        """Return why a clip may not leave, None where it may; the columns `TERMS` are enough."""
        if self.is_withdrawn(clip):
            return "it was withdrawn"
        one = clip.source
        return Stated(source_id=one.source_id, file=one.file, licence=one.licence, consent=one.consent, clips=1).kept_back


def leaving(version: Path, manifest: Manifest) -> Leaving:
    """Return what keeps clips of a version back, by the list of withdrawals beside the versions."""
    return Leaving(withdrawn=read_withdrawn(version.parent), numbers=numbering(manifest.plan))
