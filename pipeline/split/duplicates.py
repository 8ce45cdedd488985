"""The same scene in two sources, in another encoding, trimmed, mirrored or re-uploaded: found by fingerprints, kept once.

Pure. What is heard and what is seen are judged apart. The scene is the same where all that both sources have agrees; where only
one of the two does (a dubbing, a song under two films, a cropped picture), the sources are linked and both are kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from pipeline.split.alignment import Codes, Small, Stretch, aligned, meetings, nearest, offsets, often, stretches, voted
from schemas.claims import Fingerprint
from schemas.validate import Positive, Proportion
from schemas.values import Span

_VOTES = 2
"""Equal pieces of code, at one offset, that make two sources worth comparing: chance gives one, the same scene dozens."""
_OFFSETS = 4
"""At most so many, of pictures alone, for one pair of sources."""
_CLOSER = 0.6
"""Pictures must be at most so much as far apart as those of one source a second apart: two takes of one calm face are not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DuplicateSettings:
    """When two stretches are the same; the shares are measured (`python -m tests.benchmarks.duplicates`)."""

    seconds: Positive = 2.0
    """Shortest stretch, in seconds of codes (sound: 2.8 s more)."""
    sound: Proportion = 0.15
    """Share of bits in which sound may differ: the same is at 0.04 or less, other speech at 0.25 or more."""
    picture: Proportion = 0.18
    """Share of bits in which pictures may differ: the same is at 0.08 or less on average, other scenes at 0.41 or more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A stretch that two sources share, by their numbers: `first` is the one to keep."""

    first: int
    second: int
    start: float
    """In the first, seconds."""
    offset: float
    """How much later it is in the second, seconds."""
    seconds: float
    heard: bool | None
    """Whether the sound is the same; None where one of the two has none."""
    seen: bool | None
    """Whether the picture is the same; None where one of the two has none."""
    mirrored: bool = False

    @property
    def same(self) -> bool:
        """Tell whether it is the same scene, to be kept once; otherwise the two only belong together."""
        return self.heard is not False and self.seen is not False

    @property
    def span(self) -> Span:
        """Return the stretch in the second source."""
        start = self.start + self.offset
        return Span(start=round(start, 3), end=round(start + self.seconds, 3))


@dataclass(frozen=True, slots=True)
class Tape:
    """The fingerprint of one stream of one source."""

    codes: Codes
    rate: float
    reach: float
    by: str

    def within(self, start: float, seconds: float) -> slice:
        """Return the rows of a stretch of time."""
        return slice(max(0, round(start * self.rate)), max(0, round((start + seconds) * self.rate)))


