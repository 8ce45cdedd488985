"""How far a face and a voice belong together: of one clip, and of all clips in which the same two meet. Pure.

Measured on 300 s of one actor (face of 54 pixels, bearded, standing, sitting, in profile), his own speech against the same speech
1 and 3 s late and against another man's, per piece of T seconds; the area under the curve of `fit` alone:

    T     1 s late   3 s late   another man
    1.5     .93        .83         .91
    3       .95        .91         .92
    5       .98        .95         .95
    8      1.00        .95         .97
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from schemas.claims import FaceTrack
from schemas.record import Clip

_BIAS, _LEVEL, _RISE, _PEAK = -1.67, 0.44, 0.94, 1.07
"""Of the logistic regression that the table above comes from; 3 true pieces for each false one of each kind."""
_WHOLE = 1.5
"""Seconds of speech from which a fit counts in full."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """One face while the clip's speaker is heard."""

    clip: int
    """Number of the clip."""
    speaker: str
    """As the turns name it."""
    person: str
    """Of all clips of the source; a name of its own where nobody knows whose face it is."""
    track: str
    seconds: float
    """Speech of the clip's speaker during which the face is seen."""
    fits: tuple[float, ...]
    """Mean logit that the face speaks, where the sound is, then where it is moved."""

    @property
    def level(self) -> float:
        """Return the mean logit that the face speaks."""
        return self.fits[0]


def meetings(clips: Sequence[Clip]) -> list[Meeting]:
    """Return every face that was looked at while the speaker of its clip is heard, in order of clip and track."""
    found = []
    for number, clip in enumerate(clips):
        persons = {one.track: one.person for one in clip.persons}
        for told in clip.speaking if clip.speaker is not None else ():
            if told.fits:
                found.append(
                    Meeting(
                        clip=number,
                        speaker=clip.speaker or "",
                        person=persons.get(told.track, f"{number}.{told.track}"),
                        track=told.track,
                        seconds=told.seconds,
                        fits=told.fits,
                    )
                )
    return found


def pooled(parts: Iterable[Meeting]) -> tuple[float, tuple[float, ...]]:
    """Return seconds and fits of several meetings, each by its seconds; (0.0, ()) of none."""
    held = [one for one in parts if one.seconds > 0]
    seconds = sum(one.seconds for one in held)
    if not seconds:
        return 0.0, ()
    lags = range(min(len(one.fits) for one in held))
    return seconds, tuple(sum(one.seconds * one.fits[lag] for one in held) / seconds for lag in lags)


def rise(fits: Sequence[float]) -> float:
    """Return by how much the sound fits better where it is than elsewhere on average: 2 for one's own voice, 0 for another's."""
    return fits[0] - sum(fits[1:]) / len(fits[1:]) if len(fits) > 1 else 0.0


def fit(seconds: float, fits: Sequence[float]) -> float:
    """Return the log odds that a face says what is heard, from the level and from how it falls when the sound is moved.

    Short speech says less: up to 1.5 s what speaks for it counts by the root of its share of that.
    """
    if len(fits) < 2:
        return -math.inf
    peak = fits[0] - max(fits[1:])
    odds = _BIAS + _LEVEL * _within(fits[0], 4) + _RISE * _within(rise(fits), 4) + _PEAK * _within(peak, 3)
    return odds * math.sqrt(min(1.0, seconds / _WHOLE)) if odds > 0 else odds


def _within(value: float, limit: float) -> float:
    return max(-limit, min(limit, value))


def looked_at(clip: Clip) -> tuple[FaceTrack, ...]:
    """Return the faces of which it was measured whether they speak."""
    told = {one.track for one in clip.speaking if one.fits}
    return tuple(face for face in clip.faces if face.track in told)


def found_faces(clip: Clip) -> int:
    """Return how many faces were found, followed or not."""
    return len(clip.faces) + sum(one.faces for one in clip.overlooked)
