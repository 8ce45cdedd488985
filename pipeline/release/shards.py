"""Write rows as Parquet by the conventions of the Hub: media bytes plain and uncompressed, small row groups, page index."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import TypeAdapter

from pipeline.plan import ReleaseSettings
from schemas.arrow import media_columns, schema_of
from schemas.claims import KeyFrame, MediaFile
from schemas.record import Clip, DeadLetter
from schemas.versions.row_hash import added, row_hash

# Cut points that depend on content alone, so that the Hub stores an unchanged clip once. So small that each picture, sound and
# video has a page of its own: with the sizes that are recommended for small values (256 KiB to 1 MiB) pages of two or three clips
# take long to fall into step again behind a new one, and four times as many bytes are sent again
# (python -m tests.benchmarks.chunks).
_CHUNKS = {"min_chunk_size": 2 * 1024, "max_chunk_size": 8 * 1024, "norm_level": 0}

_CLIP = TypeAdapter(Clip)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardFile:
    """One written file."""

    file: str
    rows: int
    bytes: int
    sha256: str
    seconds: float
    rows_sha256: str
    """Sum of the hashes of the rows, modulo 2**256: the same for the same rows in any order."""


def write_shard(
    clips: Iterable[Clip], place: Path, work: Path, settings: ReleaseSettings, media: str, about: dict[str, str]
) -> ShardFile:
    """Write clips in the given order to `place`, whole or not at all; `media` is embed or reference."""
    version = place.parent.parent
    schema = schema_of(Clip)
    schema = schema.with_metadata({**schema.metadata, **about})
    place.parent.mkdir(parents=True, exist_ok=True)
    temporary = place.with_name(f".{place.name}.{os.getpid()}")
    seconds, rows, total = 0.0, 0, 0
    with parquet_writer(temporary, schema) as writer:
        for group in _groups((row for clip in clips for row in [_row(clip, work, version, media)]), settings):
            table = pa.Table.from_pylist(group, schema=schema)
            writer.write_table(table)
            rows += len(group)
            # Of the rows as they are stored, in the precision of each column: they can be read back and compared.
            total += sum(int(row_hash(row), 16) for part in table.to_batches(8) for row in part.to_pylist())
            seconds += sum(row["actual"]["end"] - row["actual"]["start"] for row in group)
    with temporary.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    size = temporary.stat().st_size
    temporary.replace(place)
    return ShardFile(
        file=place.relative_to(version).as_posix(),
        rows=rows,
        bytes=size,
        sha256=sha256,
        seconds=round(seconds, 3),
        rows_sha256=added(total),
    )


def write_dead(letters: Iterable[DeadLetter], place: Path) -> int:
    """Write dead letters as one Parquet file, if there are any; return how many."""
    rows = [asdict(letter) for letter in letters]
    if rows:
        place.parent.mkdir(parents=True, exist_ok=True)
        with parquet_writer(place, schema_of(DeadLetter)) as writer:
            writer.write_table(pa.Table.from_pylist(rows, schema=schema_of(DeadLetter)))
    return len(rows)


def parquet_writer(place: Path, schema: pa.Schema) -> pq.ParquetWriter:
    """Return a writer of a Parquet file by the conventions of the Hub."""
    leaves = dict(leaf for name in schema.names for leaf in _leaves(name, schema.field(name).type))
    # Encoded media do not shrink, and plain uncompressed bytes are what the Hub can cut into chunks and a reader can map.
    media = {path for path in leaves if path.endswith(".bytes")}
    return pq.ParquetWriter(
        place,
        schema,
        compression={path: "none" if path in media else "zstd" for path in leaves},
        # Measurements hardly repeat: a dictionary makes them larger, and a row that comes changes every row beside it.
        use_dictionary=[path for path, kind in leaves.items() if path not in media and not pa.types.is_floating(kind)],
        write_page_index=True,
        # Bounds of what is inside lists help nobody to skip a page, and the footer holds them all and changes with every clip.
        write_statistics=[path for path in leaves if ".list." not in path and path not in media],
        use_content_defined_chunking=_CHUNKS,
    )


def _leaves(path: str, kind: pa.DataType) -> Iterator[tuple[str, pa.DataType]]:
    """Return the column paths that Parquet gives to the leaves of a field, each with its type."""
    if pa.types.is_struct(kind):
        for field in kind:
            yield from _leaves(f"{path}.{field.name}", field.type)
    elif pa.types.is_list(kind):
        yield from _leaves(f"{path}.list.element", kind.value_type)
    else:
        yield path, kind


def ends_group(clip_id: str, typical: int) -> bool:
    """Tell whether a row group ends behind this clip.

    The clip alone decides, so one that comes or goes changes the row group that it is in and none behind it.
    """
    return int(clip_id[:8], 16) % typical == 0


def _groups(rows: Iterable[dict[str, Any]], settings: ReleaseSettings) -> Iterator[list[dict[str, Any]]]:
    group: list[dict[str, Any]] = []
    size = 0
    for row in rows:
        group.append(row)
        size += sum(len(row[name]["bytes"] or b"") for name in media_columns(Clip) if row[name])
        full = size >= settings.row_group_bytes or len(group) >= settings.row_group_rows
        if full or ends_group(row["clip_id"], settings.row_group_typical):
            yield group
            group, size = [], 0
    if group:
        yield group


def _row(clip: Clip, work: Path, version: Path, media: str) -> dict[str, Any]:
    """Return the clip as a row: media embedded, or laid beside the shards under media/."""
    stills = {frame.image.path: f"media/{clip.clip_id}.{frame.track}.{frame.kind}.jpg" for frame in clip.frames}
    frames = tuple(_placed(frame, stills[frame.image.path], work, version, media) for frame in clip.frames)
    files = {"video": f"media/{clip.clip_id}.mp4", "audio": f"media/{clip.clip_id}.flac"}
    files |= {"image": stills[clip.image.path]} if clip.image else {}
    held: dict[str, Any] = {name: _media(getattr(clip, name), file, work, version, media) for name, file in files.items()}
    row: dict[str, Any] = _CLIP.dump_python(replace(clip, frames=frames, **held))
    return row


def _placed(frame: KeyFrame, file: str, work: Path, version: Path, media: str) -> KeyFrame:
    image = _media(frame.image, file, work, version, media)
    return replace(frame, image=image) if image is not None else frame


def _media(held: MediaFile | None, file: str, work: Path, version: Path, media: str) -> MediaFile | None:
    if held is None or held.path is None:
        return None
    kept = work / held.path
    if media == "embed":
        return MediaFile(bytes=kept.read_bytes(), path=Path(file).name)
    place = version / file
    place.parent.mkdir(parents=True, exist_ok=True)
    if not place.exists():
        shutil.copyfile(kept, place)
    return MediaFile(path=file)
