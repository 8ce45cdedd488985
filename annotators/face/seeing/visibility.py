"""Whether one sample of a face can be read at all, and if not, why. What cannot be read says nothing: it is not "neutral"."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from schemas.claims import FaceTrack

SMALL, TURNED, BLURRED, HIDDEN = "too small", "turned away", "blurred or dark", "hidden or without a mesh"
"""What stands in the way, in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """From where on a face is read."""

    smallest: float
    """Least height of the face box in pixels."""
    turned: float
    """Most degrees of yaw, to either side."""
    raised: float
    """Most degrees of pitch, up or down."""
    sharp: float
    """Least variance of the Laplacian of the face at 96 x 96 pixels."""
    certain: float
    """Least score of the finder: less may be no face."""
    misfit: float
    """Most disagreement of finder and mesh, in face heights: more is partly hidden."""


def obstacle(face: FaceTrack, number: int, height: float, sharpness: float, limits: Limits) -> str | None:
    """Return what stands in the way of reading a sample, None where nothing does; `height` of the face in pixels."""
    if height < limits.smallest:
        return SMALL
    if not face.yaw or face.scores[number] < limits.certain or (face.misfit and face.misfit[number] > limits.misfit):
        return HIDDEN
    if abs(face.yaw[number]) > limits.turned or abs(face.pitch[number]) > limits.raised:
        return TURNED
    return BLURRED if sharpness < limits.sharp else None


def obstacles_told(obstacles: Sequence[str | None]) -> str:
    """Return in words how many of the pictures that were looked at cannot be read and why, the commonest reason first."""
    reasons = Counter(one for one in obstacles if one is not None)
    parts = [f"{reason} in {number}" for reason, number in sorted(reasons.items(), key=lambda one: (-one[1], one[0]))]
    return f"the face is {', '.join(parts)} of {len(obstacles)} pictures"
