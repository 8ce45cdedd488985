"""Where the work of a run is done, and what each process of it holds."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from annotators.annotator import Annotator
from annotators.store import WorkStore
from pipeline.runtime.progress import RunCounts

if TYPE_CHECKING:
    from apache_beam.utils.shared import Shared


class RunProcess:
    """What one process holds for one run: its counts, its loaded models and its threads."""

    def __init__(self) -> None:
        self.counts = RunCounts()
        self._lock = threading.Lock()
        self._models: dict[tuple[object, ...], Any] = {}
        self._pools: dict[tuple[str, int], ThreadPoolExecutor] = {}

    def model(self, annotator: Annotator[Any, Any], device: str, load: Callable[[], Any]) -> Any:
        """Return the model of an annotator, loaded once in the process, or once in each thread where it is not shared."""
        mine: tuple[object, ...] = (annotator.key, device, None if annotator.shared else threading.get_ident())
        if mine not in self._models:
            with self._lock:
                if mine not in self._models:
                    self._models[mine] = load()
        return self._models[mine]

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
