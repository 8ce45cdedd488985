"""What lies under a folder: media by their content, and of every other file the reason why nothing is made of it."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from annotators.media.probing import holds_media
from schemas.errors import UsageError
from schemas.record import Unused
from schemas.vocabulary.sidecars import SUFFIXES, SidecarMarks, marks_of

TABLE = "sources.csv"
MEDIA = frozenset({".mp4", ".mkv", ".mov", ".webm", ".avi", ".ts", ".m4v", ".wav", ".mp3", ".flac", ".m4a"})
"""Suffixes of which nobody asks whether it is media: what is none after all is a dead letter. Of others, the content is asked."""
_FIRST = 4096
_STILLS = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM", b"II*\0", b"MM\0*")
_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"mif1", b"avif", b"crx ")
"""Of still pictures that lie in the container of MP4."""
_BOXES = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")
_MAGIC = (
    b"\x1a\x45\xdf\xa3", b"OggS", b"fLaC", b"ID3", b"FLV\x01", b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", b"\x00\x00\x01",
    b"\x00\x00\x00\x01", b"\x06\x0e\x2b\x34", b".RMF", b"FORM", b".snd", b"caff", b"#!AMR", b"riff", b"\x0b\x77",
    b"\x7f\xfe\x80\x01", b"wvpk", b"TTA1", b"DKIF", b"nut/multimedia", b"\x1f\x07\x00",
)  # fmt: skip
"""How files begin that may be media; ffprobe, which takes a while for ten thousand files, has the last word."""
_PACKETS = ((0, 188), (4, 192), (0, 204))
"""Of MPEG transport streams: where the first packet begins, and how long each is, in bytes."""


@dataclass(frozen=True, slots=True)
class FolderFiles:
    """What lies under a folder, in order of name."""

    media: tuple[Path, ...]
    subtitles: Mapping[Path, tuple[tuple[Path, SidecarMarks], ...]]
    """Of each of the media: the files that are called as it is but for language and kind, as `TALK.SRT`, `talk.en.sdh.srt`."""
    unused: tuple[Unused, ...]
    """What is neither."""


def look_through(folder: Path) -> FolderFiles:
    """Return what lies under a folder.

    Raises:
        UsageError: a part of it cannot be read.
    """
    files = sorted(_files(folder))
    with ThreadPoolExecutor() as pool:
        reasons = dict(zip(files, pool.map(_reason, files), strict=True))
    media = tuple(path for path in files if reasons[path] is None)
    subtitles = _subtitles(media, [path for path in files if path.suffix.lower() in SUFFIXES and path.is_file()])
    for path in (folder / TABLE, *(one for held in subtitles.values() for one, _ in held)):
        reasons[path] = None
    shut = [Unused(file=f"{relative(folder, path)}/", reason=reason) for path, reason in _shut(folder)]
    unused = [Unused(file=relative(folder, path), reason=reason) for path, reason in reasons.items() if reason is not None]
    return FolderFiles(media, subtitles, tuple(sorted((*unused, *shut), key=lambda one: one.file)))


def _subtitles(media: Sequence[Path], sidecars: Sequence[Path]) -> dict[Path, tuple[tuple[Path, SidecarMarks], ...]]:
    called: dict[tuple[Path, str], list[Path]] = {}
    for path in sidecars:
        parts = path.stem.casefold().split(".")
        for count in range(1, len(parts) + 1):
            called.setdefault((path.parent, ".".join(parts[:count])), []).append(path)
    pairs = (
        (path, one, marks_of(one, path.stem)) for path in media for one in called.get((path.parent, path.stem.casefold()), ())
    )
    found: dict[Path, tuple[tuple[Path, SidecarMarks], ...]] = {}
    for path, one, marks in pairs:
        if marks is not None:
            found[path] = (*found.get(path, ()), (one, marks))
    return found


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
    suffix = path.suffix.lower()
    if (irregular := _irregular(path)) is not None or suffix in MEDIA:
        return irregular
    if path.name == TABLE:
        return f"only the {TABLE} at the top of the folder is read"
    return "subtitles of no source: none is called as they are" if suffix in SUFFIXES else _looked_into(path)


def _irregular(path: Path) -> str | None:
    try:
        return None if stat.S_ISREG(path.stat().st_mode) else "not a regular file"
    except FileNotFoundError:
        return "a link to nothing"
    except OSError as error:
        if error.errno == errno.ELOOP:
            return "a link to itself"
        _refuse(error)
        raise


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
    if not _may_be_media(first):
        return "it does not begin as a moving picture or sound does"
    return None if holds_media(path) else "ffprobe finds neither a moving picture nor sound in it"


def _may_be_media(first: bytes) -> bool:
    if first[4:8] in _BOXES:
        return first[8:12] not in _BRANDS
    if any(first[at : at + 1] == b"G" == first[at + size : at + size + 1] for at, size in _PACKETS):
        return True
    # The frames of MPEG sound without a container: eleven bits that are set; some reserved values are none.
    sound = first[:1] == b"\xff" and len(first) > 3 and first[1] & 0xE0 == 0xE0 and first[:2] not in (b"\xff\xfe", b"\xff\xff")
    return sound or first.startswith((*_MAGIC, b"RIFF", b"RF64"))


def _is_text(first: bytes) -> bool:
    if b"\0" in first:
        return False
    try:
        first.decode("utf-8")
    except UnicodeDecodeError as error:
        return len(first) == _FIRST and error.start >= _FIRST - 3
    return True
