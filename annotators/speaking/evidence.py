"""How far a face and a voice belong together: of one clip, and of all clips in which the same two meet. Pure.

The sound is moved against the picture: of one's own voice the logit that the face speaks is highest where the sound is, or up to
0.3 s earlier (mouths move before they are heard, and films are not in step to the picture); of another it is flat, or higher
elsewhere.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from schemas.claims import FaceTrack
from schemas.record import Clip

NOBODY = ""
"""Whoever is not told from others: in profile, blurred, small."""
Fits = Mapping[float, float]
"""Mean logit that the face speaks, by the seconds by which the sound is moved; 0.0 is always there."""

_BIAS, _LEVEL, _RISE, _PEAK = -0.72, 0.35, 0.38, 1.92
"""Of a logistic regression on 65 clips of one actor; three true clips for one each 1 s late, 3 s late, and of another's voice."""
_EARLY, _LATE = -0.33, 0.01
"""Seconds within which the sound is where it belongs."""
_FAR_EARLY, _FAR_LATE = -0.5, 0.45
"""Seconds from which it is elsewhere; in between the peak of one's own voice falls."""
_LEAST_SPREAD = 0.05
"""Of logits elsewhere: no pool is so long that they differ by less."""
_USUAL, _LONG = 3.0, 6.0
"""Seconds of speech by whose root a fall counts: in full at the first, no more from the second on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """One face while the clip's speaker is heard."""

    clip: int
    """Number of the clip."""
    speaker: str
    """As the turns name it."""
    person: str
    """Of all clips of the source; `NOBODY` where it is not known whose face it is."""
    track: str
    seconds: float
    """Speech of the clip's speaker during which the face is seen."""
    fits: Fits

    @property
    def level(self) -> float:
        """Return the mean logit that the face speaks."""
        return self.fits[0.0]


def met_faces(clips: Sequence[Clip]) -> list[Meeting]:
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
                        person=persons.get(told.track, NOBODY),
                        track=told.track,
                        seconds=told.seconds,
                        fits=dict(zip(told.lags, told.fits, strict=True)),
                    )
                )
    return found


def pooled_fits(parts: Iterable[Meeting]) -> tuple[float, Fits]:
    """Return seconds and fits of several met_faces, each by its seconds; (0.0, {}) of none."""
    held = [one for one in parts if one.seconds > 0]
    lags = dict.fromkeys(lag for one in held for lag in one.fits)
    fits = {}
    for lag in lags:
        told = [(one.seconds, one.fits[lag]) for one in held if lag in one.fits]
        fits[lag] = sum(seconds * value for seconds, value in told) / sum(seconds for seconds, _ in told)
    return sum(one.seconds for one in held), fits


def rise(fits: Fits) -> float:
    """Return by how much the sound fits better where it is than elsewhere on average; 0.0 where it was not moved."""
    far = _elsewhere(fits)
    return _here(fits) - sum(far) / len(far) if far else 0.0


def peak(fits: Fits) -> float:
    """Return by how much the sound fits better where it is than where it fits best elsewhere; 0.0 where it was not moved."""
    far = _elsewhere(fits)
    return _here(fits) - max(far) if far else 0.0


def clear(fits: Fits) -> float:
    """Return by how many standard deviations of how it fits elsewhere the sound fits better where it is; 0.0 of one elsewhere."""
    far = _elsewhere(fits)
    if len(far) < 2:
        return 0.0
    mean = sum(far) / len(far)
    spread = math.sqrt(sum((value - mean) ** 2 for value in far) / len(far))
    return (_here(fits) - mean) / max(_LEAST_SPREAD, spread)


def log_odds(seconds: float, fits: Fits) -> float:
    """Return the log odds that a face says what is heard, from the level and from how it falls when the sound is moved.

    Of little speech the fall says less: it counts by the root of the seconds.
    """
    share = math.sqrt(min(seconds, _LONG) / _USUAL)
    fall = _RISE * _within(rise(fits), 4) + _PEAK * _within(peak(fits), 3)
    return _BIAS + _LEVEL * _within(fits[0.0], 4) + share * fall


def _here(fits: Fits) -> float:
    return max(value for lag, value in fits.items() if _EARLY <= lag <= _LATE)


def _elsewhere(fits: Fits) -> list[float]:
    return [value for lag, value in fits.items() if not _FAR_EARLY < lag < _FAR_LATE]


def _within(value: float, limit: float) -> float:
    return max(-limit, min(limit, value))


def looked_at(clip: Clip) -> tuple[FaceTrack, ...]:
    """Return the faces of which it was measured whether they speak."""
    told = {one.track for one in clip.speaking if one.fits}
    return tuple(face for face in clip.faces if face.track in told)


def found_faces(clip: Clip) -> int:
    """Return how many faces were found, followed or not."""
    return len(clip.faces) + sum(one.faces for one in clip.overlooked)
