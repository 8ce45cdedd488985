"""Is a version still what was written? Every file by its hash, the manifest by its own seal, the rows by their sum."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from schemas.atomic import write_atomic
from schemas.errors import UsageError
from schemas.versions.manifest import MANIFEST, SUMS, Manifest, intact, read_manifest
from schemas.versions.row_hash import added, row_hash

_ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n", "\r": "\\r"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Damage:
    """What is wrong with one file of a version."""

    file: str
    says: str


def write_sums(version: Path, known: Mapping[str, str]) -> str:
    """Write the hashes of all files of a version; return the hash of that list. `known` are hashes by file."""
    lines = [_line(known.get(file) or file_sha256(version / file), file) for file in version_files(version)]
    data = "".join(lines).encode()
    write_atomic(version / SUMS, data)
    return hashlib.sha256(data).hexdigest()


def version_files(version: Path) -> list[str]:
    """Return every file of a version but the manifest and the list of hashes, sorted."""
    found = (path.relative_to(version).as_posix() for path in version.rglob("*") if path.is_symlink() or not path.is_dir())
    return sorted(file for file in found if file not in {MANIFEST, SUMS})


def file_sha256(path: Path) -> str:
    """Return the hash of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def damages(version: Path, deep: bool = False, seal: str | None = None) -> Iterator[Damage]:
    """Yield what is wrong with a version, file by file.

    `deep` also reads every row and compares the sum of their hashes; `seal` is that of the version that is expected.
    """
    manifest, found = _manifest(version)
    yield from found
    if seal and manifest is not None and manifest.seal != seal:
        yield Damage(file=MANIFEST, says=f"is that of another version: its seal is {manifest.seal}, not {seal}")
    yield from _listed(version, manifest)
    there, listed = set(version_files(version)), sums(version)
    yield from (Damage(file=file, says="is missing") for file in sorted(listed.keys() - there))
    yield from (Damage(file=file, says="is none of the version's files") for file in sorted(there - listed.keys()))
    wrong = sorted(listed.keys() - there)
    held = sorted(listed.keys() & there)
    with ThreadPoolExecutor() as pool:
        for file, says in zip(held, pool.map(lambda file: _compared(version / file, listed[file]), held), strict=True):
            if says:
                wrong.append(file)
                yield Damage(file=file, says=says)
    if deep and manifest is not None:
        yield from _rows(version, manifest, skipped=wrong)


def _manifest(version: Path) -> tuple[Manifest | None, list[Damage]]:
    try:
        data = (version / MANIFEST).read_bytes()
    except FileNotFoundError:
        return None, [Damage(file=MANIFEST, says="is missing")]
    except OSError as error:
        return None, [Damage(file=MANIFEST, says=f"cannot be read: {error.strerror}")]
    found = [] if intact(data) else [Damage(file=MANIFEST, says="is not what was written: its seal does not fit")]
    try:
        return read_manifest(version), found
    except UsageError as error:
        return None, found or [Damage(file=MANIFEST, says=str(error))]


def _listed(version: Path, manifest: Manifest | None) -> Iterator[Damage]:
    if not (version / SUMS).is_file():
        yield Damage(file=SUMS, says="is missing")
    elif manifest is not None and file_sha256(version / SUMS) != manifest.sums_sha256:
        yield Damage(file=SUMS, says="is not the list that the manifest was written with")


def _compared(path: Path, wanted: str) -> str | None:
    try:
        return None if file_sha256(path) == wanted else "is not what was written: its sha256 differs"
    except OSError as error:
        return f"cannot be read: {error.strerror}"


def _rows(version: Path, manifest: Manifest, skipped: list[str]) -> Iterator[Damage]:
    total = 0
    for shard in manifest.files:
        if shard.file in skipped or not (version / shard.file).is_file():
            continue
        try:
            rows, hashes = _summed(version / shard.file)
        except (OSError, pa.ArrowException) as error:
            yield Damage(file=shard.file, says=f"cannot be read: {error}")
            return
        total += hashes
        if rows != shard.rows:
            yield Damage(file=shard.file, says=f"holds {rows} rows, not {shard.rows}")
    if not skipped and added(total) != manifest.rows_sha256:
        yield Damage(file=MANIFEST, says="the sum of the hashes of all rows is another")


def _summed(file: Path) -> tuple[int, int]:
    rows = total = 0
    with pq.ParquetFile(file) as shard:
        # Rows as they are stored: their hash is over the dicts that a build hashed.
        for part in shard.iter_batches(8):
            rows += part.num_rows
            total += sum(int(row_hash(row), 16) for row in part.to_pylist())
    return rows, total


def _line(digest: str, file: str) -> str:
    # As sha256sum marks a name that would not fit on a line.
    return f"{chr(92) * (file != file.translate(_ESCAPES))}{digest}  {file.translate(_ESCAPES)}\n"


def sums(version: Path) -> dict[str, str]:
    """Return the hash of each file of a version as its list of hashes says it; nothing where there is no list."""
    try:
        text = (version / SUMS).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return {}
    return dict(_entry(line) for line in text.split("\n") if line)


def _entry(line: str) -> tuple[str, str]:
    digest, _, file = line.removeprefix("\\").partition("  ")
    if line.startswith("\\"):
        file = file.replace("\\\\", "\0").replace("\\n", "\n").replace("\\r", "\r").replace("\0", "\\")
    return file, digest
