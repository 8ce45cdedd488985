"""A DoFn that works on several elements at once.

Beam's local runner gives each worker thread a fixed share of the elements before it starts, so one long video holds up a
whole share. Here the runner has one thread, and work goes to one pool of `workers` threads per process that all steps share:
while one source is still being listened to, clips of another are already cut and looked at. A step that waits more than it works
(for answers over the network) has a pool of its own, so that it holds up no other.
"""

from __future__ import annotations

from abc import abstractmethod
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from typing import Any

import apache_beam as beam
from apache_beam.pvalue import TaggedOutput
from apache_beam.transforms.window import GlobalWindow
from apache_beam.utils.windowed_value import WindowedValue

from schemas.record import DeadLetter

DEAD = "dead"


@cache
def _pool(name: str, workers: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=workers, thread_name_prefix=f"affectory {name}".strip())


class ConcurrentDoFn(beam.DoFn):  # type: ignore[misc]
    """Runs `work` on up to `workers` elements at once; dead letters leave by the output `dead`."""

    def __init__(self, workers: int, pool: str = "") -> None:
        self.workers, self.pool = workers, pool

    @abstractmethod
    def work(self, element: Any) -> Iterable[Any]:
        """Return what becomes of one element; a DeadLetter goes to the output `dead`."""

    def start_bundle(self) -> None:
        """Begin with nothing under way."""
        self._under_way: deque[Future[list[Any]]] = deque()

    def process(self, element: Any) -> Iterator[Any]:
        """Hand the element to the pool, and pass on what is done."""
        self._under_way.append(_pool(self.pool, self.workers).submit(lambda: list(self.work(element))))
        while self._under_way and (self._under_way[0].done() or len(self._under_way) > 2 * self.workers):
            yield from map(_tagged, self._under_way.popleft().result())

    def finish_bundle(self) -> Iterator[Any]:
        """Pass on the rest."""
        while self._under_way:
            for out in map(_tagged, self._under_way.popleft().result()):
                windowed = WindowedValue(getattr(out, "value", out), GlobalWindow().max_timestamp(), [GlobalWindow()])
                yield TaggedOutput(DEAD, windowed) if isinstance(out, TaggedOutput) else windowed


def _tagged(out: Any) -> Any:
    return TaggedOutput(DEAD, out) if isinstance(out, DeadLetter) else out
