"""Annotators at work in a process of their own: what crashes, hangs or eats the memory there costs one record, not the build.

All annotators that compute work in one child of each process of the run, on as many threads as the run has workers, with one
model for all where it can be shared. When the child ends before its time, a fresh one takes its place, and whatever was in work
is asked again, each alone in a child of its own: the record that ends that one, too, is to blame.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import pickle
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from annotators.annotator import Annotator
from annotators.media.processes import CRASHES, signal_name
from pipeline.runtime.worker import BEGUN, PROGRAM, RAISED, Raised
from schemas.errors import AffectoryError, BugError, StoppedError
from schemas.record import Record

LOAD_SECONDS = 900.0
"""The longest that a model takes to come into memory."""
_LOOK_SECONDS = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerLimits:
    """What annotators may take before they are ended."""

    memory: int
    """Bytes, of a child and its own children together."""
    patience: float = 1.0
    """Factor on every annotator's own time limit."""


class GoneError(Exception):
    """The child ended while it worked."""

    def __init__(self, how: str, *, bug: bool) -> None:
        super().__init__(how)
        self.how = how
        """What became of it, as the end of a sentence that begins with the annotator's name."""
        self.bug = bug
        """Whether what it did is to blame, and not the system."""


class ShortError(Exception):
    """Memory ran out, and the child lives: fewer records at a time may do."""


class ClosedError(AffectoryError):
    """The run is over, and nothing is asked any more."""


@dataclass(slots=True)
class _Call:
    begun: threading.Event = field(default_factory=threading.Event)
    answer: queue.SimpleQueue[tuple[str, Any] | GoneError] = field(default_factory=queue.SimpleQueue)


class Worker:
    """One child process."""

    def __init__(self, threads: int, limits: WorkerLimits) -> None:
        self._limits = limits
        self._calls: dict[int, _Call] = {}
        self._numbers = itertools.count()
        self._lock = threading.Lock()
        self._why: GoneError | None = None
        self._gone: GoneError | None = None
        started = threading.Event()
        # A child that shall end with us ends with the thread that began it: so that thread stays.
        threading.Thread(target=self._live, args=(threads, started), daemon=True, name="worker").start()
        started.wait()

    @property
    def alive(self) -> bool:
        """Tell whether it can be asked."""
        return self._gone is None

    def ask(self, annotator: Annotator[Any, Any], records: Sequence[Record], device: str) -> tuple[str, Any]:
        """Return whether it said or raised, and what.

        Raises:
            GoneError: the child ended before it answered.
        """
        call, number = _Call(), next(self._numbers)
        request = pickle.dumps((annotator, records, device))
        with self._lock:
            if self._gone is not None:
                raise self._gone
            self._calls[number] = call
        with contextlib.suppress(OSError):  # the child is gone, which its own thread will tell
            self._send((number, request))
        limit = sum(annotator.time_limit(record) for record in records) * self._limits.patience
        if not call.begun.wait(LOAD_SECONDS):
            self.end(GoneError(f"was not in memory after {LOAD_SECONDS:.0f} s", bug=True))
        try:
            answer = call.answer.get(timeout=limit)
        except queue.Empty:
            self.end(GoneError(f"gave no answer within {limit:.0f} s", bug=True))
            answer = call.answer.get()
        if isinstance(answer, GoneError):
            raise answer
        return answer

    def end(self, why: GoneError) -> None:
        """Kill the child and its own children."""
        with self._lock:
            self._why = self._why or why
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._child.pid, signal.SIGKILL)

    def _live(self, threads: int, started: threading.Event) -> None:
        ours, theirs = socket.socketpair()
        path = os.pathsep.join(entry or str(Path.cwd()) for entry in sys.path)
        self._child = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(theirs.fileno()), str(threads)],
            stdin=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
            env={**os.environ, "PYTHONPATH": path},
            start_new_session=True,
        )
        theirs.close()
        connection, sending = Connection(ours.detach()), threading.Lock()

        def send(what: object) -> None:
            with sending:
                connection.send(what)

        self._send: Callable[[object], None] = send
        started.set()
        watching = threading.Thread(target=self._watch, daemon=True, name="memory")
        watching.start()
        with contextlib.suppress(EOFError, OSError):
            while True:
                self._hear(*connection.recv())
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._child.pid, signal.SIGKILL)  # what it began must not outlive it
        status = self._child.wait()
        connection.close()
        with self._lock:
            self._gone = self._why or _ended(status)
            left, self._calls = self._calls, {}
        for call in left.values():
            call.answer.put(self._gone)
            call.begun.set()

    def _hear(self, number: int, kind: str, data: bytes) -> None:
        with self._lock:
            call = self._calls[number] if kind == BEGUN else self._calls.pop(number)
        if kind != BEGUN:
            try:
                call.answer.put((kind, pickle.loads(data)))  # noqa: S301 - of our own process
            except Exception as error:  # noqa: BLE001 - an answer that cannot be read is of one record
                call.answer.put((RAISED, (Raised.of(error), {})))
        call.begun.set()

    def _watch(self) -> None:
        """End the child when it and its own children hold more memory than they may."""
        while self._child.poll() is None and self._gone is None:
            if held_bytes(self._child.pid) > self._limits.memory:
                self.end(GoneError(f"took more than {self._limits.memory / 1e9:.1f} GB of memory", bug=True))
            time.sleep(_LOOK_SECONDS)


