"""What a version says about its splits, counted in its rows: after some are taken out, and to check what a build says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from pipeline.judge.route import SPENT
from pipeline.split.assign import split_rank
from pipeline.stats.counters import routed
from schemas.record import Clip
from schemas.versions.rows import REJECT, read_clips
from schemas.versions.split_facts import NONE, SPLITS, SplitFacts, SplitRows
from schemas.vocabulary.distributions import fused_label

SPLIT, GROUP = "split", "group"
"""What the manifest says of a source that has clips."""
_COLUMNS = ("source.source_id", "labels", "routes")


@dataclass
class _Rows:
    """The rows of one source."""

    labels: Counter[str] = field(default_factory=Counter)
    copies: int = 0


def recount(facts: SplitFacts, sources: Sequence[Mapping[str, str]], version: Path, links_of: str | None) -> SplitFacts:
    """Return the facts with all that rows can tell counted anew. Which sources belong together stays as it was."""
    grouped = {one["source_id"]: one for one in sources if SPLIT in one}
    found = {source_id: _Rows() for source_id in grouped}
    for clip in read_clips(version, _COLUMNS):
        _add(clip, found[clip.source.source_id])
    names = sorted({*SPLITS, *(one[SPLIT] for one in grouped.values())}, key=split_rank)
    sizes, clips = Counter(one[GROUP] for one in grouped.values()), Counter[str]()
    for source_id, mine in found.items():
        clips[grouped[source_id][GROUP]] += mine.labels.total()
    within = sum(max(mine.labels.total() - 1, 0) for mine in found.values())
    return replace(
        facts,
        links=tuple(replace(link, links=within) if link.kind == "source" else link for link in facts.links),
        components=len(sizes),
        largest_sources=max(sizes.values(), default=0),
        largest_clips=max(clips.values(), default=0),
        splits=tuple(_split(name, grouped, found) for name in names),
        moved=tuple(source_id for source_id in facts.moved if source_id in grouped),
        links_of=links_of,
        copies=sum(mine.copies for mine in found.values()),
    )


def _add(clip: Clip, mine: _Rows) -> None:
    route = routed(clip)
    if route.kept:
        mine.copies += 1
    elif route.decision != REJECT or SPENT in route.reasons:
        mine.labels[fused_label(clip.labels) or NONE] += 1


def _split(name: str, grouped: Mapping[str, Mapping[str, str]], found: Mapping[str, _Rows]) -> SplitRows:
    mine = [source_id for source_id, one in grouped.items() if one[SPLIT] == name]
    labels = sum((found[source_id].labels for source_id in mine), Counter[str]())
    return SplitRows(
        split=name,
        sources=len(mine),
        components=len({grouped[source_id][GROUP] for source_id in mine}),
        clips=labels.total(),
        labels=dict(sorted(labels.items())),
    )
