"""Counts and seconds by step: those of one process for the progress line, those of all workers for the closing table."""

from __future__ import annotations

import shutil
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TextIO

CLIPS = "clips asked for"
LOST = "sources lost"
_DONE, _WORKED, _MICRO = "done ", "worked ", "microseconds "


class RunCounts:
    """Thread-safe whole numbers by name, as they are counted in one process; seconds are summed over threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counted: Counter[str] = Counter()
        self._taken: Counter[str] = Counter()

    def add(self, counted: Mapping[str, int]) -> None:
        """Add to counters."""
        with self._lock:
            self._counted.update(counted)

    def worked(self, step: str) -> None:
        """Count one element that a step had no answer for in the work store."""
        self.add({_WORKED + step: 1})

    @contextmanager
    def time(self, step: str, elements: int = 1) -> Iterator[None]:
        """Count elements of a step, and the seconds that they take."""
        start = time.monotonic()
        try:
            yield
        finally:
            self.add({_DONE + step: elements, _MICRO + step: round(1e6 * (time.monotonic() - start))})

    @property
    def counted(self) -> Mapping[str, int]:
        """Return all counters."""
        with self._lock:
            return dict(self._counted)

    def take(self) -> Mapping[str, int]:
        """Return what came to each counter since this was last called."""
        with self._lock:
            fresh = self._counted - self._taken
            self._taken = self._counted.copy()
            return fresh


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """The steps of a run, in the order of the data's way."""

    order: Sequence[str]
    per_source: frozenset[str]
    """Those that work on sources; the others work on clips."""

    def begun(self, counted: Mapping[str, int]) -> list[str]:
        """Return the steps that counters speak of."""
        return [step for step in self.order if _DONE + step in counted]

    def line(self, counted: Mapping[str, int], sources: int, elapsed: float) -> str:
        """Return the progress in one line; with each step, the time that it still needs at its pace so far.

        `sources` is how many there are; `elapsed` is in seconds.
        """
        left, clips = sources - counted.get(LOST, 0), counted.get(CLIPS, 0)
        told = [(step, counted[_DONE + step], left if step in self.per_source else clips) for step in self.begun(counted)]
        return f"{elapsed:4.0f} s  " + "  ".join(f"{step} {done}{_eta(done, total, elapsed)}" for step, done, total in told)

    def table(self, counted: Mapping[str, int]) -> str:
        """Return the seconds by step, summed over threads and workers."""
        lines = [f"{'step':<24}{'items':>8}{'worked':>8}{'seconds':>10}"]
        for step in self.begun(counted):
            done, worked, seconds = counted[_DONE + step], counted.get(_WORKED + step, 0), counted.get(_MICRO + step, 0) / 1e6
            lines.append(f"{step:<24}{done:>8}{worked or '':>8}{seconds:>10.1f}")
        return "\n".join(lines) + "\n"


def _eta(done: int, total: int, elapsed: float) -> str:
    return f"/{total} (~{elapsed * (total - done) / done:.0f} s left)" if 0 < done < total else ""


@contextmanager
def progress(line: Callable[[float], str], stream: TextIO | None = None) -> Iterator[None]:
    """Write a progress line while the block runs: in place on a terminal, every half minute elsewhere.

    `line` makes it from the seconds since the beginning.
    """
    out = stream or sys.stderr
    tty, started = out.isatty(), time.monotonic()
    over = threading.Event()

    def tell() -> None:
        while not over.wait(0.5 if tty else 30):
            told = line(time.monotonic() - started)
            out.write(f"\r\x1b[K{told[: shutil.get_terminal_size().columns - 1]}" if tty else told + "\n")
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
