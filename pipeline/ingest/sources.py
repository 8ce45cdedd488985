"""Find the media under a folder, name them by content, and read what `sources.csv` says about them."""

from __future__ import annotations

import csv
import hashlib
import itertools
import unicodedata
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field

from pipeline.ingest.folder import TABLE, FolderFiles, look_through, relative
from pipeline.runtime.stamps import stamp_of
from schemas.errors import UsageError
from schemas.record import DeadLetter, Stamp, Subtitles, Unused
from schemas.validate import validate
from schemas.vocabulary.languages import language_code

SCAN = "scan"
"""Step of the dead letter of a copy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """One line of `sources.csv`: what its owner states about a source. Empty cells are None."""

    file: str
    licence: str | None = None
    consent: str | None = None
    language: str | None = None
    origin: str | None = None
    speakers: tuple[str, ...] = ()
    split: Annotated[str, Field(pattern=r"^[A-Za-z0-9_]{1,40}$")] | None = None
    """Names files, and `datasets` takes no other characters."""

    def __post_init__(self) -> None:
        if self.split == "all":
            raise ValueError("split: all is what `datasets` calls every split together; choose another name")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A source file, before anything has been decoded."""

    path: str
    file: str
    sha256: str
    terms: Terms
    stamps: tuple[Stamp, ...] = ()
    subtitles: tuple[Subtitles, ...] = ()
    """Files beside it that are called as it is."""

    @property
    def source_id(self) -> str:
        """Return the id of the source: the first 16 hex digits of the hash of its content."""
        return self.sha256[:16]


def find_sources(folder: Path) -> tuple[tuple[Found, ...], tuple[DeadLetter, ...], tuple[Unused, ...]]:
    """Return the sources by content id, a dead letter for every copy of the same bytes, and the files that are no media.

    Raises:
        UsageError: there is no such folder, a part of it cannot be read, no media in it, or `sources.csv` cannot be used.
    """
    if not folder.is_dir():
        raise UsageError(f"--source {folder}: no such folder")
    files = look_through(folder)
    paths, unused = files.media, files.unused
    if not paths:
        others = f"; {unused[0].file}: {unused[0].reason}" if unused else ""
        raise UsageError(f"--source {folder}: no media in it, nothing in which ffprobe finds a moving picture or sound{others}")
    terms = _terms(folder, {relative(folder, path) for path in paths})
    with ThreadPoolExecutor() as pool:
        found = list(pool.map(lambda path: _found(folder, path, files, terms), paths))
    first: dict[str, Found] = {}
    copies = []
    for one in found:
        kept = first.setdefault(one.sha256, one)
        if kept is not one:
            reason = f"the same bytes as {kept.file}, which is kept"
            copies.append(DeadLetter(source_id=one.source_id, file=one.file, clip_id=None, step=SCAN, reason=reason))
    return tuple(sorted(first.values(), key=lambda one: one.sha256)), tuple(copies), unused


def spelt(name: str) -> str:
    """Return a name as one that is written with other case, spaces or code points would be spelt: both mean one person."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def share_of(found: Sequence[Found], k: int, n: int) -> tuple[Found, ...]:
    """Return the share K of N, by content: the same whatever else lies in the folder."""
    return tuple(one for one in found if int(one.sha256[:12], 16) % n == k - 1)


def _found(folder: Path, path: Path, files: FolderFiles, terms: dict[str, Terms]) -> Found:
    file = relative(folder, path)
    stamp, sha256 = _hashed(path)
    sidecars = [(one, marks, *_hashed(one)) for one, marks in files.subtitles.get(path, ())]
    return Found(
        path=str(path.resolve()),
        file=file,
        sha256=sha256,
        terms=terms.get(file, Terms(file=file)),
        stamps=(stamp, *(of_words for _, _, of_words, _ in sidecars)),
        subtitles=tuple(Subtitles(path=str(one.resolve()), sha256=sha, marks=marks) for one, marks, _, sha in sidecars),
    )


def _hashed(path: Path) -> tuple[Stamp, str]:
    try:
        stamp = stamp_of(path.resolve())
        with path.open("rb") as file:
            return stamp, hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error


def _terms(folder: Path, files: set[str]) -> dict[str, Terms]:
    table = folder / TABLE
    if not table.is_file():
        return {}
    read: dict[str, Terms] = {}
    for line, cells in _lines(table):
        names = (name.strip() for name in str(cells.get("speakers", "")).split(";"))
        cells |= {"speakers": tuple(name for name in names if name)}
        if "language" in cells:
            cells["language"] = _language(str(cells["language"]), f"{table}, line {line}")
        terms = validate(Terms, cells, f"{table}, line {line}")
        if terms.file not in files:
            raise UsageError(f"{table}, line {line}: no media file {terms.file!r} under {folder}")
        if terms.file in read:
            raise UsageError(f"{table}, line {line}: {terms.file!r} has a line before this one; which of them holds?")
        read[terms.file] = terms
    return read


def _language(stated: str, where: str) -> str:
    try:
        return language_code(stated)
    except UsageError as error:
        raise UsageError(f"{where}: {error}") from error


def _lines(table: Path) -> Iterator[tuple[int, dict[str, object]]]:
    """Yield each line, with the number at which it ends and the cells that are not empty, by column.

    Raises:
        UsageError: it is no such table; a cell too many tells that what stands in the others may be in the wrong column.
    """
    try:
        with table.open(encoding="utf-8-sig", newline="") as text:
            rows = csv.reader(text, strict=True)
            names = [*itertools.takewhile(bool, next(rows, []))]
            if len(set(names)) < len(names):
                raise UsageError(f"{table}: two columns have the same name")
            for row in filter(None, rows):
                if any(cell.strip() for cell in row[len(names) :]):
                    raise UsageError(f"{table}, line {rows.line_num}: a cell too many; put text with a comma in it in quotes")
                yield rows.line_num, {name: cell.strip() for name, cell in zip(names, row, strict=False) if cell.strip()}
    except UnicodeDecodeError as error:
        raise UsageError(f"{table} is not UTF-8; save it as CSV in UTF-8") from error
    except csv.Error as error:
        raise UsageError(f"{table} is not a table that can be read: {error}; is a quote left open?") from error
    except OSError as error:
        raise UsageError(f"cannot read {table}: {error.strerror}") from error
