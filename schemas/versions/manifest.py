"""What a version says about itself. The manifest is written last: where it is, the version is whole."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from schemas.errors import UsageError
from schemas.record import Unused
from schemas.versions.accounts import SourceAccount, totalled
from schemas.versions.review_facts import ConflictFacts, ReviewFacts
from schemas.versions.split_facts import SplitFacts

MANIFEST = "manifest.json"
SUMS = "SHA256SUMS"
"""The hash of every other file of a version, as sha256sum writes and checks it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """In = out: `sources` = copies + dead_sources + sources_with_clips, `clips` = accepted + review + rejected + dead_clips."""

    sources: int
    copies: int
    dead_sources: int
    sources_with_clips: int
    clips: int
    accepted: int
    review: int
    rejected: int
    dead_clips: int
    quarantined: int = 0
    """Of the dead sources and clips, those on which an annotator failed as it must not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenFile:
    """One data file of a version."""

    file: str
    rows: int
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """All about a version."""

    schema: int
    affectory: str
    inputs: str
    plan: dict[str, Any]
    plan_hash: str
    ledger: Counts
    reasons: dict[str, int]
    splits: dict[str, int]
    seconds: float
    files: tuple[WrittenFile, ...]
    rows_sha256: str
    sources: tuple[dict[str, str], ...]
    sums_sha256: str
    reviews: ReviewFacts | None = None
    """None where nobody has answered anything yet."""
    unused: tuple[Unused, ...] = ()
    """What under the source folder was not used, and why."""
    accounts: tuple[SourceAccount, ...] = ()
    """What became of the seconds of each source that could be opened."""
    grouped: SplitFacts | None = None
    """The proof that no link leads from one split into another; None where there is no clip."""
    conflicts: ConflictFacts | None = None
    """Clips that go to people because modalities conflict; None where none does."""
    seal: str = ""
    """sha256 of the manifest's own bytes, this value left out. It must be the last field."""

    def summary(self, place: Path) -> str:
        """Return the closing lines of a build."""
        counts, lines = self.ledger, []
        clips = counts.accepted + counts.review + counts.rejected
        lines.append(
            f"{place}: {clips} clips, {self.seconds:.0f} s, from {counts.sources_with_clips} of {counts.sources} sources"
        )
        lines.append(f"{counts.accepted} accepted, {counts.review} for people to review, {counts.rejected} rejected")
        if self.conflicts is not None:
            share = self.conflicts.expected
            lines.append(
                f"{self.conflicts.clips} of those for people because modalities conflict; expected to be real: {share:.0%}"
            )
        found = self.reviews.conflicts if self.reviews else None
        if found is not None and found.interval is not None:
            low, high = found.interval
            lines.append(
                f"of {found.clips} such conflicts that people judged, {found.real} were real "
                f"({low:.0%} to {high:.0%}); expected were {found.expected:.0%}"
            )
        total = totalled(self.accounts)
        for what, parts in (("left out", total.left), ("lost", total.lost)):
            if parts:
                seconds = sum(value for _, value in parts)
                why = "; ".join(f"{reason} {value:.1f} s" for reason, value in parts)
                lines.append(f"{seconds:.1f} s of {total.seconds:.1f} s {what}: {why}")
        dead = counts.copies + counts.dead_sources + counts.dead_clips
        if dead:
            lines.append(f"{dead} dead letter{'s' * (dead > 1)}, with the reason of each in {place / 'dead'}:")
            lines += [f"  {n:4d}  {reason}" for reason, n in self.reasons.items()]
        if self.unused:
            lines.append(f"not used: {len(self.unused)} file{'s' * (len(self.unused) > 1)}")
            lines += [f"  {one.file}: {one.reason}" for one in self.unused[:_UNUSED]]
            if len(self.unused) > _UNUSED:
                lines.append(f"  and {len(self.unused) - _UNUSED} more; all stand in {place / MANIFEST}")
        return "\n".join(lines) + "\n"


_UNUSED = 20
"""Files that the closing lines name."""
_MANIFEST = TypeAdapter(Manifest)
_SEAL = re.compile(rb'"seal": "([^"\n]*)"\n\}\n\Z')


def versions(out: Path) -> list[str]:
    """Return the names of whole versions, oldest first: v2 before v10."""
    found = (path.parent.name for path in out.glob(f"*/{MANIFEST}"))
    return sorted((name for name in found if not name.startswith(".")), key=order)


def order(name: str) -> list[tuple[int, str]]:
    """Return what versions are ordered by: a manifest holds no date, so that the same build is the same bytes."""
    return [(int(part), "") if part.isdecimal() else (0, part) for part in re.split(r"(\d+)", name)]


def latest_version(out: Path) -> str | None:
    """Return the name of the newest version, or None."""
    return next(reversed(versions(out)), None)


def read_manifest(version: Path) -> Manifest | None:
    """Return the manifest of a version, or None where there is none.

    Raises:
        UsageError: it is damaged beyond reading.
    """
    try:
        return _MANIFEST.validate_json((version / MANIFEST).read_bytes())
    except FileNotFoundError:
        return None
    except ValidationError as error:
        says = error.errors()[0]
        where = ".".join(map(str, says["loc"]))
        raise UsageError(f"{version / MANIFEST} cannot be read: {where}{': ' * bool(where)}{says['msg']}") from error


def lacking(version: Path, manifest: Manifest) -> list[str]:
    """Return which of its Parquet files a version does not hold, or not in their size; `affectory versions verify` reads them."""

    def held(file: WrittenFile) -> bool:
        try:
            return (version / file.file).stat().st_size == file.bytes
        except OSError:
            return False

    return [file.file for file in manifest.files if not held(file)]


def sealed(manifest: Manifest) -> bytes:
    """Return the manifest as it is written, with its seal."""
    bare = _MANIFEST.dump_json(replace(manifest, seal=""), indent=1) + b"\n"
    place = next(_SEAL.finditer(bare)).start(1)
    return bare[:place] + hashlib.sha256(bare).hexdigest().encode() + bare[place:]


def intact(data: bytes) -> bool:
    """Tell whether the bytes of a manifest are those that were sealed."""
    found = _SEAL.search(data)
    if found is None:
        return False
    return hashlib.sha256(data[: found.start(1)] + data[found.end(1) :]).hexdigest().encode() == found[1]
