"""What becomes of an utterance too short for a clip: widened into the silence around it, or joined to what is near."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from schemas.claims import Turn
from schemas.values import Span

_SCRAP = 0.3
"""Seconds below which what a cut leaves of an utterance goes with the rest of it."""
_TOUCH = 1e-3


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """Speech of one speaker that is to become a clip; with a reason where it cannot."""

    span: Span
    speaker: str | None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Seconds of the least and of the longest clip, and how far apart two pieces may be joined."""

    least: float
    longest: float
    near: float


def widened(pieces: Sequence[Spoken], turns: Sequence[Turn], shots: Sequence[Span], bounds: Bounds) -> tuple[Spoken, ...]:
    """Return the pieces in order of time, none of them too short where there is room for more.

    A piece that is too short is widened into what nobody says around it inside its shot; else it is joined to the nearest piece
    of its own speaker, else widened across the cut, else joined to the nearest piece of anybody. What is left has a reason. No
    piece is widened into somebody else's speech, nor into another piece.
    """
    left = sorted(pieces, key=_order)
    while (
        short := next((one for one in left if one.reason is None and one.span.duration < bounds.least - _TOUCH), None)
    ) is not None:
        rest = [piece for piece in left if piece is not short]
        left = sorted(_placed(short, rest, turns, shots, bounds), key=_order)
    return tuple(left)


def _placed(short: Spoken, rest: Sequence[Spoken], turns: Sequence[Turn], shots: Sequence[Span], bounds: Bounds) -> list[Spoken]:
    """Return the other pieces with the short one among them, or in one of them."""
    own = [piece for piece in rest if piece.speaker == short.speaker]
    scrap = short.span.duration < _SCRAP and any(_gap(short.span, piece.span) <= _TOUCH for piece in own)
    taken = [turn.span for turn in turns] + [piece.span for piece in rest]
    in_shot = _room(short.span, taken, next((shot for shot in shots if shot.overlap(short.span) > 0), short.span))
    if not scrap and in_shot.duration >= bounds.least:
        return [*rest, replace(short, span=_grown(short.span, in_shot, bounds.least))]
    if (joined := _joined(short, own, rest, bounds)) is not None:
        return joined
    whole = Span(start=min(shot.start for shot in shots), end=max(shot.end for shot in shots))
    anywhere = _room(short.span, taken, whole)
    if anywhere.duration >= bounds.least:
        return [*rest, replace(short, span=_grown(short.span, anywhere, bounds.least))]
    if (joined := _joined(short, rest, rest, bounds)) is not None:
        return joined
    reason = (
        f"{short.span.duration:.2f} s of one speaker in one shot is less than the minimum of {bounds.least:g} s, and there is "
        "neither silence around it nor a clip to join it to"
    )
    return [*rest, replace(short, reason=reason)]


def _room(span: Span, taken: Sequence[Span], within: Span) -> Span:
    """Return the stretch around the span that touches nothing else that is taken: what overlaps it ends it where it stands."""
    others = [one for one in taken if not (span.start - _TOUCH <= one.start and one.end <= span.end + _TOUCH)]
    # A turn that this piece is cut out of begins before it or ends after it.
    before = max((min(one.end, span.start) for one in others if one.start < span.start), default=within.start)
    after = min((max(one.start, span.end) for one in others if one.end > span.end), default=within.end)
    return Span(start=min(span.start, max(within.start, before)), end=max(span.end, min(within.end, after)))


def _grown(span: Span, room: Span, least: float) -> Span:
    """Return `least` seconds of the room around the middle of the span."""
    start = round(max(room.start, min(span.middle - least / 2, room.end - least)), 3)
    return Span(start=start, end=round(start + least, 3))


def _joined(short: Spoken, candidates: Sequence[Spoken], rest: Sequence[Spoken], bounds: Bounds) -> list[Spoken] | None:
    """Return the pieces with the short one inside the nearest candidate that stays short enough; None where there is none."""
    near = sorted(candidates, key=lambda piece: (_gap(short.span, piece.span), piece.speaker != short.speaker, _order(piece)))
    for piece in near:
        span = Span(start=min(piece.span.start, short.span.start), end=max(piece.span.end, short.span.end))
        if _gap(short.span, piece.span) > bounds.near:
            return None
        between = any(
            one is not piece and one.span.overlap(span) > max(one.span.overlap(piece.span), one.span.overlap(short.span)) + _TOUCH
            for one in rest
        )
        if span.duration <= max(bounds.longest, piece.span.duration) and not between:
            return [replace(one, span=span) if one is piece else one for one in rest]
    return None


def _gap(one: Span, other: Span) -> float:
    return max(0.0, other.start - one.end, one.start - other.end)


def _order(piece: Spoken) -> tuple[float, float, str]:
    return (piece.span.start, piece.span.end, piece.speaker or "")
