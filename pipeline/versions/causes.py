"""Why a claim is not what it was: whose provenance changed, in what, and which people spoke. Pure but for `authors_of`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow.parquet as pq
from pydantic import BaseModel

from schemas.claims import Claim
from schemas.provenance import Provenance
from schemas.record import Clip, claim_fields
from schemas.versions.rows import shard_files

PERSON, DECISION = "person.", "decision."
"""How the names of people, and of what people decided together, begin."""


def tool(key: str) -> str:
    """Return the author's name without version and configuration."""
    return key.partition("@")[0]


class _About(BaseModel):
    authors: dict[str, Provenance] = {}


def authors_of(version: Path) -> dict[str, Provenance]:
    """Return every author that the files of a version name, by key; {} where they name none."""
    for file in shard_files(version)[:1]:
        about = (pq.read_schema(file).metadata or {}).get(b"affectory")
        return _About.model_validate_json(about).authors if about else {}
    return {}


@dataclass(frozen=True)
class Authors:
    """Who speaks in two versions, resolved."""

    before: Mapping[str, Provenance]
    after: Mapping[str, Provenance]

    def told(self, was: str | None, now: str | None) -> str:
        """Return in words what happened to one author."""
        if was is None or now is None:
            name = tool(was or now or "")
            if name.startswith((PERSON, DECISION)):
                spoke = "decided" if name.startswith(DECISION) else "answered"
                return f"{name} {spoke}" if was is None else f"what {name} said is not counted any more"
            return f"{name} is new" if was is None else f"{name} is not in the plan any more"
        old, new = self.before.get(was), self.after.get(now)
        if old is None or new is None:
            return f"{tool(now)} changed: {was} to {now}"
        return f"{tool(now)} changed: {'; '.join(different(old, new))}"


def different(old: Provenance, new: Provenance) -> Iterator[str]:
    """Yield in words how one author's provenance differs: code, settings, models."""
    if old.version != new.version:
        yield f"version {old.version} to {new.version}"
    yield from settings(json.loads(old.config), json.loads(new.config))
    before, after = ({ref.name: ref.sha256 for ref in one.models} for one in (old, new))
    for name in sorted(before.keys() | after.keys()):
        if before.get(name) != after.get(name):
            yield f"model {name} {(before.get(name) or 'none')[:12]} to {(after.get(name) or 'none')[:12]}"


def settings(old: object, new: object, name: str = "") -> Iterator[str]:
    """Yield in words each setting that differs."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted(old.keys() | new.keys()):
            yield from settings(old.get(key), new.get(key), f"{name}.{key}" if name else str(key))
    elif old != new:
        yield f"{name} {_short(old)} to {_short(new)}"


def _short(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 40 else f"{text[:39]}…"


def spoken(clip: Clip) -> dict[str, str]:
    """Return the key of each author of a clip, by name, those that had nothing to say among them."""
    return {tool(key): key for key in (*clip.authors, *(claim.by for _, claim in claims_of(clip)))}


def claims_of(clip: Clip) -> Iterator[tuple[str, Claim]]:
    """Yield the claims of a clip, each with the name of its column."""
    for name in claim_fields(Clip).values():
        yield from ((name, claim) for claim in getattr(clip, name))


def unsigned(claim: Claim) -> Claim:
    """Return what a claim says, whoever says it."""
    return replace(claim, by="")


def statements(clip: Clip, columns: tuple[str, ...] = ()) -> dict[str, list[object]]:
    """Return what each author says, in these columns or in all, without its key."""
    said: dict[str, list[object]] = {}
    for column, claim in claims_of(clip):
        if not columns or column in columns:
            said.setdefault(tool(claim.by), []).append((column, unsigned(claim)))
    return said


def causes(old: Clip, new: Clip, authors: Authors, columns: tuple[str, ...]) -> tuple[str, ...]:
    """Return why these columns of a clip differ: first whoever says something else in them, else whoever stands before them.

    An author that changed and says the same as before is no cause.
    """
    was, now = spoken(old), spoken(new)
    changed = {name for name in was.keys() | now.keys() if was.get(name) != now.get(name)}
    told_was, told_now = statements(old), statements(new)
    moved = {name for name in changed if name not in told_was.keys() & told_now.keys() or told_was[name] != told_now[name]}
    here = statements(old, columns), statements(new, columns)
    direct = {name for name in moved if here[0].get(name) != here[1].get(name)}
    people = {name for name in moved if name.startswith((PERSON, DECISION))}
    found = sorted(direct | people) or sorted(moved)
    return tuple(authors.told(was.get(name), now.get(name)) for name in found) or ("no author of this clip changed",)
