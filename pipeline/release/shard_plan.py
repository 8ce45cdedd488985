"""Which clip goes into which shard: the review budget spent over all clips, shards of about equal size, none of them empty.

Only a few numbers per clip are held in memory, so a version of a million clips is planned in megabytes.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import apache_beam as beam
import numpy as np
import numpy.typing as npt
from apache_beam.pvalue import TaggedOutput

from pipeline.clips.kept import Index, Ref, kept_clip, kept_refs
from pipeline.judge.route import SPENT, allowed, draw, spend
from pipeline.plan import Plan, ReleaseSettings
from pipeline.release.ledger import Grouped
from pipeline.release.shards import ShardFile, ends_group, write_shard
from pipeline.runtime.concurrent import ConcurrentDoFn
from pipeline.runtime.context import RunContext
from pipeline.split.grouping import Grouping, GroupSettings, Pointer, grouped, pointer
from pipeline.split.links import identity_of
from schemas.errors import UsageError
from schemas.record import Clip
from schemas.versions.rows import FOLDERS, REJECT, REVIEW

GROUPED = "grouped"
_DECISIONS = tuple(FOLDERS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shard:
    """Clips that go into one file, in order of source and time: places in the index of each source."""

    decision: str
    split: str
    number: int
    of: int
    parts: tuple[tuple[Index, array[int]], ...]
    copies: tuple[tuple[str, Pointer], ...] = ()
    """Clips (clip_id) that are copies, and where the scene of each is kept."""

    @property
    def file(self) -> str:
        """Return the path of the shard relative to its version."""
        return f"{FOLDERS[self.decision]}/{self.split}-{self.number:05d}-of-{self.of:05d}.parquet"


class WriteShard(ConcurrentDoFn):
    """Shards in; what was written out."""

    def __init__(self, context: RunContext, folder: Path, settings: ReleaseSettings, media: str, about: dict[str, str]) -> None:
        super().__init__(context)
        self.folder, self.settings, self.media, self.about = folder, settings, media, about

    def work(self, element: Shard) -> Iterable[ShardFile]:
        """Write one Parquet file, clip by clip."""
        with self.context.counts.time("write"):
            place = self.folder / element.file
            clips = self._clips(element)
            return (write_shard(clips, place, self.context.work, self.settings, self.media, self.about),)

    def _clips(self, shard: Shard) -> Iterator[Clip]:
        pointers = dict(shard.copies)
        for index, places in shard.parts:
            refs = kept_refs(index, self.context)
            for place in places:
                yield with_decision(kept_clip(refs[place], self.context), shard.decision, pointers.get(refs[place].clip_id))


def with_decision(clip: Clip, decision: str, pointer: Pointer | None = None) -> Clip:
    """Return the clip with its route as it stands after copies are found and the budget is spent."""
    if not clip.routes or (pointer is None and clip.routes[-1].decision == decision):
        return clip
    route = clip.routes[-1]
    reason, kept = (pointer.reason, pointer.kept) if pointer else (SPENT, None)
    route = replace(route, decision=decision, reasons=(reason, *route.reasons), kept=kept)
    return replace(clip, routes=(*clip.routes[:-1], route))


def plan_shards(
    indexes: Iterable[Index],
    read: Callable[[Index], Sequence[Ref]],
    settings: ReleaseSettings,
    grouping: Grouping,
    budget: str | None = None,
) -> Iterator[Shard]:
    """Yield the shards of each decision and split.

    Raises:
        UsageError: the review budget is not a count or a share.
    """
    ordered = sorted(indexes, key=lambda index: index.source_id)
    table = _Table(ordered, read, settings.row_group_typical, grouping)
    decisions = table.decided(budget)
    for code, decision in enumerate(_DECISIONS):
        for split in sorted(table.splits):
            members = np.flatnonzero((decisions == code) & (table.split == table.splits[split]))
            groups = list(_balanced(members, table.size[members], table.ends[members], settings.shard_bytes))
            for number, group in enumerate(groups):
                parts = tuple(table.parts(group, ordered))
                copies = tuple(table.copies[place] for place in group.tolist() if place in table.copies)
                yield Shard(decision=decision, split=split, number=number, of=len(groups), parts=parts, copies=copies)


class _Table:
    """A few numbers for each clip, in the order of the release."""

    def __init__(
        self, indexes: Sequence[Index], read: Callable[[Index], Sequence[Ref]], typical: int, grouping: Grouping
    ) -> None:
        self.splits: dict[str, int] = {}
        self.copies: dict[int, tuple[str, Pointer]] = {}
        """By place in the release: clip_id, and where it is kept."""
        starts, size, split, decision = array("q"), array("I"), array("H"), array("b")
        priority, draws, ends = array("d"), array("Q"), array("b")
        for index in indexes:
            starts.append(len(size))
            for ref in read(index):
                kept = pointer(ref, grouping.copies)
                if kept is not None:
                    self.copies[len(size)] = (ref.clip_id, kept)
                name = grouping.splits[ref.source_id]
                size.append(min(ref.size, 2**32 - 1))
                split.append(self.splits.setdefault(name, len(self.splits)))
                decision.append(_DECISIONS.index(ref.decision if kept is None else REJECT))
                priority.append(ref.priority)
                draws.append(draw(ref.clip_id))
                ends.append(ends_group(ref.clip_id, typical))
        self.starts, self.size, self.split = (_numbers(one) for one in (starts, size, split))
        self.decision, self.priority, self.draws = (_numbers(one) for one in (decision, priority, draws))
        self.ends = _numbers(ends).view(bool)

    def decided(self, budget: str | None) -> npt.NDArray[np.int8]:
        """Return the decisions with what the budget does not reach rejected."""
        waiting = self.decision == _DECISIONS.index(REVIEW)
        chosen = spend(waiting, self.priority, self.draws, allowed(budget, len(self.size)))
        made: npt.NDArray[np.int8] = np.where(waiting & ~chosen, _DECISIONS.index(REJECT), self.decision)
        return made

    def parts(self, members: npt.NDArray[np.int64], indexes: Sequence[Index]) -> Iterator[tuple[Index, array[int]]]:
        """Yield for each source the places of its members."""
        owners = np.searchsorted(self.starts, members, side="right") - 1
        for owner in np.unique(owners):
            places = members[owners == owner] - self.starts[owner]
            yield indexes[owner], array("I", places.astype(np.uint32).tobytes())


def _numbers(found: array[Any]) -> npt.NDArray[Any]:
    """Return an array's own memory as numbers, not a copy."""
    return np.frombuffer(found, found.typecode)


