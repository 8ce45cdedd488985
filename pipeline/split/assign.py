"""Train, validation and test without leaks: what belongs together goes together.

Pure. Sources that share a speaker, a voice, a face or a scene make one component, and a component goes into one split:

1. into the one that `sources.csv` states for any of its sources; two that differ are refused;
2. else into the one where an earlier version has it. Where a new link joins components of different splits, all of it goes to
   the first of train, validation, test: what a model may have been trained on can never again test one;
3. else into the split that the hash of its smallest source id draws, by the shares, unless that would overfill it, in clips
   altogether or of one label: then to the next one drawn (consistent hashing with bounded loads, arXiv:1608.01350).

So splits are alike in their labels and do not depend on the order of anything. Beside an earlier version, added sources move none
that is there unless a new link joins two splits; from scratch, they move those few that the hash alone did not place.
"""

from __future__ import annotations

import hashlib
import math
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import numpy.typing as npt
from pydantic import Field

from pipeline.split.links import FACE, SCENE, SPEAKER, VOICE, Ints, Links, SourceIdentity, closest, named_links
from schemas.errors import LeakError, UsageError
from schemas.validate import NotNegative, Proportion
from schemas.versions.split_facts import SPLITS, LinkFacts, SplitFacts, SplitRows

_SAID = {SPEAKER: "the same speaker", VOICE: "the same voice", FACE: "the same face", SCENE: "the same scene"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitSettings:
    """Shares of the splits in clips, and from when on two people are one."""

    train: Proportion = 0.8
    """Share of the clips that models are fitted on; the three are 1 together."""
    validation: Proportion = 0.1
    """Share of the clips that models are chosen by."""
    test: Proportion = 0.1
    """Share of the clips that models are judged by."""
    voice: Annotated[float, Field(gt=0, le=1)] = 0.65
    """Cosine of two voices from which they are one person's. Measured with ECAPA on 16 speakers, 10 of them actors in one studio,
    by 6 s and more: 97 % of one voice in one mood, 40 % across moods such as fury and boredom, 0.05 % of two voices."""
    face: Annotated[float, Field(gt=0, le=1)] = 0.5
    """Cosine of two faces from which they are one person's. Measured with SFace on 35 faces: ten pairs of one person in different
    pictures are at 0.52 to 0.81, 580 pairs of two persons at 0.42 at most, on average 0.08, deviation 0.10."""
    voice_seconds: NotNegative = 5.0
    """Voices of speakers who speak fewer seconds than this in a source are not compared: they tell too little."""
    slack: NotNegative = 0.1
    """By which share of itself a split may be fuller than it should be, before the hash is overruled."""

    def __post_init__(self) -> None:
        if not math.isclose(sum(self.shares), 1, abs_tol=1e-6):
            raise ValueError(f"train, validation and test are {sum(self.shares):g} together, not 1")

    @property
    def shares(self) -> tuple[float, ...]:
        """Return the shares in the order of SPLITS."""
        return self.train, self.validation, self.test


@dataclass(frozen=True, slots=True, eq=False)
class CountedSources:
    """Clips that are accepted or for review, by source and fused label."""

    labels: tuple[str, ...]
    clips: Ints
    """(sources, labels)."""


def components(count: int, links: Iterable[Links]) -> Ints:
    """Return for each source the number of its component, 0, 1, … in order of the first source of each."""
    from scipy.sparse import coo_array  # noqa: PLC0415
    from scipy.sparse.csgraph import connected_components  # noqa: PLC0415

    pairs = np.concatenate([np.zeros((0, 2), np.int64), *(each.pairs for each in links)])
    graph = coo_array((np.ones(len(pairs), np.int8), (pairs[:, 0], pairs[:, 1])), shape=(count, count))
    found = connected_components(graph, directed=False)[1]
    _, first, places = np.unique(found, return_index=True, return_inverse=True)
    numbers = np.argsort(np.argsort(first))
    ordered: Ints = numbers[places].astype(np.int64)
    return ordered


def assigned(
    kin: Sequence[SourceIdentity],
    links: Sequence[Links],
    counted: CountedSources,
    settings: SplitSettings,
    earlier: Mapping[str, str],
) -> tuple[str, ...]:
    """Return the split of each source; `earlier` tells the split of a source_id in an earlier version.

    Raises:
        UsageError: `sources.csv` states two splits for what belongs together.
    """
    groups = components(len(kin), links)
    total = int(groups.max(initial=-1)) + 1
    anchors = _anchors(kin, groups, total)
    pinned = _given(kin, groups, links)
    for number, split in _known(kin, groups, earlier).items():
        pinned.setdefault(number, split)
    clips = np.zeros((total, len(counted.labels) + 1), np.int64)
    np.add.at(clips[:, :-1], groups, counted.clips)
    clips[:, -1] = clips[:, :-1].sum(axis=1)
    chosen = _bounded(anchors, clips, pinned, settings)
    return tuple(chosen[number] for number in groups.tolist())


def refuse_stated(kin: Sequence[SourceIdentity]) -> None:
    """Refuse splits in `sources.csv` that leak by the speakers named there, before any work is done.

    Raises:
        UsageError: they do.
    """
    links = (named_links(kin),)
    _given(kin, components(len(kin), links), links)


def source_groups(kin: Sequence[SourceIdentity], links: Sequence[Links]) -> tuple[str, ...]:
    """Return for each source the least source_id of all that links tie it to, its own among them."""
    groups = components(len(kin), links)
    anchors = _anchors(kin, groups, int(groups.max(initial=-1)) + 1)
    return tuple(anchors[number] for number in groups.tolist())


def _anchors(kin: Sequence[SourceIdentity], groups: Ints, total: int) -> list[str]:
    anchors = [""] * total
    for one, number in zip(kin, groups.tolist(), strict=True):
        anchors[number] = min(anchors[number] or one.source_id, one.source_id)
    return anchors


def _given(kin: Sequence[SourceIdentity], groups: Ints, links: Sequence[Links]) -> dict[int, str]:
    first: dict[int, int] = {}
    for place in sorted((place for place, one in enumerate(kin) if one.given), key=lambda place: kin[place].file):
        other = first.setdefault(int(groups[place]), place)
        if kin[other].given != kin[place].given:
            raise UsageError(_leak(kin, links, other, place))
    return {number: kin[place].given or "" for number, place in first.items()}


def _known(kin: Sequence[SourceIdentity], groups: Ints, earlier: Mapping[str, str]) -> dict[int, str]:
    """Return for each component that an earlier version holds a part of, the first of its splits."""
    found: dict[int, str] = {}
    for one, number in zip(kin, groups.tolist(), strict=True):
        if (split := earlier.get(one.source_id)) is not None:
            found[number] = min(found.get(number, split), split, key=split_rank)
    return found


def split_rank(split: str) -> tuple[int, str]:
    """Return what sorts splits as people name them: the three known ones, then others by name."""
    return (SPLITS.index(split) if split in SPLITS else len(SPLITS), split)


def _bounded(anchors: Sequence[str], clips: Ints, pinned: Mapping[int, str], settings: SplitSettings) -> list[str]:
    """Return the split of each component, by pin or by hash, as far as there is room."""
    shares = np.array(settings.shares)
    room = np.ceil(shares[:, None] * clips.sum(axis=0) * (1 + settings.slack))
    loads = np.zeros_like(room)
    chosen = [pinned.get(number, "") for number in range(len(anchors))]
    for number, split in pinned.items():
        if split in SPLITS:
            loads[SPLITS.index(split)] += clips[number]
    draws = {number: drawn(anchor, settings.shares) for number, anchor in enumerate(anchors) if number not in pinned}
    for number in sorted(draws, key=lambda number: (-int(clips[number, -1]), draws[number][0], anchors[number])):
        mine = clips[number]
        order = [place for _, place in draws[number]]
        fits = (place for place in order if (loads[place] + mine <= room[place])[mine > 0].all())
        place = next(fits, None)
        if place is None:
            full = (loads + mine) / np.maximum(room, 1)
            place = min(order, key=lambda place: float(full[place][mine > 0].max()))
        loads[place] += mine
        chosen[number] = SPLITS[place]
    return chosen


def drawn(anchor: str, shares: Sequence[float]) -> tuple[tuple[float, int], ...]:
    """Return the places of the splits in the order in which the hash draws them, the likelier by its share the earlier.

    Weighted rendezvous hashing: each split's place depends on its own share alone.
    """
    ranked = []
    for place, (split, share) in enumerate(zip(SPLITS, shares, strict=True)):
        if share > 0:
            number = int.from_bytes(hashlib.sha256(f"split {split} {anchor}".encode()).digest()[:8], "big")
            ranked.append((-math.log((number + 1) / (2**64 + 1)) / share, place))
    return tuple(sorted(ranked))


def proven(
    kin: Sequence[SourceIdentity], links: Sequence[Links], counted: CountedSources, splits: Sequence[str], settings: SplitSettings
) -> SplitFacts:
    """Return the proof that no link leads from one split into another, looked up link by link.

    Raises:
        LeakError: one does.
    """
    names = sorted({*SPLITS, *splits}, key=split_rank)
    places = np.array([names.index(split) for split in splits], np.int64)
    groups = components(len(kin), links)
    told = [LinkFacts(kind="source", links=int(np.maximum(counted.clips.sum(axis=1) - 1, 0).sum()), crossing=0)]
    for each in links:
        crossing = np.flatnonzero(places[each.pairs[:, 0]] != places[each.pairs[:, 1]])
        if len(crossing):
            one, other = each.pairs[crossing[0]].tolist()
            where = f"{kin[one].file} in {splits[one]} and {kin[other].file} in {splits[other]}"
            raise LeakError(f"{len(crossing)} links cross splits: {where} have {_SAID[each.kind]}")
        told.append(_told(each, kin, places, settings))
    clips = counted.clips.sum(axis=1)
    return SplitFacts(
        links=tuple(told),
        components=int(groups.max(initial=-1)) + 1,
        largest_sources=int(np.bincount(groups).max(initial=0)),
        largest_clips=int(np.bincount(groups, weights=clips).max(initial=0)),
        splits=tuple(_rows(name, places == place, groups, counted) for place, name in enumerate(names)),
    )


def _told(each: Links, kin: Sequence[SourceIdentity], places: Ints, settings: SplitSettings) -> LinkFacts:
    held = {VOICE: settings.voice, FACE: settings.face}
    nearest = None
    if each.kind in held:
        nearest = closest([one.voices if each.kind == VOICE else one.faces for one in kin], places)
    return LinkFacts(kind=each.kind, links=len(each.pairs), crossing=0, threshold=held.get(each.kind), nearest=nearest)


def _rows(name: str, mine: npt.NDArray[np.bool_], groups: Ints, counted: CountedSources) -> SplitRows:
    clips = counted.clips[mine].sum(axis=0)
    labels = {label: int(count) for label, count in zip(counted.labels, clips.tolist(), strict=True) if count}
    return SplitRows(
        split=name, sources=int(mine.sum()), components=len(np.unique(groups[mine])), clips=int(clips.sum()), labels=labels
    )


def _leak(kin: Sequence[SourceIdentity], links: Sequence[Links], one: int, other: int) -> str:
    steps = _chain(links, one, other)
    told = kin[one].file + "".join(f" has {_SAID[kind]} as {kin[place].file}" + ", which" for kind, place in steps)
    return (
        f"sources.csv: {kin[one].file} is in {kin[one].given} and {kin[other].file} in {kin[other].given}, which leaks: "
        f"{told.removesuffix(', which')}; state one split for them, or take one away"
    )


def _chain(links: Sequence[Links], one: int, other: int) -> list[tuple[str, int]]:
    """Return the fewest links from one source to another: the kind of each, and where it leads."""
    beside: dict[int, list[tuple[str, int]]] = {}
    for each in links:
        for a, b in each.pairs.tolist():
            beside.setdefault(a, []).append((each.kind, b))
            beside.setdefault(b, []).append((each.kind, a))
    came: dict[int, tuple[str, int]] = {one: ("", one)}
    queue = deque([one])
    while queue and other not in came:
        here = queue.popleft()
        for kind, there in beside.get(here, ()):
            if there not in came:
                came[there] = (kind, here)
                queue.append(there)
    steps = []
    while other != one:
        steps.append((came[other][0], other))
        other = came[other][1]
    return steps[::-1]
