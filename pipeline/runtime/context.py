"""Where the work of a run is done, and what each process of it holds."""

from __future__ import annotations

import threading
import weakref
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from annotators.store import WorkStore
from pipeline.runtime.isolation import Isolation, WorkerLimits
from pipeline.runtime.loaded import LoadedModels
from pipeline.runtime.progress import RunCounts
from schemas.errors import UsageError

if TYPE_CHECKING:
    from apache_beam.utils.shared import Shared

HOPELESS = 20
"""Records on all of which an annotator has to fail before the build stops for it."""


class RunProcess:
    """What one process holds for one run: its counts, its annotators at work and its threads."""

    def __init__(self) -> None:
        self.counts = RunCounts()
        self.models = LoadedModels()
        """Of annotators that wait more than they work, and of all where none is isolated."""
        self._lock = threading.Lock()
        self._isolation: Isolation | None = None
        self._answered: set[str] = set()
        self._failed: Counter[str] = Counter()
        self._pools: dict[tuple[str, int], ThreadPoolExecutor] = {}

    def isolation(self, threads: int, limits: WorkerLimits) -> Isolation:
        """Return where annotators work apart from this process; it ends with the run."""
        with self._lock:
            if self._isolation is None:
                self._isolation = Isolation(threads, limits)
                weakref.finalize(self, self._isolation.close)
            return self._isolation

    def close(self) -> None:
        """End what works apart from this process."""
        if self._isolation is not None:
            self._isolation.close()

    def answered(self, annotator: str) -> None:
        """Note that an annotator can answer."""
        self._answered.add(annotator)

    def failed(self, annotator: str, reason: str) -> None:
        """Note that an annotator failed on a record as it must not.

        Raises:
            UsageError: it failed on all of the first `HOPELESS` records, so that asking about all others would be in vain.
        """
        with self._lock:
            self._failed[annotator] += 1
            hopeless = annotator not in self._answered and self._failed[annotator] >= HOPELESS
        if hopeless:
            raise UsageError(f"{annotator} failed on each of its first {HOPELESS} records; the last: {reason}")

    def pool(self, name: str, workers: int) -> ThreadPoolExecutor:
        """Return the threads of that name."""
        with self._lock:
            if (name, workers) not in self._pools:
                prefix = f"affectory {name}".strip()
                self._pools[name, workers] = ThreadPoolExecutor(max_workers=workers, thread_name_prefix=prefix)
            return self._pools[name, workers]


def _shared() -> Shared:
    from apache_beam.utils.shared import Shared  # noqa: PLC0415

    return Shared()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunContext:
    """Where work is done: nothing in here can change a claim."""

    work: Path
    device: str
    workers: int
    limits: WorkerLimits | None = None
    """What annotators may take, each process of the run having a child in which they work; None: they work in the process."""
    shared: Shared = field(default_factory=_shared, repr=False, compare=False)
    """Leads to the RunProcess of whatever process a step is sent to."""

    @property
    def store(self) -> WorkStore:
        """Return the work store."""
        return WorkStore(self.work)

    @property
    def process(self) -> RunProcess:
        """Return what this process holds for the run."""
        process: RunProcess = self.shared.acquire(RunProcess)
        return process

    @property
    def counts(self) -> RunCounts:
        """Return what this process counts."""
        return self.process.counts
