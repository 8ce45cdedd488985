"""Whose face a clip is about, and when that person talks: then the mouth says words, not feelings."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from schemas.claims import FaceTrack
from schemas.record import Clip


def target_face(clip: Clip) -> FaceTrack | None:
    """Return the face track of the target, None where the target is not seen."""
    tracks = {face.track: face for face in clip.faces}
    return next((tracks[target.track] for target in clip.targets if target.track in tracks), None)


def talks(clip: Clip, times: Sequence[float], margin: float) -> npt.NDArray[np.bool_]:
    """Tell for each time in seconds whether the target talks, `margin` seconds around each word included.

    Where no words are known, all of the speaker's turns count, or the whole clip where there are none either.
    """
    at = np.asarray(times, np.float64)
    if clip.speaker is None:
        return np.zeros(len(at), np.bool_)
    spans = [word.span for word in clip.words if word.speaker in (clip.speaker, None)]
    spans = spans or [turn.span for turn in clip.turns if turn.speaker == clip.speaker]
    if not spans:
        return np.ones(len(at), np.bool_)
    inside = np.zeros(len(at), np.bool_)
    for span in spans:
        inside |= (at >= span.start - margin) & (at < span.end + margin)
    return inside
