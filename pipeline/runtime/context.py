"""Where the work of a build is done."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from annotators.store import WorkStore


@dataclass(frozen=True, slots=True, kw_only=True)
class RunContext:
    """Where work is done: nothing in here can change a claim."""

    work: Path
    device: str
    workers: int

    @property
    def store(self) -> WorkStore:
        """Return the work store."""
        return WorkStore(self.work)
