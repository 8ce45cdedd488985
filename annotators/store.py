"""The work store: everything that a build has worked out, kept as it is done.

One file per answer, named by the hash of what it depends on (record content, author with configuration and models, required
fields), written beside its final name and renamed into place. Why plain files and not a database:

* rename is atomic on local disks and on the shared file systems of clusters (NFS, Lustre), where SQLite and LMDB break;
* any number of processes, workers and retries write at once without a lock: the same name always means the same answer;
* an edited plan changes the names of just what it changes, and an answer that comes out equal stops the change from spreading;
* a person can open, copy, delete or rsync it; deleting all of it costs time and nothing else.

Media (cuts, stills) lie beside it as blobs named by their own sha256. Failures are not kept: they are tried again.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from schemas.atomic import write_atomic
from schemas.errors import TransientError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class WorkStore:
    """Answers by name under `root`, a folder that all workers see."""

    root: Path

    def get(self, kind: str, key: str, adapter: TypeAdapter[T]) -> T | None:
        """Return the answer, or None where there is none, or one that a crash or a hand has damaged."""
        try:
            return adapter.validate_json(self._place(kind, key, "json").read_bytes())
        except (FileNotFoundError, ValidationError):
            return None

    def put(self, kind: str, key: str, value: T, adapter: TypeAdapter[T]) -> None:
        """Keep an answer; it is there whole or not at all."""
        self._write(self._place(kind, key, "json"), adapter.dump_json(value))

    def blob(self, data: bytes, suffix: str) -> str:
        """Keep a file by its content; return its path relative to `root`."""
        name = hashlib.sha256(data).hexdigest()
        place = self._place("blobs", name, suffix)
        if not place.exists():
            self._write(place, data)
        return place.relative_to(self.root).as_posix()

    def adopt(self, make: Callable[[Path], T], suffix: str) -> tuple[str, T]:
        """Let `make` write a file, keep it by its content; return its path relative to `root` and what `make` returned."""
        scratch = self.root / "scratch"
        scratch.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=scratch) as folder:
            made = Path(folder) / f"made.{suffix}"
            told = make(made)
            with made.open("rb") as file:
                place = self._place("blobs", hashlib.file_digest(file, "sha256").hexdigest(), suffix)
            place.parent.mkdir(parents=True, exist_ok=True)
            made.replace(place)
        return place.relative_to(self.root).as_posix(), told

    def _place(self, kind: str, key: str, suffix: str) -> Path:
        return self.root / kind / key[:2] / f"{key}.{suffix}"

    def _write(self, place: Path, data: bytes) -> None:
        try:
            write_atomic(place, data)
        except OSError as error:
            raise TransientError(f"cannot write to the work folder {self.root}: {error.strerror}") from error
