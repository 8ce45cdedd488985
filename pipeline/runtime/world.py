"""What the world does to a build that is no bug of it: a disk that is full, a folder that is closed or gone."""

from __future__ import annotations

import errno
import shutil
from pathlib import Path

from schemas.errors import TransientError

WORLD = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO, errno.ESTALE, errno.ENOTCONN, errno.ENODEV}
)
"""What makes writing fail without a bug."""
_FULL = (errno.ENOSPC, errno.EDQUOT)


def of_the_world(error: BaseException | None) -> TransientError | None:
    """Return what an error says in words where the world made it, None where it is a bug."""
    if not isinstance(error, OSError) or error.errno not in WORLD:
        return None
    place = error.filename or "a file that was to be written"
    return TransientError(f"{place}: {error.strerror}{_free(error.filename) if error.errno in _FULL else ''}")


def _free(place: object) -> str:
    """Return how much room is left where a file was to be written."""
    if not isinstance(place, str):
        return ""
    folder = next((folder for folder in (Path(place), *Path(place).parents) if folder.is_dir()), None)
    return f" ({shutil.disk_usage(folder).free / 1e6:.0f} MB are free there)" if folder is not None else ""
