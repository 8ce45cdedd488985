"""Counts and seconds by step, for the progress line and the closing table. One meter per process."""

from __future__ import annotations

import shutil
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TextIO

CLIPS = "clips asked for"
WORKED = "worked"
LOST = "sources lost"


class Meter:
    """Thread-safe counters; seconds are summed over threads. Work on another machine does not show here."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.reset()

    def reset(self, per_source: Iterable[str] = ()) -> None:
        """Forget everything; steps named `per_source` work on sources, the others on clips."""
        with self._lock:
            self.per_source = frozenset(per_source)
            self.done: Counter[str] = Counter()
            self.seconds: defaultdict[str, float] = defaultdict(float)
            self.counts: Counter[str] = Counter()
            self.started = time.monotonic()

    def count(self, what: str, n: int = 1) -> None:
        """Add to a counter."""
        with self._lock:
            self.counts[what] += n

    @contextmanager
    def time(self, step: str) -> Iterator[None]:
        """Count one element of a step, and the seconds that it takes."""
        start = time.monotonic()
        try:
            yield
        finally:
            with self._lock:
                self.done[step] += 1
                self.seconds[step] += time.monotonic() - start

    def line(self, sources: int) -> str:
        """Return the progress in one line; with each step, the time that it still needs at its pace so far."""
        with self._lock:
            left, clips = sources - self.counts[LOST], self.counts[CLIPS]
            steps = [(step, done, left if step in self.per_source else clips) for step, done in self.done.items()]
            elapsed = time.monotonic() - self.started
        return f"{elapsed:4.0f} s  " + "  ".join(f"{step} {done}{_eta(done, total, elapsed)}" for step, done, total in steps)

    def table(self) -> str:
        """Return the seconds by step, summed over threads."""
        with self._lock:
            rows = [(step, self.done[step], self.counts[f"{step} {WORKED}"], self.seconds[step]) for step in self.done]
        lines = [f"{'step':<24}{'items':>8}{'worked':>8}{'seconds':>10}"]
        lines += [f"{step:<24}{done:>8}{worked or '':>8}{seconds:>10.1f}" for step, done, worked, seconds in rows]
        return "\n".join(lines) + "\n"


def _eta(done: int, total: int, elapsed: float) -> str:
    return f"/{total} (~{elapsed * (total - done) / done:.0f} s left)" if 0 < done < total else ""


METER = Meter()


@contextmanager
def progress(sources: int, stream: TextIO | None = None) -> Iterator[None]:
    """Write a progress line while the block runs: in place on a terminal, every half minute elsewhere."""
    out = stream or sys.stderr
    tty = out.isatty()
    over = threading.Event()

    def tell() -> None:
        while not over.wait(0.5 if tty else 30):
            width = shutil.get_terminal_size().columns - 1
            out.write(f"\r\x1b[K{METER.line(sources)[:width]}" if tty else METER.line(sources) + "\n")
            out.flush()

    teller = threading.Thread(target=tell, daemon=True, name="progress")
    teller.start()
    try:
        yield
    finally:
        over.set()
        teller.join()
        if tty:
            out.write("\r\x1b[K")
