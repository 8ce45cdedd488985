"""A version without some of its clips: only the files that hold them are written anew, and the ledger still adds up."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version as installed
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.ingest.sources import SCAN
from pipeline.release.commit import DEAD, finish
from pipeline.release.shards import parquet_writer, write_dead
from pipeline.rights.withdrawn import REASON, TAKEDOWN, nameless, source_letter
from pipeline.stats.recount import GROUP, SPLIT, recount
from schemas.provenance import digest
from schemas.record import BUG, DeadLetter, Unused
from schemas.values import Span
from schemas.versions.accounts import SourceAccount, without_clips, without_source
from schemas.versions.dead_letters import counted, letter_order
from schemas.versions.decode import decoded
from schemas.versions.manifest import Counts, Manifest, WrittenFile
from schemas.versions.row_hash import added, row_hash
from schemas.versions.rows import ACCEPT, FOLDERS, REJECT, REVIEW, read_clips

_MEDIA = "media"


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """What goes: letters for clips of sources that stay, and by source id why whole sources go."""

    clips: tuple[DeadLetter, ...]
    sources: Mapping[str, str]
    """Reasons; `withdrawn` also takes away the names of the files."""
    clip_ids: frozenset[str]
    """All clips that go, those of whole sources too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """What is left of one file, and what went from it."""

    kept: int
    gone: int
    seconds: float
    hashes: int
    """Sum of the hashes of the rows that went."""


def removed(version: Path, manifest: Manifest, removal: Removal, place: Path, staging: Path) -> Manifest:
    """Write a version without what is to go; return its manifest.

    Raises:
        UsageError: the place is taken.
    """
    shutil.rmtree(staging, ignore_errors=True)
    rests = {file.file: _rewritten(version / file.file, staging / file.file, removal.clip_ids) for file in manifest.files}
    files = tuple(_named(manifest.files, rests, staging))
    _link_media(version, staging, removal.clip_ids)
    letters = _letters(version, manifest, removal)
    write_dead(letters, staging / DEAD)
    sources = tuple(_sources(manifest.sources, removal.sources))
    made = replace(
        manifest,
        affectory=installed("affectory"),
        inputs=digest([manifest.inputs, sorted(removal.clip_ids), sorted(removal.sources)], 16),
        ledger=_ledger(manifest.ledger, files, letters),
        reasons=counted(letters),
        splits=_splits(files),
        seconds=round(manifest.seconds - sum(rest.seconds for rest in rests.values()), 3),
        files=files,
        rows_sha256=added(int(manifest.rows_sha256, 16) - sum(rest.hashes for rest in rests.values())),
        sources=sources,
        unused=tuple(_unused(manifest, removal)),
        accounts=tuple(_accounts(manifest.accounts, removal, staging)),
        grouped=recount(manifest.grouped, sources, staging, version.name) if manifest.grouped else None,
        sums_sha256="",
        seal="",
    )
    return finish(staging, place, made)


def _rewritten(file: Path, place: Path, clip_ids: Collection[str]) -> Rest:
    """Write a file without some of its clips, or link it where it holds none of them; a file without rows is not written."""
    wanted = pa.array(sorted(clip_ids), pa.string())
    place.parent.mkdir(parents=True, exist_ok=True)
    with pq.ParquetFile(file) as shard:
        ids = shard.read(columns=["clip_id"])["clip_id"]
        gone = pc.sum(pc.is_in(ids, wanted)).as_py() or 0
        rest = Rest(kept=len(ids) - gone, gone=gone, seconds=0.0, hashes=0)
        if not gone:
            link_file(file, place)
            return rest
        with parquet_writer(place, shard.schema_arrow) as writer:
            for group in range(shard.num_row_groups):
                rest = _group(shard.read_row_group(group), wanted, writer, rest)
    if not rest.kept:
        place.unlink()
    return rest


def _group(table: pa.Table, wanted: pa.Array, writer: pq.ParquetWriter, rest: Rest) -> Rest:
    goes = pc.is_in(table["clip_id"], wanted)
    kept = table.filter(pc.invert(goes))
    if kept.num_rows:
        writer.write_table(kept)
    # Rows as they are stored: their hash is over the dicts that a build hashed.
    rows = [row for part in table.filter(goes).to_batches(8) for row in part.to_pylist()]
    return replace(
        rest,
        seconds=rest.seconds + sum(row["actual"]["end"] - row["actual"]["start"] for row in rows),
        hashes=rest.hashes + sum(int(row_hash(row), 16) for row in rows),
    )


def _named(old: Sequence[WrittenFile], rests: Mapping[str, Rest], staging: Path) -> Iterator[WrittenFile]:
    """Give what is left the names of the Hub, with nothing missing from the count; yield the files."""
    left: dict[tuple[str, str], list[WrittenFile]] = {}
    for file in old:
        if rests[file.file].kept:
            left.setdefault(_folder_and_split(file.file), []).append(file)
    for (folder, split), files in sorted(left.items()):
        for number, file in enumerate(files):
            name = f"{folder}/{split}-{number:05d}-of-{len(files):05d}.parquet"
            # Numbers only fall, so no file takes the name of one that still waits.
            (staging / file.file).rename(staging / name)
            yield _measured(staging / name, name, file, rests[file.file])
    for folder in FOLDERS.values():
        if (staging / folder).is_dir() and not any((staging / folder).iterdir()):
            (staging / folder).rmdir()