def _balanced(
    members: npt.NDArray[np.int64], sizes: npt.NDArray[np.int64], ends: npt.NDArray[np.bool_], target: int
) -> Iterator[npt.NDArray[np.int64]]:
    """Yield the members in order, in groups of about equal size; a group ends with a row group where one ends nearby.

    So a clip that comes or goes moves the bounds of shards and cuts no other row group in two.
    """
    if not len(members):
        return
    behind = np.cumsum(sizes, dtype=np.int64)
    total = max(int(behind[-1]), 1)
    count = max(1, min(len(members), round(total / target)))
    middles = behind - sizes // 2
    bounds = np.searchsorted(middles, [-(-number * total // count) for number in range(1, count)])
    bounds = np.unique(bounds[(bounds > 0) & (bounds < len(members))])
    whole = np.append(np.flatnonzero(ends) + 1, len(members))
    later = whole[np.searchsorted(whole, bounds)]
    near = behind[later - 1] - behind[bounds - 1] <= target // 4
    for group in np.split(members, np.unique(np.where(near, later, bounds))):
        if len(group):
            yield group


class PlanShards(beam.DoFn):  # type: ignore[misc]
    """All indexes in, at once; shards out, and by the output `GROUPED` what was decided over all sources."""

    def __init__(self, plan: Plan, context: RunContext, earlier: Mapping[str, str]) -> None:
        self.settings, self.budget = plan.release, plan.route.budget
        self.groups = GroupSettings(split=plan.split, duplicates=plan.duplicates)
        self.context, self.earlier = context, dict(earlier)

    def process(self, element: tuple[Any, Iterable[Index]]) -> Iterator[Any]:
        """Group the sources, then plan."""
        indexes = tuple(element[1])

        def read(index: Index) -> Sequence[Ref]:
            return kept_refs(index, self.context)

        try:
            grouping = grouped(indexes, read, lambda index: identity_of(index, self.context), self.groups, self.earlier)
        except UsageError as error:
            yield TaggedOutput(GROUPED, Grouped(splits={}, groups={}, facts=None, refused=str(error)))
            return
        clips = {index.source_id: tuple((ref.start, ref.end) for ref in read(index)) for index in indexes}
        splits, groups = (dict(sorted(each.items())) for each in (grouping.splits, grouping.groups))
        yield TaggedOutput(GROUPED, Grouped(splits=splits, groups=groups, facts=grouping.facts, clips=clips))
        yield from plan_shards(indexes, read, self.settings, grouping, self.budget)
