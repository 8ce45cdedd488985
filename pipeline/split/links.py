"""Which sources belong together: the same speaker by name, the same voice, the same face, the same scene.

Pure. Every pair of voices and of faces is compared, block by block: nothing is left to an approximate index, so that a split
without leaks is one by every link that the thresholds make.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from pydantic import TypeAdapter

from pipeline.clips.kept import Index
from pipeline.ingest.sources import spelt
from pipeline.runtime.context import RunContext
from schemas.claims import Fingerprint
from schemas.record import Clip

Ints = npt.NDArray[np.int64]
Vectors = npt.NDArray[np.float32]
SPEAKER, VOICE, FACE, SCENE = KINDS = ("speaker", "voice", "face", "scene")
_BLOCK = 4096
"""So many vectors are compared with so many others at a time: 64 MB."""
_MANY = 4_000_000
"""Pairs that are gathered before those that say the same are thrown out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PackedVector:
    """A voice or a face of one source."""

    by: str
    """Author: vectors of two authors do not compare."""
    packed: str
    """Hex of 32-bit floats, little endian: a hundred thousand sources are in memory at once."""

    @classmethod
    def of(cls, by: str, values: Iterable[float]) -> PackedVector:
        """Return a vector of these values."""
        return cls(by=by, packed=np.array([*values], "<f4").tobytes().hex())

    @property
    def values(self) -> Vectors:
        """Return the values."""
        return np.frombuffer(bytes.fromhex(self.packed), "<f4")


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceIdentity:
    """All about a source that can tie it to others."""

    source_id: str
    file: str
    duration: float
    pictured: bool
    given: str | None = None
    """Split that `sources.csv` states."""
    names: tuple[str, ...] = ()
    """Speakers that `sources.csv` states."""
    voices: tuple[PackedVector, ...] = ()
    faces: tuple[PackedVector, ...] = ()
    fingerprints: tuple[Fingerprint, ...] = ()

    @classmethod
    def of(cls, clips: Sequence[Clip], fingerprints: Sequence[Fingerprint], seconds: float) -> SourceIdentity:
        """Return what the clips of one source say: the voice of each speaker heard for so long, the face of each person."""
        source = clips[0].source
        voices = {told.speaker: told for clip in clips for told in clip.speakers if told.seconds >= seconds}
        return cls(
            source_id=source.source_id,
            file=source.file,
            duration=source.duration,
            pictured="video" in source.streams,
            given=source.split,
            names=source.speakers,
            voices=tuple(PackedVector.of(told.by, told.embedding) for _, told in sorted(voices.items())),
            faces=tuple(_faces(clips)),
            fingerprints=tuple(fingerprints),
        )


def _faces(clips: Iterable[Clip]) -> Iterator[PackedVector]:
    """Yield the mean face of each person; a track that nobody named is a person of its own."""
    held: dict[tuple[str, str], list[tuple[float, ...]]] = {}
    for clip in clips:
        persons = {claim.track: claim.person for claim in clip.persons}
        for face in clip.likenesses:
            held.setdefault((face.by, persons.get(face.track, f"{clip.clip_id} {face.track}")), []).append(face.embedding)
    for (by, _), vectors in sorted(held.items()):
        yield PackedVector.of(by, (round(float(x), 6) for x in np.mean(vectors, axis=0)))


@dataclass(frozen=True, slots=True, eq=False)
class Links:
    """Pairs of sources, by number, lower first, each once and in order, that one kind of evidence ties."""

    kind: str
    pairs: Ints
    """(links, 2)."""

    @classmethod
    def of(cls, kind: str, pairs: Iterable[tuple[int, int]]) -> Links:
        """Return the links of pairs in any order; a source is not linked to itself."""
        return cls(kind, _tidy(np.array([*pairs], np.int64).reshape(-1, 2)))


def kept_first(kin: Iterable[SourceIdentity]) -> list[SourceIdentity]:
    """Return sources in the order in which a scene is kept: with picture before without, long before short, then by id."""
    return sorted(kin, key=lambda one: (not one.pictured, -one.duration, one.source_id))


