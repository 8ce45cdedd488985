"""Which face tracks of a source are one person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from annotators.annotator import Annotator, Scope
from schemas.claims import Claim, FaceTrack, Person
from schemas.record import Clip

Vectors = npt.NDArray[np.float64]
_APART = 1e9
"""Distance of two who are seen at once: no mean over thousands of pairs brings it below a threshold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackGroup:
    """Tracks that are one person: their numbers in order of appearance, and the sum of their vectors."""

    members: tuple[int, ...]
    total: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class AgglomerativePersons(Annotator[Clip, None]):
    """Average-linkage clustering of likenesses by cosine distance; persons P0, P1, … in order of first appearance.

    Two tracks seen at the same time in one clip are never one person. A track without likeness gets no person. Memory grows with
    the square of `block`: of more tracks, blocks are clustered alone and their groups then by their mean vectors.
    """

    name: ClassVar[str] = "persons.agglomerative"
    version: ClassVar[str] = "1"
    scope: ClassVar[Scope] = "clips of a source"
    requires: ClassVar[tuple[str, ...]] = ("faces", "likenesses")
    provides: ClassVar[tuple[str, ...]] = ("persons",)
    shared: ClassVar[bool] = True

    threshold: float = 0.6
    """Mean cosine distance up to which two groups are one person."""
    block: int = 4000
    """Most tracks that are compared each with each (4,000: 0.3 GB)."""

    def load(self, device: str) -> None:
        """Return nothing: there is no model."""

    def annotate(self, model: None, records: Sequence[Clip]) -> Sequence[tuple[Claim, ...]]:
        """Return the persons of all clips of one source, given in order of time."""
        places = [(number, face) for number, clip in enumerate(records) for face in _likened(clip)]
        vectors = [_vector(records[number], face.track) for number, face in places]
        groups = cluster(np.asarray(vectors), seen_together(places), self.threshold, self.block)
        names = {member: f"P{number}" for number, group in enumerate(groups) for member in group}
        claims: list[list[Claim]] = [[] for _ in records]
        for member, (number, face) in enumerate(places):
            claims[number].append(Person(by=self.key, track=face.track, person=names[member]))
        return [tuple(found) for found in claims]


def seen_together(places: Sequence[tuple[int, FaceTrack]]) -> set[tuple[int, int]]:
    """Return the pairs (lower number first) of tracks of one clip that are seen at two or more of the same times."""
    by_clip: dict[int, list[int]] = {}
    for member, (number, _) in enumerate(places):
        by_clip.setdefault(number, []).append(member)
    times = [frozenset(round(time, 3) for time in face.times) for _, face in places]
    return {(a, b) for members in by_clip.values() for a in members for b in members if a < b and len(times[a] & times[b]) >= 2}


def cluster(vectors: Vectors, apart: set[tuple[int, int]], threshold: float, block: int) -> list[tuple[int, ...]]:
    """Return groups of row numbers, each ascending, in order of their first member."""
    groups = [TrackGroup(members=(number,), total=tuple(vector)) for number, vector in enumerate(vectors)]
    while True:
        before = len(groups)
        blocks = [groups[start : start + block] for start in range(0, before, block)]
        groups = sorted((group for part in blocks for group in _merge(part, apart, threshold)), key=lambda group: group.members)
        if len(blocks) <= 1 or len(groups) == before:
            return [group.members for group in groups]


def _merge(groups: Sequence[TrackGroup], apart: set[tuple[int, int]], threshold: float) -> list[TrackGroup]:
    from scipy.cluster.hierarchy import fcluster, linkage  # noqa: PLC0415
    from scipy.spatial.distance import squareform  # noqa: PLC0415

    if len(groups) < 2:
        return list(groups)
    means = np.asarray([group.total for group in groups]) / [[len(group.members)] for group in groups]
    # Of unit vectors, 1 - mean · mean is the mean cosine distance over all pairs of members.
    distances = 1 - means @ means.T
    np.fill_diagonal(distances, 0)
    distances = np.clip(distances, 0, 2)
    at = {member: number for number, group in enumerate(groups) for member in group.members}
    for a, b in apart:
        if a in at and b in at and at[a] != at[b]:
            distances[at[a], at[b]] = distances[at[b], at[a]] = _APART
    named = fcluster(linkage(squareform(distances, checks=False), "average"), threshold, "distance")
    merged: dict[int, list[TrackGroup]] = {}
    for name, group in zip(named, groups, strict=True):
        merged.setdefault(int(name), []).append(group)
    return [_joined(parts) for parts in merged.values()]


def _joined(parts: Sequence[TrackGroup]) -> TrackGroup:
    members = sorted(member for part in parts for member in part.members)
    total = np.sum([part.total for part in parts], axis=0)
    return TrackGroup(members=tuple(members), total=tuple(float(x) for x in total))


def _likened(clip: Clip) -> list[FaceTrack]:
    known = {likeness.track for likeness in clip.likenesses}
    return sorted((face for face in clip.faces if face.track in known), key=lambda face: (face.span.start, face.track))


def _vector(clip: Clip, track: str) -> tuple[float, ...]:
    return next(likeness.embedding for likeness in clip.likenesses if likeness.track == track)
