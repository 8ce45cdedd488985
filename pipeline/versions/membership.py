"""Why a clip is in one of two versions and not in the other: what manifests and dead letters say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.versions.causes import settings, tool
from pipeline.versions.change import ADDED, REMOVED, Change, ClipState
from schemas.arrow import schema_of
from schemas.record import DeadLetter, Source, claim_fields
from schemas.versions.manifest import Manifest

_UNKNOWN = "neither version says why"


@dataclass(frozen=True)
class Version:
    """A version to compare."""

    folder: Path
    manifest: Manifest

    @cached_property
    def sources(self) -> dict[str, str]:
        """Return the file of each source, by id."""
        return {source["source_id"]: source["file"] for source in self.manifest.sources}

    @cached_property
    def letters(self) -> Letters:
        """Return its dead letters."""
        return Letters(self.folder / "dead")


class Letters:
    """The dead letters of a version, by clip and by source."""

    def __init__(self, folder: Path) -> None:
        files = sorted(folder.glob("*.parquet"))
        columns = ["source_id", "clip_id", "step", "reason"]
        table = pq.read_table(files, columns=columns) if files else schema_of(DeadLetter).empty_table().select(columns)
        # Arrow holds a million letters in tens of megabytes; a dict of them would take ten times as much.
        self.steps, self.reasons = table["step"], table["reason"]
        self.ids = np.array(pc.coalesce(table["clip_id"], table["source_id"]).to_pylist(), "S32")
        self.order = np.argsort(self.ids, kind="stable")

    def find(self, one: str) -> str | None:
        """Return step and reason of the letter about a clip, or about a whole source; None where there is none."""
        place = int(np.searchsorted(self.ids, one.encode(), sorter=self.order))
        while place < len(self.order) and self.ids[self.order[place]] == one.encode():
            row = int(self.order[place])
            step, reason = self.steps[row].as_py(), self.reasons[row].as_py()
            if step != "scan":  # the copy of a source that is kept
                return f"{step}: {reason}"
            place += 1
        return None


def appeared(old: Version, new: Version, clip: ClipState) -> Change:
    """Return that a clip was added, and why."""
    file = clip.file
    if clip.source_id not in old.sources:
        return clip.change(ADDED, (f"its source is new: {file}",))
    return clip.change(ADDED, _absent(old, clip, "before, ") or _anew(old, new))


def vanished(old: Version, new: Version, clip: ClipState) -> Change:
    """Return that a clip was removed, and why."""
    why = _absent(new, clip, "")
    if not why and clip.source_id not in new.sources:
        why = (f"its source is gone: {clip.file}",)
    return clip.change(REMOVED, why or _anew(old, new))


def _absent(version: Version, clip: ClipState, when: str) -> tuple[str, ...]:
    if letter := version.letters.find(clip.clip_id):
        return (f"{when}dead letter: {letter}",)
    letter = version.letters.find(clip.source_id)
    return (f"{when}dead letter of its source: {letter}",) if letter else ()


def _anew(old: Version, new: Version) -> tuple[str, ...]:
    changed = list(cut_anew(old.manifest.plan, new.manifest.plan))
    return tuple(f"clips are cut anew: {how}" for how in changed) or (_UNKNOWN,)


def cut_anew(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    """Yield what in the plan made other clips of the same sources."""
    fields = set(claim_fields(Source).values())
    before, after = (
        {one["name"]: one for one in plan["annotators"] if tool(one["name"]).partition(".")[0] in fields} for plan in (old, new)
    )
    yield from settings(old["segment"], new["segment"], "segment")
    for name in sorted(before.keys() | after.keys()):
        if name not in after or name not in before:
            yield f"{name} is {'new' if name in after else 'not in the plan any more'}"
        elif before[name] != after[name]:
            yield f"{name} changed"
