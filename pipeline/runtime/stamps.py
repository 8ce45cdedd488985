"""Files as they were before they were read: what changes during a build is not believed."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from annotators.media.processes import called
from schemas.errors import ItemError
from schemas.record import Stamp


def unchanged(stamps: Iterable[Stamp]) -> None:
    """See that files are still those that were hashed: what was read of another file must not be kept under the hash.

    Raises:
        ItemError: one of them is not.
    """
    for stamp in stamps:
        path = Path(stamp.path)
        try:
            now = stamp_of(path)
        except OSError as error:
            raise ItemError(f"{called(path)} cannot be read any more: {error.strerror}") from error
        if now != stamp:
            raise ItemError(f"{called(path)} was changed while it was read; run the same command again")


def stamp_of(path: Path) -> Stamp:
    """Return a file as it is now."""
    now = path.stat()
    return Stamp(path=str(path), size=now.st_size, changed=now.st_mtime_ns)
