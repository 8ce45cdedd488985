"""Read back what a version holds: its rows, with or without media."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from schemas.errors import UsageError
from schemas.versions.manifest import Manifest, latest_version, read_manifest

ACCEPT, REVIEW, REJECT = "accept", "review", "reject"
FOLDERS = {ACCEPT: "data", REVIEW: "review", REJECT: "reject"}
"""Where the rows of each decision lie in a version."""


def opened(out: Path, name: str | None) -> tuple[Path, Manifest]:
    """Return a version and its manifest, the newest one without a name.

    Raises:
        UsageError: there is no such version.
    """
    name = name or latest_version(out)
    manifest = read_manifest(out / name) if name else None
    if name is None or manifest is None:
        raise UsageError(f"{out / name if name else out} holds no version; python -m pipeline.build --out {out} makes one")
    return out / name, manifest


def rows(version: Path, columns: Sequence[str], batch: int = 64) -> Iterator[dict[str, Any]]:
    """Yield the rows of a version, decision by decision in the order of its files, with these columns only."""
    for folder in FOLDERS.values():
        for file in sorted((version / folder).glob("*.parquet")):
            with pq.ParquetFile(file) as shard:
                for part in shard.iter_batches(batch, columns=list(columns)):
                    yield from part.to_pylist()


def picked(version: Path, clip_ids: Collection[str], columns: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Yield the rows of these clips in the order of the files; row groups that hold none of them are not read."""
    wanted = pa.array(sorted(clip_ids), pa.string())
    for folder in FOLDERS.values():
        for file in sorted((version / folder).glob("*.parquet")):
            with pq.ParquetFile(file) as shard:
                for group in range(shard.num_row_groups):
                    ids = shard.read_row_group(group, columns=["clip_id"])["clip_id"]
                    if pc.any(pc.is_in(ids, wanted)).as_py():
                        for part in shard.iter_batches(8, row_groups=[group], columns=["clip_id", *columns]):
                            yield from part.filter(pc.is_in(part["clip_id"], wanted)).to_pylist()


def row(version: Path, clip_id: str, columns: Sequence[str]) -> dict[str, Any]:
    """Return the row of one clip.

    Raises:
        UsageError: no row, or more than one, has an id that begins so.
    """
    files = [str(file) for folder in FOLDERS.values() for file in sorted((version / folder).glob("*.parquet"))]
    found = [part for file in files for part in _matching(file, clip_id, columns)]
    if len(found) != 1:
        raise UsageError(f"{len(found) or 'no'} clips of {version} have an id that begins with {clip_id!r}")
    return found[0]


def _matching(file: str, clip_id: str, columns: Sequence[str]) -> list[dict[str, Any]]:
    import pyarrow.dataset as ds  # noqa: PLC0415 - it brings pandas, which takes as long to import as all else together

    found: list[dict[str, Any]] = (
        ds.dataset(file).to_table(list(columns), pc.starts_with(pc.field("clip_id"), clip_id)).to_pylist()
    )
    return found
