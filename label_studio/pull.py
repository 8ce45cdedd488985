"""`python -m label_studio.pull --shards shards/`: what people answered, one file per answer, as far as it is new.

With `--every` it asks again and again; with `--wake` the server calls when it is time to. A call is a hint and nothing more: one
that is lost or forged changes when a pull happens, never what it brings.
"""

from __future__ import annotations

import argparse
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from label_studio.arguments import pull_arguments
from label_studio.command import connected, ended, server_lock, stoppable
from label_studio.project.answers import ANSWERS, RETRACTED
from label_studio.project.queue import projects
from label_studio.server.client import LabelStudioClient
from label_studio.sync.pulling import Came, pull, salt
from label_studio.sync.wake import Wake, place
from label_studio.sync.webhooks import Webhooks
from schemas.errors import AffectoryError, TransientError, UsageError
from schemas.provenance import digest

PROG = "label_studio.pull"
NAMED = 20
"""So many answers are named that are kept without their task."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status."""
    args = pull_arguments().parse_args(argv)
    return ended(PROG, lambda: _main(args))


def _main(args: argparse.Namespace) -> int:
    if args.every is not None and not 0 < args.every < threading.TIMEOUT_MAX:
        raise UsageError(f"--every {args.every:g}: more than 0 seconds")
    if args.wake is not None and args.every is None:
        raise UsageError("--wake: only with --every, which says how often to pull when nobody calls")
    if not args.shards.is_dir():
        raise UsageError(f"--shards {args.shards}: no such folder")
    connection = connected(args)
    with connection.client as client, server_lock(args.shards, "pull") as folder:
        if args.every is None:
            _tell(pull(client, folder), folder)
            return 0
        with stoppable(), _bell(args.wake, client, folder) as bell:
            while True:
                if bell is not None:
                    bell.ask()
                try:
                    _tell(pull(client, folder), folder)
                except TransientError as error:
                    _say(f"{error}; asking again in {args.every:g} s")
                sys.stdout.flush()
                (bell.wake.wait if bell is not None else time.sleep)(args.every)


class _Bell:
    """The server's promise to call us. Where it will not give it, this is said once, and pulls go on without."""

    def __init__(self, wake: Wake, webhooks: Webhooks, client: LabelStudioClient) -> None:
        self.wake, self._webhooks, self._client, self._refused = wake, webhooks, client, False

    def ask(self) -> None:
        """Ask for it, also for projects that are new. Before each pull, so that nothing comes unseen between the two."""
        try:
            self._webhooks.keep(project.number for project in projects(self._client))
            self._refused = False
        except AffectoryError as error:
            if not self._refused:
                _say(f"the server will not call {self.wake.address}, so it is asked as often as --every says: {error}")
            self._refused = True

    def release(self) -> None:
        """Give it back."""
        try:
            self._webhooks.remove()
        except AffectoryError as error:
            if not self._refused:
                _say(f"the server may go on to call {self.wake.address} until the next pull with --wake: {error}")


@contextmanager
def _bell(at: str | None, client: LabelStudioClient, folder: Path) -> Iterator[_Bell | None]:
    if at is None:
        yield None
        return
    wake = Wake(*place(at))
    owner = digest({"salt": salt(folder), "for": "webhooks"}, 16)
    bell = _Bell(wake, Webhooks(client, owner, wake.address, wake.token), client)
    try:
        yield bell
    finally:
        bell.release()
        wake.close()


def _say(what: str) -> None:
    sys.stderr.write(f"{PROG}: {what}\n")


def _tell(came: Came, folder: Path) -> None:
    counts = f"{came.new} new answers, {came.changed} changed, {len(came.back)} taken back"
    sys.stdout.write(f"{counts}; all are in {folder / ANSWERS}\n")
    for answer in came.back:
        sys.stdout.write(f"  taken back, now in {folder / RETRACTED}: answer {answer.answer_id}, clip {answer.clip_id}\n")
    for answer in came.kept[:NAMED]:
        sys.stdout.write(f"  kept, the server no longer has the task: answer {answer.answer_id}, clip {answer.clip_id}\n")
    if len(came.kept) > NAMED:
        sys.stdout.write(f"  and {len(came.kept) - NAMED} more are kept without their task\n")
    for number, one in came.unread.items():
        sys.stdout.write(f"  not read: annotation {number} of task {one.task}, clip {one.clip}: {one.reason}\n")


if __name__ == "__main__":
    sys.exit(main())
