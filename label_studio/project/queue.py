"""What lies on a server for people to do: a project per kind of task, each item in it exactly once."""

from __future__ import annotations

import re
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

from label_studio.project.clips import MediaHost
from label_studio.project.form import SPACE, form, form_hash
from label_studio.project.tasks import Task
from label_studio.server.client import LabelStudioClient, task_filter
from schemas.atomic import write_atomic
from schemas.errors import TransientError
from schemas.vocabulary.modalities import modalities

_BATCH, ASKED = 250, 125
"""Tasks in one request, and ids that are asked for in one."""
_SETTLE, _LOOK = 20.0, 0.5
"""Seconds for which a server may go on to store a batch whose sender is gone, and between two looks."""
_TITLES = {
    "conflict": "when {modalities} disagree",
    "ordinary": "clips",
    "adjudicate": "disputed clips",
    "prefer": "explanations",
}
LONGEST = 50
"""Characters of a title that the server takes."""
_MARK = re.compile(r"\[affectory (?P<kind>[a-z]+) (?P<form>[0-9a-f]{12})\]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A project of ours on a server."""

    number: int
    kind: str
    form: str
    annotators: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A batch that is on its way: it may or may not have been stored."""

    url: str
    project: int
    ids: tuple[str, ...]
    at: float
    """Seconds since 1970."""


_NOTE = TypeAdapter(Note)


def projects(client: LabelStudioClient) -> tuple[Project, ...]:
    """Return our projects on a server, oldest first, told by a mark in their description."""
    marked = (
        (project, mark) for project in client.pages("/api/projects") if (mark := _MARK.search(project["description"] or ""))
    )
    found = (
        Project(number=project["id"], kind=mark["kind"], form=mark["form"], annotators=project["maximum_annotations"])
        for project, mark in marked
    )
    return tuple(sorted(found, key=lambda one: one.number))


def title(kind: str, number: int = 1) -> str:
    """Return what the nth project of a kind is called."""
    *others, last = modalities()
    again = f" ({number})" if number > 1 else ""
    named = (_TITLES[kind].format(modalities=told) for told in (f"{', '.join(others)} and {last}", "modalities"))
    whole, short = (f"Affectory: {name}{again}" for name in named)
    return whole if len(whole) <= LONGEST else short


class Queue:
    """The items on a server. A batch is noted in `note` before it is sent, so that one whose answer is lost is looked for."""

    def __init__(self, client: LabelStudioClient, media: MediaHost, note: Path, annotators: int, space_name: str = SPACE) -> None:
        self._client, self._media, self._note = client, media, note
        self._annotators, self._space = annotators, space_name
        self._settle_old()
        self._projects = projects(client)
        self.there: dict[str, set[str]] = defaultdict(set)
        """Ids of what lies on the server, by kind."""
        for project in self._projects:
            self.there[project.kind] |= set(self._ids(project.number))

    def project(self, kind: str) -> int:
        """Return the number of the project of a kind and its present form, made first where there is none."""
        old = [one for one in self._projects if one.kind == kind]
        mine = next((one for one in old if one.form == form_hash(kind, self._space)), None)
        annotators = 1 if kind == "adjudicate" else self._annotators
        if mine is None:
            mine = self._make(kind, annotators, len(old) + 1)
            self._projects = (*self._projects, mine)
        elif mine.annotators != annotators:
            self._client.patch(f"/api/projects/{mine.number}", {"maximum_annotations": annotators})
        self._media.open(mine.number)
        return mine.number

    def send(self, kind: str, tasks: Sequence[Task]) -> int:
        """Send what is not there, in this order; return how many that were.

        Raises:
            TransientError: the server does not answer; what was under way is looked for the next time.
        """
        new = [task for task in tasks if str(task.data["affectory_id"]) not in self.there[kind]]
        project = self.project(kind) if new else 0
        for first in range(0, len(new), _BATCH):
            batch = {str(task.data["affectory_id"]): task for task in new[first : first + _BATCH]}
            self._deliver(project, batch)
            self.there[kind] |= batch.keys()
        if new:
            self._sweep(project)
        return len(new)

    def _make(self, kind: str, annotators: int, number: int) -> Project:
        mine = form_hash(kind, self._space)
        mark = f"[affectory {kind} {mine}]"
        body = {
            "title": title(kind, number),
            "description": mark,
            "label_config": form(kind, self._space),
            "maximum_annotations": annotators,
            "sampling": "Sequential sampling",
            "show_collab_predictions": False,
            "show_skip_button": False,
            "enable_empty_annotation": False,
        }
        made = self._client.post("/api/projects", body)
        return Project(number=made["id"], kind=kind, form=mine, annotators=annotators)

    def _deliver(self, project: int, batch: dict[str, Task]) -> None:
        left = dict(batch)
        while left:
            note = Note(url=self._client.url, project=project, ids=tuple(left), at=time.time())
            write_atomic(self._note, _NOTE.dump_json(note))
            try:
                body = [{"data": dict(task.data)} for task in left.values()]
                self._client.post(f"/api/projects/{project}/import", body)
                left = {}
            except TransientError:
                # Where the server is gone, this raises, and the note stays for the next time.
                stored = self._settled(note)
                if not stored:
                    raise
                left = {name: task for name, task in left.items() if name not in stored}
        self._note.unlink()

    def _settle_old(self) -> None:
        """Wait for what an earlier run sent and did not live to see stored."""
        if not self._note.exists():
            return
        note = _NOTE.validate_json(self._note.read_bytes())
        if note.url == self._client.url:
            self._settled(note)
            self._sweep(note.project)
            self._note.unlink()

    def _settled(self, note: Note) -> set[str]:
        """Return what has been stored of a batch, when all of it has been, or no more can come."""
        while True:
            late = time.time() - note.at > _SETTLE
            stored = {
                name
                for first in range(0, len(note.ids), ASKED)
                for name in self._ids(note.project, note.ids[first : first + ASKED])
            }
            if late or len(stored) == len(note.ids):
                return stored
            time.sleep(_LOOK)

    def _ids(self, project: int, only: Sequence[str] = ()) -> list[str]:
        return [name for name, _ in self._numbered(project, only)]

    def _numbered(self, project: int, only: Sequence[str] = ()) -> list[tuple[str, int]]:
        picked = [task_filter("data.affectory_id", "in_list", "String", list(only))] if only else []
        tasks = self._client.tasks(project, *picked, include="id,data")
        return [(task["data"]["affectory_id"], task["id"]) for task in tasks if "affectory_id" in task["data"]]

    def _sweep(self, project: int) -> None:
        """Remove copies that nobody has answered, whoever made them: the first of each item stays."""
        seen: set[str] = set()
        for name, number in self._numbered(project):
            if name not in seen:
                seen.add(name)
            elif not self._client.get(f"/api/tasks/{number}/annotations/"):
                self._client.delete(f"/api/tasks/{number}/")