def tape(prints: Iterable[Fingerprint], stream: str) -> Tape | None:
    """Return the codes of a stream, none of them where it is too short; None where it is not there, or silent or black."""
    for told in prints:
        if told.stream == stream:
            codes = np.frombuffer(bytes.fromhex(told.codes), np.uint8).reshape(-1, told.bits // 8)
            return Tape(codes, told.rate, told.reach, told.by) if codes.any() or not len(codes) else None
    return None


def mirrored(codes: Codes) -> Codes:
    """Return the codes of the mirrored pictures: the odd columns of their cosine transform change sign."""
    flipped = codes ^ np.uint8(0b01010101)
    flipped[~codes.any(axis=1)] = 0
    return flipped


def matches(sources: Sequence[Sequence[Fingerprint]], settings: DuplicateSettings) -> tuple[Match, ...]:
    """Return all stretches that two sources share, in order; sources are given in the order in which they are to be kept."""
    heard = [tape(prints, "audio") for prints in sources]
    seen = [tape(prints, "video") for prints in sources]
    found = list(_heard(heard, seen, settings))
    covered: dict[tuple[int, int], list[Match]] = {}
    for match in found:
        covered.setdefault((match.first, match.second), []).append(match)
    for match in _seen(heard, seen, settings):
        if not any(_overlap(match, other) for other in covered.get((match.first, match.second), ())):
            found.append(match)
    return tuple(sorted(found, key=lambda match: (match.second, match.start + match.offset, match.first, match.offset)))


def _overlap(one: Match, other: Match) -> bool:
    return min(one.start + one.seconds, other.start + other.seconds) - max(one.start, other.start) > one.seconds / 2


def _heard(heard: Sequence[Tape | None], seen: Sequence[Tape | None], settings: DuplicateSettings) -> Iterator[Match]:
    found: dict[tuple[int, int], list[int]] = {}
    for index in _indexes(heard):
        found |= offsets(*meetings(*index), _VOTES)
    for (first, second), shifts in sorted(found.items()):
        one, other = _both(heard, first, second)
        window = max(1, round(settings.seconds * one.rate))
        for shift in shifts:
            for part in stretches(one.codes, other.codes, shift, window, settings.sound):
                match = _match(first, second, part, one, heard=True)
                yield _looked_at(match, seen[first], seen[second], settings)


def _seen(heard: Sequence[Tape | None], seen: Sequence[Tape | None], settings: DuplicateSettings) -> Iterator[Match]:
    many = len(seen)
    flipped = [replace(one, codes=mirrored(one.codes)) if one else None for one in seen]
    found: set[tuple[int, int]] = set()
    for index in _indexes([*seen, *flipped]):
        found |= set(often(*meetings(*index)[:2], _VOTES))
    for first, second in sorted(found):
        if first >= many or second % many <= first:
            continue
        one, other = _both([*seen, *flipped], first, second)
        for part in _moving(one, other.codes, settings):
            match = replace(_match(first, second % many, part, one, seen=True), mirrored=second >= many)
            yield replace(match, heard=_listened_to(match, heard[first], heard[second % many], settings))


def _moving(one: Tape, other: Codes, settings: DuplicateSettings) -> Iterator[Stretch]:
    """Yield where pictures run alike, closer than the source is to itself a second later."""
    window = max(1, round(settings.seconds * one.rate))
    for shift in voted(nearest(one.codes, other, settings.picture), window)[:_OFFSETS]:
        for part in stretches(one.codes, other, shift, window, settings.picture):
            rows = slice(part.first, part.first + part.count)
            apart = _mean(one.codes, other, rows, shift)
            later = _mean(one.codes, one.codes, rows, max(1, round(one.rate)))
            if apart is not None and later is not None and apart <= _CLOSER * later:
                yield part


def _indexes(tapes: Sequence[Tape | None]) -> Iterator[tuple[Codes, Small, Small]]:
    """Yield for each author the codes of all sources, whose each is, and at which place: codes of two authors do not compare."""
    for by in sorted({one.by for one in tapes if one is not None}):
        mine = [(number, one.codes) for number, one in enumerate(tapes) if one is not None and one.by == by]
        codes = np.concatenate([codes for _, codes in mine])
        owners = np.repeat(np.array([number for number, _ in mine], np.int32), [len(codes) for _, codes in mine])
        places = np.concatenate([np.arange(len(codes), dtype=np.int32) for _, codes in mine])
        known = codes.any(axis=1)
        yield codes[known], owners[known], places[known]


def _both(tapes: Sequence[Tape | None], first: int, second: int) -> tuple[Tape, Tape]:
    one, other = tapes[first], tapes[second]
    if one is None or other is None:
        raise ValueError(f"sources {first} and {second} met without codes")
    return one, other


def _match(first: int, second: int, part: Stretch, one: Tape, *, heard: bool | None = None, seen: bool | None = None) -> Match:
    return Match(
        first=first,
        second=second,
        start=round(part.first / one.rate, 3),
        offset=round(part.offset / one.rate, 3),
        seconds=round((part.count - 1) / one.rate + one.reach, 3),
        heard=heard,
        seen=seen,
    )


def _looked_at(match: Match, one: Tape | None, other: Tape | None, settings: DuplicateSettings) -> Match:
    """Return a match by sound with what the pictures of that stretch say."""
    if one is None or other is None or one.by != other.by:
        return match
    for turned in (False, True):
        differs = _differs(match, one, replace(other, codes=mirrored(other.codes)) if turned else other, slack=1)
        if differs is None:
            return match
        if differs <= settings.picture:
            return replace(match, seen=True, mirrored=turned)
    return replace(match, seen=False)


def _listened_to(match: Match, one: Tape | None, other: Tape | None, settings: DuplicateSettings) -> bool | None:
    """Return whether the sound of a stretch that looks the same is the same; what is too short to be judged is not."""
    if one is None or other is None or one.by != other.by:
        return None
    if not len(one.codes) or not len(other.codes):
        return False
    differs = _differs(match, one, other, slack=round(one.rate))
    return None if differs is None else differs <= settings.sound


def _differs(match: Match, one: Tape, other: Tape, slack: int) -> float | None:
    """Return the share of bits in which a stretch differs, at the best offset within the slack; None without any to compare."""
    rows, shift = one.within(match.start, match.seconds), round(match.offset * one.rate)
    found = (_mean(one.codes, other.codes, rows, shift + step) for step in range(-slack, slack + 1))
    return min((value for value in found if value is not None), default=None)


def _mean(one: Codes, other: Codes, rows: slice, shift: int) -> float | None:
    begin, differ = aligned(one, other, shift)
    part = differ[max(0, rows.start - begin) : max(0, rows.stop - begin)]
    known = part[~np.isnan(part)]
    return float(known.mean()) if len(known) else None


@dataclass(frozen=True, slots=True)
class Copy:
    """A stretch of a source that another source holds too, and keeps."""

    span: Span
    kept: int
    """Number of the source that keeps it."""
    at: float
    """Where it is in that source, seconds."""


def copies(found: Iterable[Match]) -> dict[int, tuple[Copy, ...]]:
    """Return by source, in order of time, the stretches that an earlier source keeps."""
    told: dict[int, list[Copy]] = {}
    for match in found:
        if match.same:
            told.setdefault(match.second, []).append(Copy(match.span, match.first, match.start))
    return {number: tuple(parts) for number, parts in told.items()}


def copied(span: Span, parts: Iterable[Copy]) -> Copy | None:
    """Return the copy that holds most of a clip's span, None where no copy holds half of it."""
    held = [(part, shared.duration) for part in parts if (shared := part.span & span) is not None]
    best = max(held, key=lambda each: (each[1], -each[0].kept), default=None)
    return best[0] if best is not None and best[1] >= span.duration / 2 else None
