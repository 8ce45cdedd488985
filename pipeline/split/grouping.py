"""The step over all sources, between the index and the shards: which scenes are copies, and which split each source goes to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from pipeline.clips.kept import Index, Ref
from pipeline.split.assign import CountedSources, SplitSettings, assigned, proven, source_groups
from pipeline.split.duplicates import Copy, DuplicateSettings, copied, copies, matches
from pipeline.split.links import FACE, SCENE, VOICE, Links, SourceIdentity, alike_links, kept_first, named_links
from schemas.claims import Kept
from schemas.versions.rows import REJECT
from schemas.versions.split_facts import NONE, SplitFacts

KeptElsewhere = Mapping[str, tuple[tuple[Copy, str, str], ...]]
"""By source_id: stretches that another source keeps, and that one's source_id and file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupSettings:
    """The two tables of a plan that decide."""

    split: SplitSettings
    duplicates: DuplicateSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouping:
    """What is decided over all sources."""

    splits: Mapping[str, str]
    """By source_id."""
    groups: Mapping[str, str]
    """By source_id: the least source_id of those that it belongs together with."""
    copies: KeptElsewhere
    facts: SplitFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class Pointer:
    """Where the scene of a clip is kept, for machines and for people."""

    kept: Kept
    file: str

    @property
    def reason(self) -> str:
        """Say it."""
        return f"a copy: the same scene is kept in {self.file} ({self.kept.source_id}), from {self.kept.start:.1f} s on"


def grouped(
    indexes: Iterable[Index],
    read: Callable[[Index], Sequence[Ref]],
    know: Callable[[Index], SourceIdentity],
    settings: GroupSettings,
    earlier: Mapping[str, str],
) -> Grouping:
    """Decide over all sources.

    Raises:
        UsageError: `sources.csv` states two splits for what belongs together.
        LeakError: what belongs together would be in two splits all the same.
    """
    by_id = {index.source_id: index for index in indexes}
    kin = kept_first(know(index) for index in by_id.values())
    found = matches([one.fingerprints for one in kin], settings.duplicates)
    links = [
        named_links(kin),
        alike_links(VOICE, [one.voices for one in kin], settings.split.voice),
        alike_links(FACE, [one.faces for one in kin], settings.split.face),
        Links.of(SCENE, ((match.first, match.second) for match in found)),
    ]
    held: KeptElsewhere = {
        kin[number].source_id: tuple((part, kin[part.kept].source_id, kin[part.kept].file) for part in parts)
        for number, parts in copies(found).items()
    }
    counted, dropped = _count((read(by_id[one.source_id]) for one in kin), held)
    splits = assigned(kin, links, counted, settings.split, earlier)
    facts = proven(kin, links, counted, splits, settings.split)
    told = {one.source_id: split for one, split in zip(kin, splits, strict=True)}
    moved = tuple(sorted(name for name, split in told.items() if earlier.get(name, split) != split))
    groups = {one.source_id: name for one, name in zip(kin, source_groups(kin, links), strict=True)}
    return Grouping(splits=told, groups=groups, copies=held, facts=replace(facts, moved=moved, copies=dropped))


def pointer(ref: Ref, held: KeptElsewhere) -> Pointer | None:
    """Return where the scene of a clip is kept, None for a clip that is no copy."""
    mine = {part: (source_id, file) for part, source_id, file in held.get(ref.source_id, ())}
    found = copied(ref.span, mine)
    if found is None:
        return None
    source_id, file = mine[found]
    start = round(max(0.0, found.at + ref.start - found.span.start), 3)
    return Pointer(kept=Kept(source_id=source_id, start=start), file=file)


def _count(sources: Iterable[Sequence[Ref]], held: KeptElsewhere) -> tuple[CountedSources, int]:
    """Return the clips of each source by label, and how many clips are copies."""
    labels: dict[str, int] = {}
    rows: list[dict[int, int]] = []
    dropped = 0
    for refs in sources:
        mine: dict[int, int] = {}
        for ref in refs:
            if pointer(ref, held) is not None:
                dropped += 1
            elif ref.decision != REJECT:
                number = labels.setdefault(ref.label or NONE, len(labels))
                mine[number] = mine.get(number, 0) + 1
        rows.append(mine)
    order = sorted(labels)
    clips = np.zeros((len(rows), len(order)), np.int64)
    place = {labels[name]: column for column, name in enumerate(order)}
    for row, mine in zip(clips, rows, strict=True):
        for number, count in mine.items():
            row[place[number]] = count
    return CountedSources(tuple(order), clips), dropped
