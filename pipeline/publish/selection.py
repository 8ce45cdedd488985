"""What of a version leaves the house: its accepted clips with their media, the card, and a manifest that speaks of these alone.

A source may leave where its licence is stated and its consent says no no. What `sources.csv` leaves empty under `consent` is not
held against a source: people in public recordings are not asked. A cell that holds any word of refusal keeps the source back,
whatever else it says, because the cell is free text and silence is the safe reading.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.publish.embed import embed_media
from pipeline.rights.leaving import leaving
from pipeline.rights.terms import Stated
from pipeline.rights.withdrawn import MOMENT, WITHDRAWN
from pipeline.versions.integrity import damages, file_sha256
from schemas.errors import UsageError
from schemas.record import Clip
from schemas.versions.manifest import MANIFEST, SUMS, Manifest, sealed
from schemas.versions.rows import ACCEPT, FOLDERS, read_file

DATA, MEDIA = FOLDERS[ACCEPT], "media"
_CARDS = ("README.md", "croissant.json")
LAST = (*_CARDS, SUMS, MANIFEST)
"""What the last commit holds: where the manifest is, the version is whole."""
LISTED = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadFile:
    """One file of the repository: lies at `place`, or is `made` for publishing."""

    path: str
    size: int
    sha256: str
    place: Path | None = None
    made: bytes | None = None

    @property
    def content(self) -> bytes:
        """Return all of it."""
        return self.made if self.made is not None or self.place is None else self.place.read_bytes()  # type: ignore[return-value]

    @property
    def git_sha1(self) -> str:
        """Return the id under which git knows it."""
        return hashlib.sha1(b"blob %d\0" % self.size + self.content, usedforsecurity=False).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """All that goes: `data` first, then `last` in one commit."""

    data: tuple[UploadFile, ...]
    last: tuple[UploadFile, ...]

    @property
    def items(self) -> tuple[UploadFile, ...]:
        """Return every file."""
        return (*self.data, *self.last)


def selection(version: Path, manifest: Manifest, room: Path) -> Selection:
    """Return what of a version is published.

    Of a version with media beside its rows, what is published is written to `room`, an empty folder, with the media inside.

    Raises:
        UsageError: the version is damaged, holds no accepted clip, or holds clips that may not leave.
    """
    if found := next(iter(damages(version)), None):
        raise UsageError(f"{version}: {found.file} {found.says}; python -m pipeline.versions verify {version.name} tells all")
    if not any(file.file.startswith(f"{DATA}/") for file in manifest.files):
        raise UsageError(f"{version} holds no accepted clip: there is nothing to publish")
    _refuse_withdrawn(version, manifest)
    sources = stated_sources(version)
    _refuse(version, [one for one in sources if one.kept_back])
    if (version / MEDIA).is_dir():
        version, manifest = room, embed_media(version, manifest, room)
    data = [
        UploadFile(path=one.file, size=one.bytes, sha256=one.sha256, place=version / one.file)
        for one in manifest.files
        if one.file.startswith(f"{DATA}/")
    ]
    cards = [_lying(version, file) for file in _CARDS if (version / file).is_file()]
    return Selection(data=tuple(data), last=(*cards, *_proof(manifest, [*data, *cards], {one.source_id for one in sources})))


def stated_sources(version: Path, folders: Sequence[str] = (DATA,)) -> tuple[Stated, ...]:
    """Return what was stated about each source of which clips lie in these folders, by file."""
    found: dict[str, Stated] = {}
    columns = [f"source.{name}" for name in ("source_id", "file", "licence", "consent")]
    for one in (clip.source for folder in folders for clip in _clips(version / folder, columns)):
        known = found.get(one.source_id)
        stated = known or Stated(source_id=one.source_id, file=one.file, licence=one.licence, consent=one.consent, clips=0)
        found[one.source_id] = replace(stated, clips=stated.clips + 1)
    return tuple(sorted(found.values(), key=lambda one: (one.file, one.source_id)))


def _refuse(version: Path, kept: Sequence[Stated]) -> None:
    if not kept:
        return
    lines = [f"  {one.file} ({one.source_id}, clips: {one.clips}): {one.kept_back}" for one in kept[:LISTED]]
    lines += [f"  and {len(kept) - LISTED} more"] * (len(kept) > LISTED)
    raise UsageError(
        f"{version.name} holds clips of sources that may not leave:\n" + "\n".join(lines) + "\n"
        "State licence and consent in sources.csv and build again, or make a version without them:\n"
        f"  python -m pipeline.takedown --shards {version.parent} --version {version.name} --unpublishable"
    )


def _refuse_withdrawn(version: Path, manifest: Manifest) -> None:
    rule = leaving(version, manifest)
    if gone := [clip.clip_id for clip in _clips(version / DATA, MOMENT) if rule.is_withdrawn(clip)]:
        raise UsageError(
            f"{version.name} holds {len(gone)} clips that {version.parent / WITHDRAWN} keeps out, {gone[0]} among them:"
            " publish a later version, or take them out of this one with python -m pipeline.takedown"
        )


def _proof(manifest: Manifest, others: Sequence[UploadFile], sources: set[str]) -> Iterator[UploadFile]:
    """Yield the hashes of all files, and the manifest that names only what is published."""
    listed = "".join(f"{item.sha256}  {item.path}\n" for item in sorted(others, key=lambda item: item.path)).encode()
    yield _made(SUMS, listed)
    public = replace(
        manifest,
        files=tuple(file for file in manifest.files if file.file.startswith(f"{DATA}/")),
        sources=tuple(source for source in manifest.sources if source["source_id"] in sources),
        sums_sha256=hashlib.sha256(listed).hexdigest(),
    )
    yield _made(MANIFEST, sealed(public))


def _made(path: str, data: bytes) -> UploadFile:
    return UploadFile(path=path, size=len(data), sha256=hashlib.sha256(data).hexdigest(), made=data)


def _lying(version: Path, file: str) -> UploadFile:
    place = version / file
    return UploadFile(path=file, size=place.stat().st_size, sha256=file_sha256(place), place=place)


def _clips(folder: Path, columns: Sequence[str]) -> Iterator[Clip]:
    return (clip for file in sorted(folder.glob("*.parquet")) for clip in read_file(file, columns, batch=256))
