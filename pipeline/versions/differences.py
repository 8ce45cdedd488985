"""What differs between two versions, clip by clip, and why. Pure but for reading rows; media are not read.

Rows of one decision and split lie in order of their sources, so both versions are read side by side and only the clips of one
source are held at a time. A row group whose bytes are the same in both versions is not decoded: shards are written so that a clip
that comes or goes leaves most of them as they are.
"""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Generator, Iterator
from contextlib import closing
from itertools import groupby
from operator import itemgetter

import pyarrow.parquet as pq

from pipeline.versions.causes import Authors, authors_of
from pipeline.versions.change import TOLD, Change, ClipState, changes
from pipeline.versions.membership import Version, appeared, vanished
from schemas.errors import UsageError
from schemas.versions.rows import FOLDERS, read_file

COLUMNS = ("clip_id", "source", "authors", "labels", "routes", *TOLD)
"""What is compared, where both versions have it: all that is small."""

_Source = tuple[str, dict[str, ClipState]]
_Group = tuple[str, int]


def differences(old: Version, new: Version) -> Iterator[Change]:
    """Yield what became of each clip that is not the same in both, in order of sources.

    Raises:
        UsageError: the rows of a version are not in order of sources.
    """
    authors = Authors(before=authors_of(old.folder), after=authors_of(new.folder))
    columns = tuple(name for name in COLUMNS if name in _columns(old) and name in _columns(new))
    groups = _digests(old, columns), _digests(new, columns)
    same = set(groups[0].values()) & set(groups[1].values())
    left = tuple({place: digest not in same for place, digest in one.items()} for one in groups)
    with closing(_sources(old, left[0], columns)) as before, closing(_sources(new, left[1], columns)) as after:
        for first, second in _side_by_side(before, after):
            for clip_id in sorted(first.keys() | second.keys()):
                match first.get(clip_id), second.get(clip_id):
                    case ClipState() as was, None:
                        yield vanished(old, new, was)
                    case None, ClipState() as now:
                        yield appeared(old, new, now)
                    case ClipState() as was, ClipState() as now:
                        yield from changes(was, now, authors)


def _columns(version: Version) -> set[str]:
    files = version.manifest.files
    return set(pq.read_schema(version.folder / files[0].file).names) if files else set(COLUMNS)


def _side_by_side(old: Iterator[_Source], new: Iterator[_Source]) -> Iterator[tuple[dict[str, ClipState], dict[str, ClipState]]]:
    """Yield the clips of each source in both, by id; {} where a version has none of the source."""
    both = heapq.merge(_tagged(0, old), _tagged(1, new), key=itemgetter(0, 1))
    for _, found in groupby(both, key=itemgetter(0)):
        held: tuple[dict[str, ClipState], dict[str, ClipState]] = ({}, {})
        for _, which, clips in found:
            held[which].update(clips)
        yield held


def _tagged(which: int, sources: Iterator[_Source]) -> Iterator[tuple[str, int, dict[str, ClipState]]]:
    return ((source, which, clips) for source, clips in sources)


def _stream(file: str) -> tuple[str, str]:
    """Return the folder and the split of a shard."""
    folder, _, name = file.partition("/")
    return folder, name.rpartition("-of-")[0].rpartition("-")[0]


def _digests(version: Version, columns: tuple[str, ...]) -> dict[_Group, bytes]:
    """Return for each row group a hash of its place and of these columns as they are stored."""
    found = {}
    for shard in version.manifest.files:
        path = version.folder / shard.file
        about = pq.read_metadata(path)
        schema = about.schema.to_arrow_schema()
        kinds = repr((_stream(shard.file), [(name, str(schema.field(name).type)) for name in columns]))
        leaves = [k for k in range(about.num_columns) if about.schema.column(k).path.partition(".")[0] in columns]
        with path.open("rb") as file:
            for number in range(about.num_row_groups):
                digest = hashlib.blake2b(kinds.encode(), digest_size=16)
                for leaf in (about.row_group(number).column(k) for k in leaves):
                    file.seek(leaf.dictionary_page_offset or leaf.data_page_offset)
                    digest.update(file.read(leaf.total_compressed_size))
                found[shard.file, number] = digest.digest()
    return found


def _sources(version: Version, left: dict[_Group, bool], columns: tuple[str, ...]) -> Generator[_Source]:
    """Yield the clips of each source, over all decisions and splits."""
    streams: dict[tuple[str, str], list[str]] = {}
    for file in version.manifest.files:
        streams.setdefault(_stream(file.file), []).append(file.file)
    decisions = {folder: decision for decision, folder in FOLDERS.items()}
    merged = heapq.merge(
        *(_held(version, sorted(files), left, columns, (decisions[folder], split)) for (folder, split), files in streams.items()),
        key=lambda held: held.source_id,
    )
    for source_id, clips in groupby(merged, key=lambda held: held.source_id):
        yield source_id, {clip.clip_id: clip for clip in clips}


def _held(
    version: Version, files: list[str], left: dict[_Group, bool], columns: tuple[str, ...], place: tuple[str, str]
) -> Iterator[ClipState]:
    last = ""
    for file in files:
        count = pq.read_metadata(version.folder / file).num_row_groups
        changed = [number for number in range(count) if left[file, number]]
        for clip in read_file(version.folder / file, columns, batch=256, groups=changed):
            if clip.source.source_id < last:
                raise UsageError(f"{version.folder / file}: its rows are not in order of sources")
            last = clip.source.source_id
            yield ClipState(decision=place[0], split=place[1], clip=clip)
