"""Write a file, or a folder with all in it, whole or not at all."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

COMING = ".coming-"
"""What the name of a folder begins with that is on its way to a place beside it."""


def write_atomic(place: Path, data: bytes) -> None:
    """Write a file so that it is there whole or not at all, also after a power cut."""
    place.parent.mkdir(parents=True, exist_ok=True)
    made = place.parent / f".{secrets.token_hex(8)}"
    try:
        with open(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666), "wb") as file:  # noqa: PTH123 - of a handle
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        made.replace(place)
    except BaseException:
        made.unlink(missing_ok=True)
        raise


def move_whole(made: Path, place: Path) -> None:
    """Let a folder appear at a place with all that is in it, or not at all, also after a kill or a power cut.

    From another file system it is first copied beside the place; what a kill leaves of that, `left_behind` finds.

    Raises:
        FileExistsError: something is there already.
        OSError: it cannot be written; nothing is left beside the place.
    """
    place.parent.mkdir(parents=True, exist_ok=True)
    if os.path.lexists(place):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(place))
    if made.stat().st_dev == place.parent.stat().st_dev:
        _sync(made)
        made.rename(place)
    else:
        coming = place.parent / f"{COMING}{place.name}-{secrets.token_hex(8)}"
        try:
            _refuse_too_large(made, place.parent)
            shutil.copytree(made, coming, symlinks=True)
            _sync(coming)
            coming.rename(place)
        except BaseException:
            shutil.rmtree(coming, ignore_errors=True)
            raise
        shutil.rmtree(made, ignore_errors=True)
    _sync_folder(place.parent)


def left_behind(folder: Path) -> list[Path]:
    """Return what kills have left of folders on their way into this one."""
    return sorted(folder.glob(f"{COMING}*"))


def _refuse_too_large(made: Path, folder: Path) -> None:
    need, free = sum(file.stat().st_size for file in _files(made)), shutil.disk_usage(folder).free
    if need > free:
        what = f"{need / 1e6:.0f} MB are needed and {free / 1e6:.0f} MB are free: {(need - free) / 1e6:.0f} MB are missing"
        raise OSError(errno.ENOSPC, what, str(folder))


def _files(folder: Path) -> Iterator[Path]:
    return (file for file in folder.rglob("*") if file.is_file() and not file.is_symlink())


def _sync(folder: Path) -> None:
    """Write to the disk what a folder holds, before it gets the name by which it is known."""
    for file in _files(folder):
        with file.open("rb") as held:
            os.fsync(held.fileno())
    for one in (*(path for path in folder.rglob("*") if path.is_dir() and not path.is_symlink()), folder):
        _sync_folder(one)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.EBADF, errno.EROFS):  # some network file systems know no such thing
            raise
    finally:
        os.close(handle)