def named_links(kin: Sequence[SourceIdentity]) -> Links:
    """Return the links between sources for which `sources.csv` names the same speaker: each with the one before it."""
    last: dict[str, int] = {}
    pairs = []
    for number, one in enumerate(kin):
        for name in sorted({spelt(name) for name in one.names}):
            if name in last:
                pairs.append((last[name], number))
            last[name] = number
    return Links.of(SPEAKER, pairs)


def alike_links(kind: str, vectors: Sequence[Sequence[PackedVector]], threshold: float, block: int = _BLOCK) -> Links:
    """Return the links between sources that hold vectors of one author with a cosine of at least the threshold."""
    pairs = [found for rows, owners in by_author(vectors) for found in _near(rows, owners, threshold, block)]
    return Links(kind, _tidy(np.concatenate([np.zeros((0, 2), np.int64), *pairs])))


def by_author(vectors: Sequence[Sequence[PackedVector]]) -> Iterator[tuple[Vectors, Ints]]:
    """Yield for each author the vectors at unit length, and the number of the source of each."""
    for by in sorted({vector.by for held in vectors for vector in held}):
        mine = [(number, vector.values) for number, held in enumerate(vectors) for vector in held if vector.by == by]
        rows = np.array([values for _, values in mine])
        lengths = np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
        yield rows / lengths, np.array([number for number, _ in mine], np.int64)


def blocks(rows: Vectors, block: int) -> Iterator[tuple[int, int, npt.NDArray[np.float32]]]:
    """Yield the cosines of all pairs of rows, in blocks of the upper triangle: where a block starts, and the block."""
    for top in range(0, len(rows), block):
        for left in range(top, len(rows), block):
            yield top, left, rows[top : top + block] @ rows[left : left + block].T


def _near(rows: Vectors, owners: Ints, threshold: float, block: int) -> Iterator[Ints]:
    held: list[Ints] = []
    for top, left, cosines in blocks(rows, block):
        one, other = np.nonzero(cosines >= threshold)
        held.append(np.stack([owners[one + top], owners[other + left]], axis=1))
        if sum(map(len, held)) > _MANY:
            held = [_tidy(np.concatenate(held))]
    yield _tidy(np.concatenate(held)) if held else np.zeros((0, 2), np.int64)


def _tidy(pairs: Ints) -> Ints:
    """Return each pair once, lower number first, none of a source with itself, in order."""
    low, high = pairs.min(axis=1, initial=1 << 31), pairs.max(axis=1, initial=-1)
    keys = np.unique((low << 32 | high)[low < high])
    return np.stack([keys >> 32, keys & 0xFFFFFFFF], axis=1)


def closest(vectors: Sequence[Sequence[PackedVector]], groups: Ints) -> float | None:
    """Return the highest cosine between vectors of sources in different groups, None where there is no such pair."""
    best = -2.0
    for rows, owners in by_author(vectors):
        order = np.argsort(groups[owners], kind="stable")
        ordered, group = rows[order], groups[owners][order]
        edges = np.searchsorted(group, np.arange(int(groups.max(initial=0)) + 2))
        spans = zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)
        best = max([best, *(_closest(ordered[start:end], ordered[end:]) for start, end in spans)])
    return None if best < -1.5 else round(best, 4)


def _closest(some: Vectors, others: Vectors) -> float:
    best = -2.0
    for top in range(0, len(some), _BLOCK):
        for left in range(0, len(others), _BLOCK):
            best = max(best, float((some[top : top + _BLOCK] @ others[left : left + _BLOCK].T).max()))
    return best


_KIN = TypeAdapter(SourceIdentity)


def identity_of(index: Index, context: RunContext) -> SourceIdentity:
    """Return what can tie a source to others."""
    if not index.kin:
        return SourceIdentity(source_id=index.source_id, file=index.source_id, duration=0.0, pictured=True)
    kin = context.store.get("kin", index.kin, _KIN)
    if kin is None:
        raise FileNotFoundError(f"what ties source {index.source_id} has vanished from the work folder {context.work}")
    return kin
