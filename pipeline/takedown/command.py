"""`python -m pipeline.takedown --shards shards/ (--clip ID | --source ID | --person NAME)`: a new version without them, for good.

A person is a name of `sources.csv`: every source that lists it goes as a whole, because nobody can tell which of its voices and
faces bears the name. Or `SOURCE/S0`, `SOURCE/P1`: the speaker or face of that number, and the face or voice that is theirs; every
clip in which they are heard or seen goes.

What a scene is withdrawn from, it is withdrawn from everywhere: its copies in other sources go with it, and so does what it is a
copy of, as far as this version has found them.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import sys
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from pipeline.cli.arguments import takedown_arguments
from pipeline.publish.selection import stated_sources
from pipeline.release.commit import next_name
from pipeline.rights.withdrawn import (
    MOMENT,
    REASON,
    TAKEDOWN,
    WITHDRAWN,
    Entry,
    Moment,
    Withdrawn,
    WithdrawnClip,
    WithdrawnPerson,
    WithdrawnSource,
    clip_letter,
    moment,
    numbering,
    read_withdrawn,
    salted,
    withdrawn_lock,
    write_withdrawn,
)
from pipeline.stats.counters import routed
from pipeline.takedown.removal import Removal, removed
from schemas.errors import AffectoryError, UsageError
from schemas.values import Span
from schemas.versions.manifest import Manifest, versions
from schemas.versions.rows import FOLDERS, opened, read_clips

Found = TypeVar("Found")
Scene = tuple[str, Span]
"""A stretch of a source, by its source_id."""
_LEAST = 0.5
"""Seconds that two stretches must share to be the same scene: more than fingerprints are out of step."""
_WITHIN = re.compile(r"(?P<source>.+)/(?P<who>[SP]\d+)")
COLUMNS = (
    *MOMENT,
    *("routes", "source.file", "persons.track", "targets.speaker", "targets.track"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A clip of a version, as far as it tells who is in it."""

    moment: Moment
    file: str
    names: tuple[str, ...]
    links: tuple[tuple[str, str], ...]
    """Speakers and the persons whose faces they are joined to."""
    kept: Scene | None
    """Of a copy: the source that keeps the scene, and where."""

    @property
    def scenes(self) -> tuple[Scene, ...]:
        """Return where its scene lies: in its own source, and in the one that keeps it."""
        own = (self.moment.source_id, self.moment.span)
        return (own,) if self.kept is None else (own, self.kept)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status."""
    args = takedown_arguments().parse_args(argv)
    try:
        opened(args.shards, args.version)
        # Two at once would write over each other's list, and into one folder.
        with withdrawn_lock(args.shards):
            return _takedown(args)
    except AffectoryError as error:
        sys.stderr.write(f"pipeline.takedown: {error}\n")
        return 2


def _takedown(args: argparse.Namespace) -> int:
    version, manifest = opened(args.shards, args.version)
    known = read_withdrawn(args.shards)
    listed = known
    if not args.unpublishable:
        listed = salted(known) if args.person is not None else known
        for entry in asked(args, version, manifest, listed):
            listed = listed.with_(replace(entry, reason=args.reason))
        asked_for = len(listed.clips)
        listed = everywhere(version, manifest, listed, args.reason)
        if found := len(listed.clips) - asked_for:
            sys.stdout.write(f"{found} clips of other sources show the same and go too\n")
    if listed != known:
        write_withdrawn(args.shards, listed)
    removal = _removal(version, manifest, listed, args.unpublishable)
    if not removal.clip_ids and not removal.sources:
        sys.stdout.write(f"{version} holds nothing of it; nothing to do.\n")
        return 0
    name = next_name(args.shards)
    staging = args.shards / ".work" / "staging" / f"{TAKEDOWN} {name}"
    made = removed(version, manifest, removal, args.shards / name, staging)
    sys.stdout.write(_told(args.shards, version.name, name, made, removal))
    return 0


def asked(args: argparse.Namespace, version: Path, manifest: Manifest, listed: Withdrawn) -> tuple[Entry, ...]:
    """Return what the command line asks to put on the list.

    Raises:
        UsageError: the version holds nothing of that name, or several things, and the list does not have it either.
    """
    if args.clip is not None:
        return (_clip(args.clip, version, listed),)
    if args.source is not None:
        return (WithdrawnSource(source_id=_source(args.source, version, manifest, listed)),)
    within = _WITHIN.fullmatch(args.person)
    if within:
        return (_within(within["source"], within["who"], version, manifest, listed),)
    return _named(args.person, version, listed)


def _clip(begins: str, version: Path, listed: Withdrawn) -> WithdrawnClip:
    known = {one.clip_id: one for one in listed.clips if one.clip_id.startswith(begins)}
    found = {
        clip.clip_id: WithdrawnClip(source_id=clip.source.source_id, clip_id=clip.clip_id, span=clip.requested)
        for clip in read_clips(version, ("requested", "source.source_id"))
        if clip.clip_id.startswith(begins)
    }
    one: WithdrawnClip = _one(known | found, f"clip of {version} has an id that begins with {begins!r}")
    return one


def _source(told: str, version: Path, manifest: Manifest, listed: Withdrawn) -> str:
    path = Path(told)
    known = {one.source_id for one in listed.sources}
    there = {one["source_id"] for one in manifest.sources} | known
    found = {one["source_id"] for one in manifest.sources if one["file"] == told}
    if not found and path.is_file():
        with path.open("rb") as file:
            found = {hashlib.file_digest(file, "sha256").hexdigest()[:16]} & there
    found = found or {source_id for source_id in there if told and source_id.startswith(told)}
    return _one({one: one for one in found}, f"source of {version} is {told!r}, by id or by file")


def _within(source: str, who: str, version: Path, manifest: Manifest, listed: Withdrawn) -> WithdrawnPerson:
    source_id = _source(source, version, manifest, listed)
    here = [one for one in seen(version) if one.moment.source_id == source_id]
    meant = {who}
    while more := {name for one in here for link in one.links for name in link if meant & set(link)} - meant:
        meant |= more
    entry = WithdrawnPerson(source_id=source_id, who=tuple(sorted(meant)), numbering=numbering(manifest.plan))
    known = [one for one in listed.persons if one.source_id == source_id and who in one.who]
    if not any(one.moment.who & meant for one in here):
        return _one({one.who: one for one in known}, f"clip of {source_id} in {version} has somebody numbered {who}")
    return entry


def _named(name: str, version: Path, listed: Withdrawn) -> tuple[Entry, ...]:
    wanted = listed.name(name)
    found = {one.moment.source_id for one in seen(version) if any(listed.name(each) == wanted for each in one.names)}
    if not found and wanted not in listed.names:
        raise UsageError(f"no clip of {version} is of a source whose speakers in sources.csv include {name!r}")
    return (wanted, *(WithdrawnSource(source_id=source_id) for source_id in sorted(found)))


def _one(found: Mapping[Any, Found], what: str) -> Found:
    if len(found) != 1:
        raise UsageError(f"{len(found) or 'no'} {what}")
    return next(iter(found.values()))


def everywhere(version: Path, manifest: Manifest, listed: Withdrawn, reason: str | None) -> Withdrawn:
    """Return the list with all clips of other sources in which one that it names can be seen or heard."""
    copies = [one for one in seen(version) if one.kept is not None]
    concerned = {source_id for one in copies for source_id, _ in one.scenes}
    plan = numbering(manifest.plan)
    there = [one for one in seen(version) if one.moment.source_id in concerned]
    gone = [one for one in there if listed.holds(one.moment, one.names, plan)]
    known = {one.moment.clip_id for one in gone}
    found = spread_scenes([one.scenes[0] for one in gone], copies)
    for one in there:
        source_id, span = one.scenes[0]
        if one.moment.clip_id not in known and any(source_id == other and span.overlap(part) > _LEAST for other, part in found):
            entry = WithdrawnClip(source_id=source_id, clip_id=one.moment.clip_id, span=span, reason=reason)
            listed = listed.with_(entry)
    return listed


def spread_scenes(scenes: Iterable[Scene], copies: Iterable[Seen]) -> list[Scene]:
    """Return stretches of sources with all others that show the same, from copy to copy."""
    ties: dict[str, list[tuple[Span, Scene]]] = {}
    for one in copies:
        for (source_id, span), other in zip(one.scenes, one.scenes[::-1], strict=True):
            ties.setdefault(source_id, []).append((span, other))
    found: list[Scene] = []
    waiting = deque(scenes)
    while waiting:
        source_id, span = waiting.popleft()
        if any(source_id == other and part.overlap(span) > span.duration - _LEAST for other, part in found):
            continue
        found.append((source_id, span))
        for mine, (tied, theirs) in ties.get(source_id, ()):
            if (shared := mine & span) is not None and shared.duration > _LEAST:
                waiting.append((tied, shared.shift(theirs.start - mine.start)))
    return found


def seen(version: Path) -> Iterator[Seen]:
    """Yield who is in each clip of a version, whatever became of the clip."""
    for clip in read_clips(version, COLUMNS):
        persons = {person.track: person.person for person in clip.persons}
        links = tuple((one.speaker, persons[one.track]) for one in clip.targets if one.speaker and one.track in persons)
        at, kept = moment(clip), routed(clip).kept
        yield Seen(
            moment=at,
            file=clip.source.file,
            names=clip.source.speakers,
            links=links,
            kept=(kept.source_id, Span(start=kept.start, end=kept.start + at.span.duration)) if kept else None,
        )


def _removal(version: Path, manifest: Manifest, listed: Withdrawn, unpublishable: bool) -> Removal:
    plan = numbering(manifest.plan)
    # A source without a row has nobody in it that could be named.
    whole = {one["source_id"]: REASON for one in manifest.sources if listed.source(one["source_id"], (), plan)}
    back = {one.source_id: one.kept_back for one in stated_sources(version, tuple(FOLDERS.values()))} if unpublishable else {}
    whole = {source_id: why for source_id, why in back.items() if why} | whole
    clips, clip_ids = [], set()
    for one in seen(version):
        source_id, clip_id = one.moment.source_id, one.moment.clip_id
        if source_id not in whole and listed.source(source_id, one.names, plan):
            whole[source_id] = REASON
        if source_id in whole:
            clip_ids.add(clip_id)
        elif listed.clip(one.moment):
            clip_ids.add(clip_id)
            clips.append(clip_letter(source_id, one.file, clip_id, one.moment.span))
    return Removal(clips=tuple(clips), sources=whole, clip_ids=frozenset(clip_ids))


def _told(out: Path, old: str, new: str, made: Manifest, removal: Removal) -> str:
    left = made.ledger.accepted + made.ledger.review + made.ledger.rejected
    lines = [
        f"{out / new}: {old} without {len(removal.clip_ids)} clips, {len(removal.sources)} sources gone as a whole; {left} left"
    ]
    if REASON in removal.sources.values() or removal.clips:
        others = ", ".join(name for name in versions(out) if name != new)
        lines += [
            f"{out / WITHDRAWN} keeps them out of every later build. What still holds them, for you to remove:",
            f"  older versions: {others}",
            f"  the work folder {out / '.work'}, of which the next build makes again what it needs",
            "  the source files, and answers and tasks of reviewers",
            f"  what was published: publish {new}, then delete older tags there and squash the history of the repository",
        ]
    return "\n".join(lines) + "\n"
