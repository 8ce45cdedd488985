"""Which pictures of a face are kept as stills: its best view, and the moment of its strongest expression."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median

from annotators.face.finding import SHAPES, Image, Mesh
from annotators.face.tracks import Run, Sample, has_mesh
from annotators.media import decoder

_BLINKS = (SHAPES.index("eyeBlinkLeft"), SHAPES.index("eyeBlinkRight"))
# Lips and jaw move with every word, eyes with every glance: what is left speaks of expression.
_WEIGHTS = {
    "brow": 1.0,
    "cheek": 1.0,
    "nose": 1.0,
    "eyeSquint": 1.0,
    "eyeWide": 1.0,
    "mouthSmile": 1.0,
    "mouthFrown": 0.5,
    "mouthPress": 0.25,
    "mouthStretch": 0.25,
    "jawOpen": 0.25,
}
_EXPRESSIVE = tuple(next((w for start, w in _WEIGHTS.items() if name.startswith(start)), 0.0) for name in SHAPES)
_TURNED = 45.0
"""Degrees of yaw beyond which blendshapes of the hidden half are guesses."""


class Album:
    """JPEGs of at most `size` pictures, spread evenly over all that were offered, so that memory stays bounded."""

    def __init__(self, size: int = 64) -> None:
        self._size, self._stride, self._offered = size, 1, 0
        self._held: dict[int, tuple[float, bytes]] = {}

    def offer(self, time: float, image: Image) -> None:
        """Take the next picture, or pass it over."""
        if self._offered % self._stride == 0:
            self._held[self._offered] = (time, decoder.still(image))
        self._offered += 1
        while len(self._held) > self._size:
            self._stride *= 2
            self._held = {number: held for number, held in self._held.items() if number % self._stride == 0}

    def stills(self) -> dict[float, bytes]:
        """Return the JPEGs by time in seconds."""
        return dict(self._held.values())


def best_face(run: Run) -> Sample:
    """Return the sample that is large, sharp, frontal and has its eyes open, all at once."""
    sharpest = max(sample.face.sharpness for sample in run) or 1.0
    return max(run, key=lambda sample: (_quality(sample, sharpest), -sample.time))


def expression_peak(run: Run) -> Sample | None:
    """Return the sample furthest from the face's own median expression; None without meshes or in full profile throughout."""
    if not run or not has_mesh(run):
        return None
    usual = [median(column) for column in zip(*(_mesh(sample).shapes for sample in run), strict=True)]
    facing = [sample for sample in run if abs(_mesh(sample).yaw) <= _TURNED]
    return max(facing, key=lambda sample: (_away(_mesh(sample).shapes, usual), -sample.time), default=None)


def _away(shapes: Sequence[float], usual: Sequence[float]) -> float:
    return math.sqrt(sum(weight * (now - then) ** 2 for weight, now, then in zip(_EXPRESSIVE, shapes, usual, strict=True)))


def _quality(sample: Sample, sharpest: float) -> float:
    face = sample.face
    quality = face.box.height * math.sqrt(face.sharpness / sharpest) * face.score
    if face.mesh is None:
        return quality / 2
    frontal = max(0.0, math.cos(math.radians(face.mesh.yaw))) * max(0.0, math.cos(math.radians(face.mesh.pitch)))
    closed = max(face.mesh.shapes[number] for number in _BLINKS)
    return quality * frontal**2 * (1 - closed / 2)


def _mesh(sample: Sample) -> Mesh:
    if sample.face.mesh is None:
        raise ValueError(f"the face at {sample.time} s has no mesh")
    return sample.face.mesh
