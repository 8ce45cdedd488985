"""Write a file whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

# What the process may give away to others by default; asking for it changes it, so it is asked once.
_MASK = os.umask(0)
os.umask(_MASK)


def write_atomic(place: Path, data: bytes) -> None:
    """Write a file so that it is there whole or not at all, also after a power cut."""
    place.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=place.parent, prefix=".")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o666 & ~_MASK)
        Path(name).replace(place)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