def _measured(place: Path, name: str, old: WrittenFile, rest: Rest) -> WrittenFile:
    if not rest.gone:
        return replace(old, file=name)
    with place.open("rb") as data:
        sha256 = hashlib.file_digest(data, "sha256").hexdigest()
    return WrittenFile(file=name, rows=rest.kept, bytes=place.stat().st_size, sha256=sha256)


def _link_media(version: Path, staging: Path, clip_ids: Collection[str]) -> None:
    for file in sorted((version / _MEDIA).glob("*")):
        if file.name.partition(".")[0] not in clip_ids:
            (staging / _MEDIA).mkdir(parents=True, exist_ok=True)
            link_file(file, staging / _MEDIA / file.name)


def link_file(file: Path, place: Path, linked: Callable[[Path, Path], None] = os.link) -> None:
    """Let a file stand in two places at the cost of one, or copy it where the disk knows no links."""
    try:
        linked(file, place)
    except OSError:
        shutil.copyfile(file, place)


def _letters(version: Path, manifest: Manifest, removal: Removal) -> tuple[DeadLetter, ...]:
    letters = decoded(DeadLetter, pq.read_table(version / DEAD)) if (version / DEAD).is_file() else []
    names = {one["source_id"]: one["file"] for one in manifest.sources}
    copies = [nameless(one) if removal.sources.get(one.source_id) == REASON else one for one in letters if one.step == SCAN]
    others = [one for one in letters if one.step != SCAN and one.source_id not in removal.sources]
    gone = (
        source_letter(source_id) if reason == REASON else replace(source_letter(source_id), file=names[source_id], reason=reason)
        for source_id, reason in removal.sources.items()
    )
    return (*copies, *sorted((*others, *removal.clips, *gone), key=letter_order))


def _sources(old: Sequence[Mapping[str, str]], gone: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Yield what is left to say of the sources: nothing of those withdrawn, no split of those otherwise without a clip."""
    for one in old:
        if one["source_id"] not in gone:
            yield dict(one)
        elif gone[one["source_id"]] != REASON:
            yield {key: value for key, value in one.items() if key not in (SPLIT, GROUP)}


def _unused(manifest: Manifest, removal: Removal) -> Iterator[Unused]:
    """Yield the files of which nothing was used; the name of one that is called as what was withdrawn may name the person."""
    gone = [Path(one["file"]) for one in manifest.sources if removal.sources.get(one["source_id"]) == REASON]
    for one in manifest.unused:
        path = Path(one.file)
        if not any(path.parent == source.parent and path.name.startswith(source.stem) for source in gone):
            yield one


def _accounts(old: Sequence[SourceAccount], removal: Removal, staging: Path) -> Iterator[SourceAccount]:
    """Yield what became of the seconds of sources: nothing of those withdrawn; what clips held that went is left out."""
    touched = {letter.source_id for letter in removal.clips}
    spans: dict[str, list[Span]] = {}
    for clip in read_clips(staging, ("requested", "source.source_id")) if touched else ():
        spans.setdefault(clip.source.source_id, []).append(clip.requested)
    for one in old:
        if one.source_id in removal.sources:
            if removal.sources[one.source_id] != REASON:
                yield without_source(one, f"{TAKEDOWN}: {removal.sources[one.source_id]}")
        else:
            yield without_clips(one, spans.get(one.source_id, ()), f"{TAKEDOWN}: {REASON}") if one.source_id in touched else one


def _ledger(old: Counts, files: Sequence[WrittenFile], letters: Sequence[DeadLetter]) -> Counts:
    rows = {folder: sum(file.rows for file in files if file.file.startswith(f"{folder}/")) for folder in FOLDERS.values()}
    dead = sum(letter.clip_id is None for letter in letters)
    return replace(
        old,
        dead_sources=dead - old.copies,
        sources_with_clips=old.sources - dead,
        clips=sum(rows.values()) + len(letters) - dead,
        accepted=rows[FOLDERS[ACCEPT]],
        review=rows[FOLDERS[REVIEW]],
        rejected=rows[FOLDERS[REJECT]],
        dead_clips=len(letters) - dead,
        quarantined=sum(letter.fault == BUG for letter in letters),
    )


def _splits(files: Sequence[WrittenFile]) -> dict[str, int]:
    splits: dict[str, int] = {}
    for file in files:
        folder, split = _folder_and_split(file.file)
        if folder == FOLDERS[ACCEPT]:
            splits[split] = splits.get(split, 0) + file.rows
    return splits


def _folder_and_split(file: str) -> tuple[str, str]:
    folder, _, name = file.rpartition("/")
    return folder, name.rsplit("-", 3)[0]
