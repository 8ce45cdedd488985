"""What differs between two versions, clip by clip, and why. Pure but for reading rows; media are not read.

Rows of one decision and split lie in order of their sources, so both versions are read side by side and only the clips of one
source are held at a time. A file that is the same in both versions is not read at all.
"""

from __future__ import annotations

import heapq
from collections.abc import Generator, Iterator
from contextlib import closing
from itertools import groupby
from operator import itemgetter

import pyarrow.parquet as pq

from pipeline.causes import Authors, authors_of
from pipeline.change import TOLD, Change, Held, changes
from pipeline.presence import Version, appeared, vanished
from schemas.errors import UsageError
from schemas.versions import FOLDERS

COLUMNS = ("clip_id", "source", "authors", "labels", "routes", *TOLD)
"""What is compared, where both versions have it: all that is small."""

_Source = tuple[str, dict[str, Held]]


def differences(old: Version, new: Version) -> Iterator[Change]:
    """Yield what became of each clip that is not the same in both, in order of sources.

    Raises:
        UsageError: the rows of a version are not in order of sources.
    """
    authors = Authors(before=authors_of(old.folder), after=authors_of(new.folder))
    same = {(file.file, file.sha256) for file in old.manifest.files} & {(file.file, file.sha256) for file in new.manifest.files}
    skipped = {file for file, _ in same}
    columns = tuple(name for name in COLUMNS if name in _columns(old) and name in _columns(new))
    with closing(_sources(old, skipped, columns)) as before, closing(_sources(new, skipped, columns)) as after:
        for first, second in _side_by_side(before, after):
            for clip_id in sorted(first.keys() | second.keys()):
                match first.get(clip_id), second.get(clip_id):
                    case Held() as was, None:
                        yield vanished(old, new, was)
                    case None, Held() as now:
                        yield appeared(old, new, now)
                    case Held() as was, Held() as now:
                        yield from changes(was, now, authors)


def _columns(version: Version) -> set[str]:
    files = version.manifest.files
    return set(pq.read_schema(version.folder / files[0].file).names) if files else set(COLUMNS)


def _side_by_side(old: Iterator[_Source], new: Iterator[_Source]) -> Iterator[tuple[dict[str, Held], dict[str, Held]]]:
    """Yield the clips of each source in both, by id; {} where a version has none of the source."""
    both = heapq.merge(_tagged(0, old), _tagged(1, new), key=itemgetter(0, 1))
    for _, found in groupby(both, key=itemgetter(0)):
        held: tuple[dict[str, Held], dict[str, Held]] = ({}, {})
        for _, which, clips in found:
            held[which].update(clips)
        yield held


def _tagged(which: int, sources: Iterator[_Source]) -> Iterator[tuple[str, int, dict[str, Held]]]:
    return ((source, which, clips) for source, clips in sources)


def _sources(version: Version, skipped: set[str], columns: tuple[str, ...]) -> Generator[_Source]:
    """Yield the clips of each source, over all decisions and splits."""
    streams: dict[tuple[str, str], list[str]] = {}
    for file in version.manifest.files:
        folder, _, name = file.file.partition("/")
        if file.file not in skipped:
            streams.setdefault((folder, name.rpartition("-of-")[0].rpartition("-")[0]), []).append(file.file)
    decisions = {folder: decision for decision, folder in FOLDERS.items()}
    merged = heapq.merge(
        *(_held(version, sorted(files), columns, (decisions[folder], split)) for (folder, split), files in streams.items()),
        key=lambda held: held.source_id,
    )
    for source_id, clips in groupby(merged, key=lambda held: held.source_id):
        yield source_id, {clip.clip_id: clip for clip in clips}


def _held(version: Version, files: list[str], columns: tuple[str, ...], place: tuple[str, str]) -> Iterator[Held]:
    last = ""
    for file in files:
        with pq.ParquetFile(version.folder / file) as shard:
            for part in shard.iter_batches(256, columns=list(columns)):
                for row in part.to_pylist():
                    held = Held(decision=place[0], split=place[1], row=row)
                    if held.source_id < last:
                        raise UsageError(f"{version.folder / file}: its rows are not in order of sources")
                    last = held.source_id
                    yield held
