"""A version with media beside its rows as it is published: with the media inside, as `--media embed` builds it.

`datasets` finds media by paths in rows of a repository only where they name the repository and a revision, and then asks for each
file again whenever it is decoded; what is inside is loaded once, and decodes wherever the repository is copied to.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq

from pipeline.card.card import CARD, card
from pipeline.card.croissant import CROISSANT, croissant
from pipeline.plan import ReleaseSettings
from pipeline.release.shards import ShardFile, write_shard
from pipeline.stats.collect import card_facts
from pipeline.versions.integrity import sums
from schemas.atomic import write_atomic
from schemas.errors import TransientError, UsageError
from schemas.record import Clip
from schemas.validate import validate
from schemas.versions.manifest import Manifest, WrittenFile
from schemas.versions.row_hash import added, row_hash
from schemas.versions.rows import ACCEPT, FOLDERS, read_file


def embed_media(version: Path, manifest: Manifest, place: Path) -> Manifest:
    """Write a version to the empty folder `place`, with the media of accepted clips inside their rows; return its manifest.

    Card and Croissant file are written anew. Rows of clips that are not accepted are linked as they are: the card counts them.

    Raises:
        UsageError: a row names a file that is none of the version's.
        TransientError: there is no room in `place`.
    """
    settings = validate(ReleaseSettings, manifest.plan["release"], f"{version.name}: the plan's [release]")
    try:
        listed = sums(version).keys()
        files = {one: _written(version, one, place, settings, listed) for one in manifest.files}
        made = replace(
            manifest,
            files=tuple(_measured(one, shard) for one, shard in files.items()),
            rows_sha256=added(int(manifest.rows_sha256, 16) + sum(_change(version, shard) for shard in files.values() if shard)),
        )
        facts = card_facts(place, made, version.name)
        write_atomic(place / CARD, card(facts).encode())
        write_atomic(place / CROISSANT, croissant(facts).encode())
    except OSError as error:
        raise TransientError(f"{version.name} with media in its rows cannot be written to {place}: {error}") from error
    return made


def _written(
    version: Path, one: WrittenFile, place: Path, settings: ReleaseSettings, listed: Collection[str]
) -> ShardFile | None:
    """Write a file of accepted clips with their media; link any other, and return None."""
    old, new = version / one.file, place / one.file
    new.parent.mkdir(parents=True, exist_ok=True)
    if Path(one.file).parent.name != FOLDERS[ACCEPT]:
        new.symlink_to(old.resolve())
        return None
    metadata = {key.decode(): value.decode() for key, value in (pq.read_schema(old).metadata or {}).items()}
    about = {key: value for key, value in metadata.items() if key != "huggingface"}
    return write_shard(_held(old, listed), new, version, settings, "embed", about)


def _held(file: Path, listed: Collection[str]) -> Iterator[Clip]:
    """Yield the clips of a file; raise UsageError at one that names a file that is not listed as the version's."""
    for clip in read_file(file, batch=8):
        for media in (clip.video, clip.audio, clip.image, *(frame.image for frame in clip.frames)):
            if media is not None and media.path is not None and media.path not in listed:
                raise UsageError(f"clip {clip.clip_id} names {media.path}, which is no file of its version")
        yield clip


def _measured(one: WrittenFile, shard: ShardFile | None) -> WrittenFile:
    return replace(one, bytes=shard.bytes, sha256=shard.sha256) if shard else one


def _change(version: Path, shard: ShardFile) -> int:
    """Return by how much the sum of the hashes of all rows changes with a file."""
    with pq.ParquetFile(version / shard.file) as old:
        rows = (row for part in old.iter_batches(8) for row in part.to_pylist())
        return int(shard.rows_sha256, 16) - sum(int(row_hash(row), 16) for row in rows)
