"""Read back what a version holds: the one reader of its rows, which gives clips.

A column is asked for by name, or by the path of what is inside it, as `source.file` or `video.path` (the name without the
bytes). What was not asked for, or is not in an older version, is its field's default, or empty; `clip_id` is always read.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import fields
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from schemas.errors import UsageError
from schemas.record import Clip
from schemas.versions.decode import decoded
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


def read_clips(version: Path, columns: Iterable[str] | None = None, *, batch: int = 64) -> Iterator[Clip]:
    """Yield the clips of a version, decision by decision in the order of its files, `batch` at a time in memory.

    Without `columns` they are read whole, with the bytes of all media.
    """
    return (clip for file in shard_files(version) for clip in read_file(file, columns, batch=batch))


def read_file(
    file: Path, columns: Iterable[str] | None = None, *, batch: int = 64, groups: Sequence[int] | None = None
) -> Iterator[Clip]:
    """Yield the clips of one data file in its order, or those of some of its row groups."""
    with pq.ParquetFile(file) as shard:
        wanted = range(shard.num_row_groups) if groups is None else groups
        for part in shard.iter_batches(batch, row_groups=list(wanted), columns=_leaves(shard, columns)) if wanted else ():
            yield from decoded(Clip, part)


def pick_clips(version: Path, clip_ids: Collection[str], columns: Iterable[str] | None = None) -> Iterator[Clip]:
    """Yield these clips in the order of the files; row groups that hold none of them are not read."""
    wanted = pa.array(sorted(clip_ids), pa.string())
    return _matching(version, lambda ids: pc.is_in(ids, wanted), columns)


def find_clip(version: Path, clip_id_prefix: str, columns: Iterable[str] | None = None) -> Clip:
    """Return the one clip whose id begins so.

    Raises:
        UsageError: no clip, or more than one, has an id that begins so.
    """
    found = list(_matching(version, lambda ids: pc.starts_with(ids, clip_id_prefix), columns))
    if len(found) != 1:
        raise UsageError(f"{len(found) or 'no'} clips of {version} have an id that begins with {clip_id_prefix!r}")
    return found[0]


def shard_files(version: Path) -> list[Path]:
    """Return the files that hold the clips of a version, decision by decision."""
    return [file for folder in FOLDERS.values() for file in sorted((version / folder).glob("*.parquet"))]


def _matching(version: Path, holds: Callable[[pa.Array], pa.Array], columns: Iterable[str] | None) -> Iterator[Clip]:
    asked = None if columns is None else tuple(columns)
    for file in shard_files(version):
        with pq.ParquetFile(file) as shard:
            leaves = _leaves(shard, asked)
            for group in range(shard.num_row_groups):
                if pc.any(holds(shard.read_row_group(group, columns=["clip_id"])["clip_id"])).as_py():
                    for part in shard.iter_batches(8, row_groups=[group], columns=leaves):
                        yield from decoded(Clip, part.filter(holds(part["clip_id"])))


def _leaves(shard: pq.ParquetFile, columns: Iterable[str] | None) -> list[str] | None:
    """Return what the file calls the columns that are asked for.

    Raises:
        KeyError: a clip has no such column.
    """
    if columns is None:
        return None
    asked = {"clip_id", *columns}
    if unknown := {name.partition(".")[0] for name in asked} - {field.name for field in fields(Clip)}:
        raise KeyError(f"a clip has no column {sorted(unknown)[0]!r}")
    stored = {one.path: one.path.replace(".list.element", "") for one in map(shard.schema.column, range(len(shard.schema)))}
    return [path for path, name in stored.items() if any(name == one or name.startswith(f"{one}.") for one in asked)]
