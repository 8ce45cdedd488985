"""A DoFn that works on several elements at once.

Beam's local runner gives each worker thread a fixed share of the elements before it starts, so one long video holds up a
whole share. Here the runner has one thread, and work goes to one pool of `workers` threads per process that all steps share:
while one source is still being listened to, clips of another are already cut and looked at. A step that waits more than it works
(for answers over the network) has a pool of its own, so that it holds up no other.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future
from typing import Any

import apache_beam as beam
from apache_beam.metrics import Metrics
from apache_beam.pvalue import TaggedOutput
from apache_beam.transforms.window import GlobalWindow
from apache_beam.utils.windowed_value import WindowedValue

from pipeline.runtime.context import RunContext
from schemas.record import DeadLetter, Unused
from schemas.versions.accounts import SourceExtent

DEAD = "dead"
COUNTS = "affectory"
"""The namespace of what workers count, among Beam's metrics."""


class ConcurrentDoFn(beam.DoFn):  # type: ignore[misc]
    """Runs `work` on up to `workers` elements at once, or `work_all` on batches; dead letters leave by the output `dead`.

    What the process counts meanwhile becomes counters of Beam, which come back from every worker of every runner.
    """

    def __init__(self, context: RunContext, workers: int | None = None, pool: str = "", batch: int = 1) -> None:
        self.context, self.workers, self.pool, self.batch = context, workers or context.workers, pool, batch

    def setup(self) -> None:
        """Hold on to what the process holds for the run, for as long as the step lives."""
        self._process = self.context.process

    def work(self, element: Any) -> Iterable[Any]:
        """Return what becomes of one element; what only the ledger is told goes to the output `dead`."""
        raise NotImplementedError

    def work_all(self, elements: Sequence[Any]) -> Iterable[Any]:
        """Return what becomes of up to `batch` elements; in order, unless overridden, what becomes of each."""
        for element in elements:
            yield from self.work(element)

    def start_bundle(self) -> None:
        """Begin with nothing under way."""
        self._under_way: deque[Future[list[Any]]] = deque()
        self._gathered: list[Any] = []
        self._threads = self.context.process.pool(self.pool, self.workers)

    def process(self, element: Any) -> Iterator[Any]:
        """Hand the element to the pool, and pass on what is done."""
        self._gathered.append(element)
        if len(self._gathered) >= self.batch:
            self._submit()
        while self._under_way and (self._under_way[0].done() or len(self._under_way) > 2 * self.workers):
            yield from map(_tagged, self._under_way.popleft().result())

    def finish_bundle(self) -> Iterator[Any]:
        """Pass on the rest."""
        if self._gathered:
            self._submit()
        while self._under_way:
            for out in map(_tagged, self._under_way.popleft().result()):
                windowed = WindowedValue(getattr(out, "value", out), GlobalWindow().max_timestamp(), [GlobalWindow()])
                yield TaggedOutput(DEAD, windowed) if isinstance(out, TaggedOutput) else windowed
        for name, n in self.context.counts.take().items():
            Metrics.counter(COUNTS, name).inc(n)

    def _submit(self) -> None:
        gathered, self._gathered = self._gathered, []
        self._under_way.append(self._threads.submit(lambda: list(self.work_all(gathered))))


def _tagged(out: Any) -> Any:
    return TaggedOutput(DEAD, out) if isinstance(out, DeadLetter | Unused | SourceExtent) else out
