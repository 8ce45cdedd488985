"""`python -m label_studio.pull --shards shards/`: what people answered, one file per answer, as far as it is new."""

from __future__ import annotations

import argparse
import secrets
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from label_studio.answers import ANSWERS, Answer, load, read, write
from label_studio.client import Client, Missing, where
from label_studio.command import alone, arguments, connected, ended
from label_studio.queue import Project, projects
from schemas.errors import ItemError, UsageError
from schemas.provenance import digest
from schemas.whole import write_whole

SALT, PULLED = "salt", ".pulled-"
OVERLAP = timedelta(seconds=60)
"""How far a pull looks back behind the last one: what the server stamped earlier and stored later."""
_FIELDS = "id,data,annotations,completed_by,result,lead_time,was_cancelled,created_at,updated_at"
"""Of tasks and of their annotations: the server takes names of both in one list."""
_STAMP = "%Y-%m-%dT%H:%M:%S.%fZ"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """An annotation that is no answer, and why."""

    task: int
    clip: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulled:
    """How far the answers of a server have been pulled."""

    since: dict[int, str] = field(default_factory=dict)
    """By project: changes before this time, in the server's clock, are known."""
    unread: dict[int, Unread] = field(default_factory=dict)
    """By number of the annotation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Came:
    """What one pull brought."""

    new: int
    changed: int
    unread: Mapping[int, Unread]


_PULLED = TypeAdapter(Pulled)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status."""
    parser = arguments("label_studio.pull", "Bring what people answered to the versions.")
    parser.add_argument("--every", type=float, metavar="SECONDS", help="go on pulling so often, until stopped")
    args = parser.parse_args(argv)
    return ended("label_studio.pull", lambda: _main(args))


def _main(args: argparse.Namespace) -> int:
    if args.every is not None and args.every <= 0:
        raise UsageError(f"--every {args.every:g}: more than 0 seconds")
    if not args.shards.is_dir():
        raise UsageError(f"--shards {args.shards}: no such folder")
    connection = connected(args)
    with connection.client, alone(args.shards, "pull") as folder:
        while True:
            came = pull(connection.client, folder)
            sys.stdout.write(f"{came.new} new answers, {came.changed} changed; all are in {folder / ANSWERS}\n")
            for number, one in came.unread.items():
                sys.stdout.write(f"  not read: annotation {number} of task {one.task}, clip {one.clip}: {one.reason}\n")
            if args.every is None:
                return 0
            sys.stdout.flush()
            time.sleep(args.every)


def pull(client: Client, folder: Path) -> Came:
    """Write each answer that is new or changed to a file of its own; what has been written is not written again.

    Killed and run again, it goes on: how far it came is written after the answers.
    """
    server = identity(client, folder)
    place = folder / f"{PULLED}{server}.json"
    pulled = _state(place)
    pulled = replace(pulled, unread={number: one for number, one in pulled.unread.items() if _exists(client, number)})
    known = {answer.answer_id: answer for answer in load(folder / ANSWERS)}
    new = changed = 0
    for project in projects(client):
        until = _latest(client, project)
        unread = dict(pulled.unread)
        for task in _changed(client, project, pulled.since.get(project.number)):
            unread = {number: one for number, one in unread.items() if one.task != task["id"]}
            found, wrong = _answers(task, server)
            unread |= wrong
            for answer in found:
                new += answer.answer_id not in known
                changed += answer.answer_id in known and known[answer.answer_id] != answer
                if known.get(answer.answer_id) != answer:
                    write(folder / ANSWERS, answer)
        since = pulled.since | ({project.number: until} if until else {})
        pulled = Pulled(since=since, unread=dict(sorted(unread.items())))
        write_whole(place, _PULLED.dump_json(pulled, indent=1))
    return Came(new=new, changed=changed, unread=pulled.unread)


def identity(client: Client, folder: Path) -> str:
    """Return who a server is, whatever its address: 16 hex digits that tell nobody else which server or who its users are.

    A server that is made anew counts from 1 again, so it is told by the moment at which its organisation was made.
    """
    user = client.get("/api/current-user/whoami")
    mine = client.get(f"/api/organizations/{user['active_organization']}")
    return digest({"salt": _salt(folder), "organisation": mine["id"], "made": mine["created_at"]}, 16)


def _salt(folder: Path) -> str:
    place = folder / SALT
    if not place.exists():
        write_whole(place, secrets.token_hex(16).encode())
        place.chmod(0o600)
    return place.read_text(encoding="ascii")


def _state(place: Path) -> Pulled:
    try:
        return _PULLED.validate_json(place.read_bytes())
    except FileNotFoundError:
        return Pulled()
    except ValidationError as error:
        raise UsageError(f"{place} is damaged; delete it, and all answers are pulled again, each once") from error


def _latest(client: Client, project: Project) -> str | None:
    """Return a moment before which nothing can change any more, None where the project is empty."""
    newest = client.newest(project.number, "updated_at")
    if newest is None:
        return None
    return (datetime.fromisoformat(str(newest)) - OVERLAP).strftime(_STAMP)


def _changed(client: Client, project: Project, since: str | None) -> Iterator[Mapping[str, Any]]:
    answered = where("annotations_ids", "empty", "List", False)
    later = [where("updated_at", "greater_or_equal", "Datetime", since)] if since else []
    return client.tasks(project.number, answered, *later, fields="all", include=_FIELDS)


def _exists(client: Client, annotation: int) -> bool:
    try:
        client.get(f"/api/annotations/{annotation}/")
    except Missing:
        return False
    return True


def _answers(task: Mapping[str, Any], server: str) -> tuple[list[Answer], dict[int, Unread]]:
    found, wrong = [], {}
    for annotation in task["annotations"]:
        try:
            found.append(read(annotation, task["data"], server))
        except ItemError as error:
            clip = str(task["data"].get("clip_id", "?"))
            wrong[int(annotation["id"])] = Unread(task=task["id"], clip=clip, reason=str(error))
    return found, wrong


if __name__ == "__main__":
    sys.exit(main())
