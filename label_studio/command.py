"""What the commands have in common: how they end, and how they find the server."""

from __future__ import annotations

import argparse
import fcntl
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from label_studio.arguments import KEY, URL
from label_studio.project.answers import REVIEWS
from label_studio.server import accounts
from label_studio.server.client import LabelStudioClient, address
from schemas.errors import AffectoryError, UsageError

SERVER, CLIPS = "server", "files/clips"
"""In the folder of reviews: our own server; in that: what it shows to browsers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """A server that answers, and where its files lie if it is our own."""

    client: LabelStudioClient
    data: Path | None
    """Data folder of our own server on this machine; None for any other server."""


def ended(prog: str, work: Callable[[], int]) -> int:
    """Run a command; return its exit status."""
    try:
        return work()
    except UsageError as error:
        sys.stderr.write(f"{prog}: {error}\n")
        return 2
    except AffectoryError as error:
        sys.stderr.write(f"{prog}: {error}\nWhat is done is kept: the same command goes on from here.\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write(f"\n{prog}: stopped. What is done is kept: the same command goes on from here.\n")
        return 130


@contextmanager
def stoppable() -> Iterator[None]:
    """Let SIGTERM end a command as Ctrl-C does: by way of what it has to put away."""
    before = signal.signal(signal.SIGTERM, _stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def connected(args: argparse.Namespace) -> Connection:
    """Return the server that is meant.

    Raises:
        UsageError: none is named and none of ours runs, or there is no token for it.
    """
    data = own_folder(args.shards)
    own = accounts.load_server(data)
    url = args.url or os.environ.get(URL) or (own.url if own else "")
    if not url:
        raise UsageError(f"no server: start one with python -m label_studio.serve --shards {args.shards}, or set {URL} and {KEY}")
    if own is not None and own.url and address(url) == own.url:
        return Connection(client=LabelStudioClient(url, own.token), data=data)
    key = os.environ.get(KEY)
    if not key:
        raise UsageError(f"{url} needs a token: set {KEY}")
    return Connection(client=LabelStudioClient(url, key), data=None)


@contextmanager
def server_lock(shards: Path, does: str) -> Iterator[Path]:
    """Hold the folder of reviews for one command of this name at a time; yield it.

    Raises:
        UsageError: another one holds it.
    """
    folder = shards / REVIEWS
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f".{does}").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UsageError(f"another {does} of {shards} is under way") from error
        yield folder


def own_folder(shards: Path) -> Path:
    """Return where our own server keeps its things, unless told otherwise."""
    return shards.resolve() / REVIEWS / SERVER
