"""What became of the seconds of each source: in = out holds for time, too."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from schemas.record import DeadLetter, Gap
from schemas.values import Span
from schemas.versions.dead_letters import generalised

UNSPOKEN = "nobody speaks"
"""Why what is in no clip, in no dead letter and not lost is left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceExtent:
    """How long a source is, and what of it is missing."""

    source_id: str
    file: str
    streams: str
    seconds: float
    """Of what is in the file, and of what should still be in it."""
    gaps: tuple[Gap, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceAccount:
    """seconds = clips + all that was left out + all that is lost, to the millisecond."""

    source_id: str
    file: str
    seconds: float
    clips: float = 0.0
    """Seconds in clips; what is in several, once."""
    left: Mapping[str, float] = field(default_factory=dict)
    """Seconds left out, by reason."""
    lost: Mapping[str, float] = field(default_factory=dict)
    """Seconds without anything to see or hear, by reason."""


def account(extent: SourceExtent, clips: Iterable[Span], letters: Sequence[DeadLetter]) -> SourceAccount:
    """Return what became of each second of a source: in a clip before lost, lost before left out."""
    streams = extent.streams.split("+")
    lost = [(gap.reason, gap.span) for gap in extent.gaps if all(_missing(extent, one, gap.span) for one in streams)]
    parts = [(letter.clip_id is not None, f"{letter.step}: {generalised(letter.reason)}", letter.span) for letter in letters]
    whole = next((reason for cut, reason, _ in parts if not cut), None)
    rest = whole or (UNSPOKEN if "audio" in streams else "no clip was cut there")
    left = [(reason, span) for cut, reason, span in parts if cut and span is not None]
    taken, seconds = _Line(extent.seconds), extent.seconds
    return SourceAccount(
        source_id=extent.source_id,
        file=extent.file,
        seconds=_milliseconds(seconds),
        clips=sum(taken.take(span) for span in clips) / 1000,
        lost=_summed((reason, taken.take(span)) for reason, span in lost),
        left=_summed([*((reason, taken.take(span)) for reason, span in left), (rest, taken.rest())]),
    )


def _missing(extent: SourceExtent, stream: str, span: Span) -> bool:
    """Tell whether most of a span is missing in a stream."""
    return 2 * sum(gap.span.overlap(span) for gap in extent.gaps if gap.stream == stream) > span.duration


def without_clips(old: SourceAccount, clips: Iterable[Span], reason: str) -> SourceAccount:
    """Return the account of a source of which only these clips are left; what the others held is left out."""
    line = _Line(old.seconds)
    kept = sum(line.take(span) for span in clips) / 1000
    gone = _milliseconds(old.clips - kept)
    return replace(old, clips=kept, left=_summed([*_in_milliseconds(old.left), (reason, round(gone * 1000))]))


def without_source(old: SourceAccount, reason: str) -> SourceAccount:
    """Return the account of a source that was left out as a whole."""
    return replace(old, clips=0.0, lost={}, left={reason: old.seconds})


class _Line:
    """The milliseconds of a source, each of which is taken once."""

    def __init__(self, seconds: float) -> None:
        self._free = [(0, round(seconds * 1000))]

    def take(self, span: Span) -> int:
        """Return how many milliseconds of a span were free, and take them."""
        start, end = round(span.start * 1000), round(span.end * 1000)
        before = sum(b - a for a, b in self._free)
        pieces = [piece for a, b in self._free for piece in ((a, min(b, start)), (max(a, end), b)) if piece[0] < piece[1]]
        self._free = pieces if start < end else self._free
        return before - sum(b - a for a, b in self._free)

    def rest(self) -> int:
        """Return how many milliseconds are free."""
        return sum(b - a for a, b in self._free)


def _in_milliseconds(seconds: Mapping[str, float]) -> list[tuple[str, int]]:
    return [(reason, round(value * 1000)) for reason, value in seconds.items()]


def _summed(parts: Iterable[tuple[str, int]]) -> dict[str, float]:
    total: dict[str, int] = {}
    for reason, milliseconds in parts:
        total[reason] = total.get(reason, 0) + milliseconds
    return {reason: value / 1000 for reason, value in sorted(total.items(), key=lambda item: (-item[1], item[0])) if value}


def _milliseconds(seconds: float) -> float:
    return round(seconds * 1000) / 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondsTotal:
    """The accounts of all sources together."""

    seconds: float
    clips: float
    left: tuple[tuple[str, float], ...]
    """By reason, the most first."""
    lost: tuple[tuple[str, float], ...]


def totalled(accounts: Sequence[SourceAccount]) -> SecondsTotal:
    """Return the sum of accounts."""
    return SecondsTotal(
        seconds=_milliseconds(sum(one.seconds for one in accounts)),
        clips=_milliseconds(sum(one.clips for one in accounts)),
        left=tuple(_summed(part for one in accounts for part in _in_milliseconds(one.left)).items()),
        lost=tuple(_summed(part for one in accounts for part in _in_milliseconds(one.lost)).items()),
    )
