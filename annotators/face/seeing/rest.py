"""How a person holds the mouth at rest, from the track itself: faces differ, and so does what a model makes of them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from schemas.claims import FaceTrack
from schemas.vocabulary.spaces import space

Numbers = npt.NDArray[np.float64]
_JAW = space("arkit52").labels.index("jawOpen")
_REST = 10
"""Percentile: a mouth that talks closes for a tenth of the time at least."""


def above_rest(face: FaceTrack) -> Numbers:
    """Return how far the jaw is open beyond its rest at each time, as a blendshape, 0 to 1; zeros where no mesh fitted."""
    if not face.blendshapes:
        return np.zeros(len(face.times))
    jaw = np.asarray([row[_JAW] for row in face.blendshapes], np.float64)
    return np.asarray(np.maximum(0.0, jaw - np.percentile(jaw, _REST)))
