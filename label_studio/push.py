"""`python -m label_studio.push --shards shards/`: what the machines could not decide becomes tasks for people."""

from __future__ import annotations

import argparse
import hashlib
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from label_studio.arguments import push_arguments
from label_studio.command import CLIPS, Connection, connected, ended, server_lock
from label_studio.consensus.adjudication import disputed
from label_studio.consensus.consensus import Consensus, ReviewSettings, fit_consensus
from label_studio.project import answers, clips, tasks
from label_studio.project.answers import ANSWERS, Answer
from label_studio.project.clips import Linked, Local, MediaHost, Uploaded
from label_studio.project.form import ADJUDICATE, CONFLICT, ORDINARY, PREFER, SPACE
from label_studio.project.queue import Queue
from schemas.errors import ItemError, UsageError
from schemas.record import Clip
from schemas.validate import validate
from schemas.versions.manifest import Manifest
from schemas.versions.rows import REVIEW, opened, pick_clips, read_clips

_ORDER = (CONFLICT, ORDINARY, ADJUDICATE, PREFER)
_ROWS = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedReviews:
    """What people are to be asked."""

    version: Path
    items: Mapping[str, float]
    """Clips to review and their priorities."""
    disputed: Mapping[str, tuple[Answer, ...]]
    """Clips that reviewers do not agree on, and what they answered."""
    preferences: bool
    """Whether pairs of rationales are to be compared too."""
    disagree: float
    """Divergence from which a clip is shown one modality at a time."""
    space: str = SPACE
    """Label space that people are asked about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushed:
    """What became of it."""

    items: int
    there: int
    sent: Mapping[str, int]
    """By kind."""
    unfit: tuple[tuple[str, str], ...]
    """Clip, and why it cannot be a task."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status."""
    args = push_arguments().parse_args(argv)
    return ended("label_studio.push", lambda: _main(args))


def _main(args: argparse.Namespace) -> int:
    if args.annotators is not None and args.annotators < 1:
        raise UsageError(f"--annotators {args.annotators}: at least 1")
    version, manifest = opened(args.shards, args.version)
    connection, settings = connected(args), review_settings(manifest)
    started = time.monotonic()
    with connection.client, server_lock(args.shards, "push") as folder:
        wanted = WantedReviews(
            version=version,
            items=review_items(version),
            disputed=_disputed(fit_consensus(answers.load_answers(folder / ANSWERS), settings)),
            preferences=args.preferences,
            disagree=manifest.plan["route"]["conflict"],
            space=settings.space,
        )
        media = _media(connection, version.name, args.media_url)
        note = folder / f".sending-{hashlib.sha256(connection.client.url.encode()).hexdigest()[:12]}"
        queue = Queue(connection.client, media, note, args.annotators or settings.annotators, settings.space)
        pushed = push(wanted, queue, media)
    _tell(pushed, version, connection.client.url, time.monotonic() - started)
    return 0


def push(wanted: WantedReviews, queue: Queue, media: MediaHost) -> Pushed:
    """Put on a server what is not there, the most telling first."""
    items = {clip: one for clip, one in wanted.items.items() if not _asked(queue, clip, wanted.space, CONFLICT, ORDINARY)}
    quarrels = {clip: told for clip, told in wanted.disputed.items() if not _asked(queue, clip, wanted.space, ADJUDICATE)}
    asked = items.keys() | quarrels.keys() | (wanted.items.keys() if wanted.preferences else set())
    made: dict[str, list[tasks.Task]] = defaultdict(list)
    unfit = []
    if asked:
        media.put(pick_clips(wanted.version, asked, clips.COLUMNS), wanted.version)
    for clip in pick_clips(wanted.version, asked, tasks.COLUMNS):
        try:
            for task in _tasks(clip, replace(wanted, items=items, disputed=quarrels), media):
                tasks.check(task)
                made[task.kind].append(task)
        except ItemError as error:
            unfit.append((clip.clip_id, str(error)))
    sent = {kind: queue.send(kind, sorted(made[kind], key=_first)) for kind in _ORDER if made[kind]}
    return Pushed(items=len(wanted.items), there=len(wanted.items) - len(items), sent=sent, unfit=tuple(unfit))


def _asked(queue: Queue, clip: str, space_name: str, *kinds: str) -> bool:
    return any(tasks.item_id(kind, clip, space_name) in queue.there[kind] for kind in kinds)


def review_items(version: Path) -> dict[str, float]:
    """Return the clips that people must see and their priorities: those for review, and the audited of the accepted."""
    found = {}
    for clip in read_clips(version, ("routes",), batch=_ROWS):
        if any(route.decision == REVIEW or route.audit for route in clip.routes[-1:]):
            found[clip.clip_id] = clip.routes[-1].priority
    return found


def review_settings(manifest: Manifest) -> ReviewSettings:
    """Return how many people a version asks for, and when they have decided."""
    return validate(ReviewSettings, manifest.plan.get("review", {}), "[review] in the plan of this version")


def _tasks(clip: Clip, wanted: WantedReviews, media: MediaHost) -> Iterator[tasks.Task]:
    version = wanted.version.name
    if clip.clip_id in wanted.items:
        yield tasks.task(clip, version, media, wanted.disagree, wanted.space)
    if clip.clip_id in wanted.disputed:
        yield tasks.adjudication(clip, version, media, wanted.disputed[clip.clip_id], wanted.space)
    if wanted.preferences:
        yield from tasks.preferences(clip, version, media)


def _first(task: tasks.Task) -> tuple[float, str]:
    return -task.priority, str(task.data["affectory_id"])


def _disputed(consensus: Consensus) -> dict[str, tuple[Answer, ...]]:
    """Return what reviewers answered about each clip that they do not agree on."""
    told = tuple(one for one in consensus.answers if one.kind != PREFER and one.space == consensus.settings.space)
    return {clip: tuple(one for one in told if one.clip_id == clip) for clip in disputed(consensus)}


def _media(connection: Connection, version: str, base: str | None) -> MediaHost:
    if base:
        return Linked(base, version)
    if connection.data is not None:
        return Local(connection.client, connection.data / CLIPS, version)
    return Uploaded(connection.client)


def _tell(pushed: Pushed, version: Path, url: str, seconds: float) -> None:
    sent = ", ".join(f"{count} {kind}" for kind, count in pushed.sent.items() if count) or "nothing"
    sys.stdout.write(
        f"{version}: {pushed.items} clips for people, {pushed.there} of them there before; sent in {seconds:.1f} s: {sent}\n"
    )
    for clip, reason in pushed.unfit:
        sys.stdout.write(f"  {clip} cannot be a task: {reason}\n")
    sys.stdout.write(f"{url}/projects\n")


if __name__ == "__main__":
    sys.exit(main())
