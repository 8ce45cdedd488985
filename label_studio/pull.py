"""`python -m label_studio.pull --shards shards/`: what people answered, one file per answer, as far as it is new."""

from __future__ import annotations

import argparse
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from label_studio.answers import ANSWERS, RETRACTED
from label_studio.command import alone, arguments, connected, ended
from label_studio.pulling import Came, pull
from schemas.errors import UsageError

PROG = "label_studio.pull"
NAMED = 20
"""So many answers are named that are kept without their task."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status."""
    parser = arguments(PROG, "Bring what people answered to the versions.")
    parser.add_argument("--every", type=float, metavar="SECONDS", help="go on pulling so often, until stopped")
    args = parser.parse_args(argv)
    return ended(PROG, lambda: _main(args))


def _main(args: argparse.Namespace) -> int:
    if args.every is not None and not 0 < args.every < threading.TIMEOUT_MAX:
        raise UsageError(f"--every {args.every:g}: more than 0 seconds")
    if not args.shards.is_dir():
        raise UsageError(f"--shards {args.shards}: no such folder")
    connection = connected(args)
    with connection.client as client, alone(args.shards, "pull") as folder:
        if args.every is None:
            _tell(pull(client, folder), folder)
            return 0
        while True:
            _tell(pull(client, folder), folder)
            sys.stdout.flush()
            time.sleep(args.every)


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
