"""One pull: afterwards the answers here are those that the server holds.

What a person has deleted or skipped on the server is taken back here: its file moves to `retracted`, so that nothing is lost.
A task or a project that the server no longer has is another matter: an administrator has tidied up, or restored a backup; nobody
has withdrawn anything. Such answers are kept, and named at every pull; who does not want them deletes their files.

Deleting an annotation changes the time at which its task was changed, so that a pull sees it as it sees a new one. What leaves no
such trace (tasks deleted, a database changed by hand) shows in the project's number of annotations, which each pull compares.
What was deleted while nothing was remembered (the file of `label_studio.pulled` was lost) is not noticed: then nobody knows which
task an answer here was given to, and it stays.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from label_studio.project.answers import ANSWERS, Answer, answer_id, load_answers, read_answer, retract, write_answer
from label_studio.project.queue import ASKED, projects
from label_studio.server.client import LabelStudioClient, task_filter
from label_studio.sync.pulled import PULLED, Pulled, Unread, remember, remembered
from schemas.atomic import write_atomic
from schemas.errors import ItemError
from schemas.provenance import digest

SALT = "salt"
OVERLAP = timedelta(seconds=60)
"""How far a pull looks back behind the last one: what the server stamped earlier and stored later."""
_FIELDS = "id,data,annotations,completed_by,result,lead_time,was_cancelled,created_at,updated_at"
"""Of tasks and of their annotations: the server takes names of both in one list."""
_COUNTS = ("total_annotations_number", "skipped_annotations_number")
_STAMP = "%Y-%m-%dT%H:%M:%S.%fZ"
_ANSWERED, _UNANSWERED = (task_filter("annotations_ids", "empty", "List", empty) for empty in (False, True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Came:
    """What one pull brought."""

    new: int
    changed: int
    back: tuple[Answer, ...]
    """Taken back by who gave them."""
    kept: tuple[Answer, ...]
    """Those of tasks that the server no longer has."""
    unread: Mapping[int, Unread]


def pull(client: LabelStudioClient, folder: Path) -> Came:
    """Write each answer that is new or changed to a file of its own, and take back what the server no longer holds.

    Killed and run again, it goes on: which annotations it knows is written before the answers, how far it came after them.
    """
    pulling = _Pulling(client, folder)
    ours = [project.number for project in projects(client)]
    pulling.lose_all_but(ours)
    for project in ours:
        pulling.bring(project)
    return pulling.came()


def identity(client: LabelStudioClient, folder: Path) -> str:
    """Return who a server is, whatever its address: 16 hex digits that tell nobody else which server or who its users are.

    A server that is made anew counts from 1 again, so it is told by the moment at which its organisation was made.
    """
    user = client.get("/api/current-user/whoami")
    mine = client.get(f"/api/organizations/{user['active_organization']}")
    return digest({"salt": salt(folder), "organisation": mine["id"], "made": mine["created_at"]}, 16)


def salt(folder: Path) -> str:
    """Return what makes the names that this folder gives to people and servers its own; made first where there is none."""
    place = folder / SALT
    if not place.exists():
        write_atomic(place, secrets.token_hex(16).encode())
        place.chmod(0o600)
    return place.read_text(encoding="ascii")


class _Pulling:
    """What is known at the beginning of a pull, and what becomes of it."""

    def __init__(self, client: LabelStudioClient, folder: Path) -> None:
        self._client, self._folder = client, folder
        self._server = identity(client, folder)
        self._place = folder / f"{PULLED}{self._server}.json"
        last = remembered(self._place)
        self._since, self._lost, self._unread = dict(last.since), dict(last.lost), dict(last.unread)
        self._seen = {project: dict(tasks) for project, tasks in last.seen.items()}
        self._answers = {answer.answer_id: answer for answer in load_answers(folder / ANSWERS)}
        self._new = self._changed = 0
        self._back: list[Answer] = []

    def came(self) -> Came:
        names = (answer_id(self._server, one) for task in sorted(self._lost) for one in self._lost[task])
        return Came(
            new=self._new,
            changed=self._changed,
            back=tuple(self._back),
            kept=tuple(self._answers[name] for name in names if name in self._answers),
            unread=dict(sorted(self._unread.items())),
        )

    def lose_all_but(self, ours: Iterable[int]) -> None:
        """Give up what was seen of the projects that are not there any more."""
        for project in self._seen.keys() - set(ours):
            for task in tuple(self._seen[project]):
                self._lose(project, task)
            del self._seen[project]
            self._since.pop(project, None)
        self._remember()

    def bring(self, project: int) -> None:
        """Make the answers to a project those that the server holds."""
        newest = self._client.newest(project, "updated_at")
        since = self._since.get(project)
        later = [task_filter("updated_at", "greater_or_equal", "Datetime", since)] if since else []
        tasks = list(self._client.tasks(project, _ANSWERED, *later, fields="all", include=_FIELDS))
        self._note(project, tasks)
        for task in tasks:
            self._take(project, task)
        if newest is not None:
            self._since[project] = (datetime.fromisoformat(str(newest)) - OVERLAP).strftime(_STAMP)
        # Where the numbers differ and nobody is at work, something has been missed: the next pull begins anew.
        if not self._complete(project, later) and self._client.newest(project, "updated_at") == newest:
            self._since.pop(project, None)
        self._remember()

    def _note(self, project: int, tasks: Iterable[Mapping[str, Any]]) -> None:
        """Remember which annotations there are before their answers are written: a pull that is killed leaves none unknown."""
        before = self._seen.get(project)
        noted = dict(before or {})
        for task in tasks:
            known = {*noted.get(task["id"], ()), *self._lost.pop(task["id"], ()), *_numbers(task)}
            noted[task["id"]] = tuple(sorted(known))
        self._seen[project] = noted
        if noted != before:
            self._remember()

    def _take(self, project: int, task: Mapping[str, Any]) -> None:
        for number in set(self._seen[project][task["id"]]) - set(_numbers(task)):
            self._retract(number)
        self._seen[project][task["id"]] = _numbers(task)
        for annotation in task["annotations"]:
            self._unread.pop(annotation["id"], None)
            try:
                self._write(read_answer(annotation, task["data"], self._server))
            except ItemError as error:
                self._leave(annotation, task, str(error))

    def _write(self, answer: Answer) -> None:
        old = self._answers.get(answer.answer_id)
        if old != answer:
            write_answer(self._folder / ANSWERS, answer)
            self._new += old is None
            self._changed += old is not None
            self._answers[answer.answer_id] = answer

    def _leave(self, annotation: Mapping[str, Any], task: Mapping[str, Any], reason: str) -> None:
        """List an annotation that is no answer; what it said before goes where the person has changed it since.

        Where only we have changed, or the server has forgotten who it was, the person has taken nothing back.
        """
        old = self._answers.get(answer_id(self._server, annotation["id"]))
        changed = datetime.fromisoformat(annotation["updated_at"] or annotation["created_at"]).replace(microsecond=0)
        if old is not None and (annotation["was_cancelled"] or changed > datetime.fromisoformat(old.submitted)):
            self._retract(annotation["id"])
        clip = str(task["data"].get("clip_id", "?"))
        self._unread[annotation["id"]] = Unread(task=task["id"], clip=clip, reason=reason)

    def _retract(self, number: int) -> None:
        self._unread.pop(number, None)
        answer = self._answers.pop(answer_id(self._server, number), None)
        if answer is not None:
            retract(self._folder, answer)
            self._back.append(answer)

    def _complete(self, project: int, later: Iterable[Mapping[str, Any]]) -> bool:
        """Find what is gone from the server, from the cheap to the dear; tell whether it holds as much now as we know."""
        if self._agrees(project):
            return True
        for emptied in self._client.tasks(project, _UNANSWERED, *later, include="id"):
            self._empty(project, emptied["id"])
        if self._agrees(project):
            return True
        answered = {task["id"] for task in self._client.tasks(project, _ANSWERED, include="id")}
        silent = sorted(self._seen[project].keys() - answered)
        there = self._there(project, silent)
        for task in silent:
            (self._empty if task in there else self._lose)(project, task)
        return self._agrees(project)

    def _agrees(self, project: int) -> bool:
        counts = self._client.get(f"/api/projects/{project}", include=",".join(_COUNTS))
        return sum(int(counts[name]) for name in _COUNTS) == sum(map(len, self._seen[project].values()))

    def _there(self, project: int, tasks: list[int]) -> set[int]:
        parts = (tasks[first : first + ASKED] for first in range(0, len(tasks), ASKED))
        found = (self._client.tasks(project, task_filter("id", "in_list", "List", part), include="id") for part in parts)
        return {task["id"] for some in found for task in some}

    def _empty(self, project: int, task: int) -> None:
        for number in self._seen[project].pop(task, ()):
            self._retract(number)

    def _lose(self, project: int, task: int) -> None:
        self._lost[task] = self._seen[project].pop(task)
        for number in self._lost[task]:
            self._unread.pop(number, None)

    def _remember(self) -> None:
        pulled = Pulled(since=self._since, seen=self._seen, lost=self._lost, unread=dict(sorted(self._unread.items())))
        remember(self._place, pulled)


def _numbers(task: Mapping[str, Any]) -> tuple[int, ...]:
    return tuple(sorted(annotation["id"] for annotation in task["annotations"]))
