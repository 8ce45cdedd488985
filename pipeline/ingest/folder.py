"""What lies under a folder: media by their content, and of every other file the reason why nothing is made of it."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from annotators.media.probing import holds_media
from schemas.errors import UsageError
from schemas.record import Unused
from schemas.vocabulary.sidecars import SUFFIXES, marks_of

TABLE = "sources.csv"
MEDIA = frozenset({".mp4", ".mkv", ".mov", ".webm", ".avi", ".ts", ".m4v", ".wav", ".mp3", ".flac", ".m4a"})
"""Suffixes of which nobody asks whether it is media: what is none after all is a dead letter. Of others, the content is asked."""
_FIRST = 4096
_STILLS = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM", b"II*\0", b"MM\0*")


def look_through(folder: Path) -> tuple[tuple[Path, ...], tuple[Unused, ...]]:
    """Return the media under a folder, and the files that are none, both in order of name.

    Raises:
        UsageError: a part of it cannot be read.
    """
    files = sorted(_files(folder))
    with ThreadPoolExecutor() as pool:
        reasons = dict(zip(files, pool.map(_reason, files), strict=True))
    media = tuple(path for path in files if reasons[path] is None)
    stems = _stems(media)
    for path, reason in reasons.items():
        if path == folder / TABLE or (path.suffix.lower() in SUFFIXES and _has_source(path, stems)):
            reasons[path] = None
        elif reason is not None and path.name == TABLE:
            reasons[path] = f"only the {TABLE} at the top of the folder is read"
    shut = [Unused(file=f"{relative(folder, path)}/", reason=reason) for path, reason in _shut(folder)]
    unused = [Unused(file=relative(folder, path), reason=reason) for path, reason in reasons.items() if reason is not None]
    return media, tuple(sorted((*unused, *shut), key=lambda one: one.file))


def relative(folder: Path, path: Path) -> str:
    """Return what a file is called from the folder on; a name that is no valid Unicode still has to fit into a column of text."""
    return path.relative_to(folder).as_posix().encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _files(folder: Path) -> Iterator[Path]:
    for place, folders, names in os.walk(folder, onerror=_refuse):
        # lost+found is the file system's own, which nobody may read.
        folders[:] = [name for name in folders if name != "lost+found" and not name.startswith(".")]
        yield from (Path(place, name) for name in names)


def _shut(folder: Path) -> Iterator[tuple[Path, str]]:
    """Yield the folders that are not searched, with the reason."""
    for place, folders, _ in os.walk(folder, onerror=_refuse):
        for path in (Path(place, name) for name in folders):
            if path.name.startswith("."):
                yield path, "a hidden folder is not searched"
            elif path.is_symlink():
                yield path, "a link to a folder is not followed"
        folders[:] = [name for name in folders if name != "lost+found" and not name.startswith(".")]


def _refuse(error: OSError) -> None:
    raise UsageError(f"cannot search {error.filename}: {error.strerror}; let it be read, or move it out of --source") from error


def _reason(path: Path) -> str | None:
    """Return why a file is no media, None where it is."""
    if path.name.startswith("."):
        return "a hidden file is not read"
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return "a link to nothing"
    except OSError as error:
        if error.errno == errno.ELOOP:
            return "a link to itself"
        _refuse(error)
        raise
    if not stat.S_ISREG(mode):
        return "not a regular file"
    suffix = path.suffix.lower()
    if suffix in MEDIA:
        return None
    return "subtitles of no source: none is called as they are" if suffix in SUFFIXES else _looked_into(path)


def _looked_into(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            first = file.read(_FIRST)
    except OSError as error:
        error.filename = error.filename or str(path)
        _refuse(error)
        raise
    if not first:
        return "empty (0 bytes)"
    if first.startswith(_STILLS) or (first[:4] == b"RIFF" and first[8:12] == b"WEBP"):
        return "a still picture"
    if _is_text(first):
        return "text, not media"
    return None if holds_media(path) else "ffprobe finds neither a moving picture nor sound in it"


def _is_text(first: bytes) -> bool:
    if b"\0" in first:
        return False
    try:
        first.decode("utf-8")
    except UnicodeDecodeError as error:
        return len(first) == _FIRST and error.start >= _FIRST - 3
    return True


def _stems(media: Sequence[Path]) -> dict[Path, tuple[str, ...]]:
    found: dict[Path, tuple[str, ...]] = {}
    for path in media:
        found[path.parent] = (*found.get(path.parent, ()), path.stem)
    return found


def _has_source(path: Path, stems: dict[Path, tuple[str, ...]]) -> bool:
    return any(marks_of(path, stem) is not None for stem in stems.get(path.parent, ()))