def _ended(status: int) -> GoneError:
    """Return what the exit status of a child means: an exit or crash is its own, a signal from outside the world's."""
    if status >= 0:
        return GoneError(f"ended its process (exit status {status})", bug=True)
    name = signal_name(-status)
    if name in CRASHES:
        return GoneError(f"crashed its process ({name})", bug=True)
    return GoneError(f"was ended by the system ({name}), as where memory runs out", bug=False)


class Isolation:
    """Asks annotators in a child; what ends the child is found out, and everything else is answered."""

    def __init__(self, threads: int, limits: WorkerLimits) -> None:
        self._threads, self._limits = threads, limits
        self._lock, self._alone = threading.Lock(), threading.Lock()
        self._workers: set[Worker] = set()
        self._worker: Worker | None = None
        self._closed = False

    def ask(self, annotator: Annotator[Any, Any], records: Sequence[Record], device: str) -> tuple[Any, Mapping[str, int]]:
        """Return what an annotator says of records, not yet looked at, and what it used.

        Raises:
            AffectoryError: what the annotator raises of its own accord.
            BugError: it crashes, hangs or takes too much memory, and does so again alone; or it raises anything else.
            ShortError: memory ran out.
            StoppedError: the system ended it, and did so again.
        """
        try:
            kind, told = self._common().ask(annotator, records, device)
        except GoneError:
            kind, told = self._ask_alone(annotator, records, device)
        if kind != RAISED:
            return told[0], told[1]
        raised, used = told
        error = raised_error(annotator, raised)
        error.usage = used  # type: ignore[attr-defined]
        raise error

    def close(self) -> None:
        """End all children; whoever waits for an answer gets a ClosedError."""
        with self._lock:
            self._closed = True
            workers = tuple(self._workers)
        for worker in workers:
            worker.end(GoneError("was stopped", bug=False))

    def _ask_alone(self, annotator: Annotator[Any, Any], records: Sequence[Record], device: str) -> tuple[str, Any]:
        with self._alone, self._fresh(1) as worker:
            try:
                return worker.ask(annotator, records, device)
            except GoneError as gone:
                if self._closed:
                    raise ClosedError("the run is over") from None
                if gone.bug:
                    raise BugError(f"{annotator.name} {gone.how}", certain=True) from None
                raise StoppedError(f"{annotator.name} {gone.how}") from None

    def _common(self) -> Worker:
        with self._lock:
            if self._worker is None or not self._worker.alive:
                self._worker = self._began(self._threads)
            return self._worker

    @contextlib.contextmanager
    def _fresh(self, threads: int) -> Iterator[Worker]:
        with self._lock:
            worker = self._began(threads)
        try:
            yield worker
        finally:
            worker.end(GoneError("was stopped", bug=False))
            self._workers.discard(worker)

    def _began(self, threads: int) -> Worker:
        if self._closed:
            raise ClosedError("the run is over")
        self._workers = {worker for worker in self._workers if worker.alive}
        worker = Worker(threads, self._limits)
        self._workers.add(worker)
        return worker


def raised_error(annotator: Annotator[Any, Any], raised: Raised) -> Exception:
    """Return what to raise for what an annotator raised."""
    if raised.error is not None:
        return raised.error
    if raised.short:
        return ShortError(f"{annotator.name}: {raised.says}")
    return BugError(f"{annotator.name} raised {raised.says}", trace=raised.trace)


def held_bytes(pid: int) -> int:
    """Return the bytes in memory of a process and of those that it began; 0 where the system does not tell."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        begun = [child for task in Path(f"/proc/{pid}/task").iterdir() for child in (task / "children").read_text().split()]
    except (OSError, IndexError, ValueError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE") + sum(held_bytes(int(child)) for child in begun)


def memory_there() -> int:
    """Return the bytes that this machine has, or that the control group of this process may use."""
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    for place in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        with contextlib.suppress(OSError, ValueError):
            total = min(total, int(Path(place).read_text()))
    return total
