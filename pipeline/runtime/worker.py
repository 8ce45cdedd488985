"""The process in which annotators work, so that what ends it does not end the build: asked and answered over a socket.

A request is (number, pickled (annotator, records, device)); to each belong an answer `BEGUN` when the model is in memory, and one
of `SAID` with (claims, usage) or `RAISED` with what went wrong. The process ends with the one that started it.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import pickle
import signal
import sys
import threading
import traceback
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from pipeline.runtime.loaded import LoadedModels
from pipeline.runtime.patience import patiently
from schemas.errors import AffectoryError

PROGRAM = "import sys; from pipeline.runtime.worker import serve; serve(int(sys.argv[1]), int(sys.argv[2]))"
"""What the process runs, with the number of the socket and of threads behind it."""
BEGUN, SAID, RAISED = "begun", "said", "raised"
_SHORT = ("out of memory", "alloc_failed", "cannot allocate memory", "can't allocate memory")
_PR_SET_PDEATHSIG = 1
_KILLED_FIRST = b"500"


@dataclass(frozen=True, slots=True, kw_only=True)
class Raised:
    """What an annotator raised, in a form that every process can read."""

    error: AffectoryError | None
    """The error itself where it is one of ours."""
    short: bool
    """Whether memory ran out, the machine's or a GPU's."""
    says: str
    """In one line, with the place."""
    trace: str

    @classmethod
    def of(cls, error: BaseException) -> Raised:
        """Return an error so that it can be sent; its place is the last in the annotator's own files, by name only."""
        says = " ".join(f"{type(error).__name__}: {error}".split())[:500]
        short = isinstance(error, MemoryError) or any(sign in says.lower() for sign in _SHORT)
        frames = traceback.extract_tb(error.__traceback__)
        place = f" ({Path(frames[-1].filename).name}:{frames[-1].lineno})" if frames else ""
        ours = error if isinstance(error, AffectoryError) else None
        return cls(error=ours, short=short and ours is None, says=says + place, trace="".join(traceback.format_exception(error)))


def work(models: LoadedModels, annotator: Any, records: Sequence[Any], device: str, begun: Any) -> tuple[Any, Mapping[str, int]]:
    """Return what an annotator says of records, and what it used; `begun` is called when its model is in memory.

    What it used is on the `usage` of an error that it raises, too.
    """
    model = models.model(annotator, device, lambda: patiently(lambda: annotator.load(device)))
    begun()
    try:
        said = annotator.annotate(model, records)
    except BaseException as error:
        error.usage = annotator.usage(model)  # type: ignore[attr-defined]
        raise
    return said, annotator.usage(model)


def serve(socket: int, threads: int) -> None:
    """Answer until the other side is gone; never returns."""
    _end_with_parent()
    os.dup2(2, 1)  # what an annotator prints must not come between the lines of the build
    connection, sending = Connection(socket), threading.Lock()
    models, pool = LoadedModels(), ThreadPoolExecutor(threads, thread_name_prefix="annotate")

    def send(number: int, kind: str, told: Any = None) -> None:
        data = pickle.dumps(told)
        with sending:
            connection.send((number, kind, data))

    def answer(number: int, request: bytes) -> None:
        try:
            annotator, records, device = pickle.loads(request)  # noqa: S301 - of our own process
            send(number, SAID, work(models, annotator, records, device, lambda: send(number, BEGUN)))
        except (BrokenPipeError, ConnectionError):
            os._exit(1)
        except BaseException as error:  # noqa: BLE001 - whatever it is, it is of one record
            raised, used = Raised.of(error), getattr(error, "usage", {})
            try:
                send(number, RAISED, (raised, used))
            except (pickle.PicklingError, TypeError, AttributeError):  # an error of somebody's own that cannot be sent
                send(number, RAISED, (replace(raised, error=None), {}))

    with contextlib.suppress(EOFError, OSError):
        while True:
            pool.submit(answer, *connection.recv())
    os._exit(0)


def _end_with_parent() -> None:
    """See that this process outlives neither its parent nor a shortage of memory that it has made itself."""
    if not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_bytes(_KILLED_FIRST)
