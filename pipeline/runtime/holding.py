"""Who works in a folder: one at a time, or several who share it; known by name to whoever finds it taken."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from schemas.errors import TransientError

LOCK = ".lock"
_UNKNOWN = (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL)
"""What a file system says that knows no locks."""


@contextmanager
def holding(folder: Path, what: str, *, shared: bool = False) -> Iterator[None]:
    """Hold a folder until the end of the block; several may who share it.

    The lock is the system's own (`flock`, which Linux passes on over NFS): it ends with its process, however that ends, so that
    none is stale. Where a file system knows no locks, nobody is kept out.

    Raises:
        TransientError: somebody else holds it; the message says who, and since when.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK).open("a+b") as file:
        try:
            fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in _UNKNOWN:
                yield
                return
            if error.errno not in (errno.EWOULDBLOCK, errno.EACCES):
                raise
            raise TransientError(f"{folder} is in use by {_holder(file)}; run this again when that has ended") from None
        _sign(file, what)
        yield


def _sign(file: IO[bytes], what: str) -> None:
    about = {
        "what": what,
        "host": socket.gethostname(),
        "process": os.getpid(),
        "since": f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC",
    }
    file.seek(0)
    file.truncate()
    file.write(json.dumps(about).encode())
    file.flush()


def _holder(file: IO[bytes]) -> str:
    try:
        file.seek(0)
        about: dict[str, Any] = json.loads(file.read())
        return "{what}, process {process} on {host}, since {since}".format(**about)
    except (OSError, ValueError, LookupError, TypeError):
        return "somebody else"
