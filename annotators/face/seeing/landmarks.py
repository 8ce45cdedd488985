"""The 70 points of a face that stay in the row, and where its eyes point, out of mediapipe's mesh of 478 points."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

Points = npt.NDArray[np.float64]
_JAW = (127, 234, 93, 132, 172, 136, 150, 176, 152, 400, 379, 365, 397, 361, 323, 454, 356)
_BROWS = (70, 63, 105, 66, 107, 336, 296, 334, 293, 300)
_NOSE = (168, 197, 5, 4, 75, 97, 2, 326, 305)
_EYES = (33, 160, 158, 133, 153, 144, 362, 385, 387, 263, 373, 380)
_LIPS = (61, 39, 37, 0, 267, 269, 291, 321, 314, 17, 84, 91, 78, 82, 13, 312, 308, 317, 14, 87)
_IRISES = (468, 473)
MESH_POINTS = (*_JAW, *_BROWS, *_NOSE, *_EYES, *_LIPS, *_IRISES)
"""Point of the mesh for each of the 68 of iBUG 300-W (jaw, brows, nose, eyes, lips; the person's right first) and both irises."""
_SIGHT = ((33, 133, 468), (263, 362, 473))
"""Outer corner, inner corner, middle of the iris."""
_FOUND = ((33, 133), (362, 263), (1,), (61,), (291,))
"""Points of the mesh whose middles are those of YuNet: right eye, left eye, tip of the nose, corners of the mouth."""
_RAISED = 0.06
"""How far the iris of a face that looks straight ahead lies above the line between the corners, in eye widths: 222 stills."""
_TURN = 2.25
"""Sine of the eye's turn per eye width that the iris is off the middle: an eye is 27 mm wide between its corners and turns
about a point 12 mm behind the iris."""


def landmarks(mesh: Points, width: int, height: int) -> tuple[float, ...]:
    """Return x and y of `MESH_POINTS` in turn, relative to a frame of that size; outside of 0 to 1 where the face leaves it.

    `mesh` holds x, y, z in pixels of the frame, shape (478, 3).
    """
    relative = np.round(mesh[list(MESH_POINTS), :2] / (width, height), 4)
    return tuple(float(value) for value in relative.ravel())


def gaze(mesh: Points, rotation: Points) -> tuple[float, float]:
    """Return yaw and pitch of the eyes in degrees against the head, both eyes' mean; to the person's left and up are positive.

    `rotation` is that of the head, 3 x 3, x right in the picture, y up, z to the viewer. What the mesh's flat eye and a mean
    eyeball leave open is several degrees: of people who look into the camera while the head turns, see docs/accuracy.md.
    """
    turned = mesh * (1.0, -1.0, -1.0) @ rotation
    offs = []
    for outer, inner, iris in _SIGHT:
        middle, eye = (turned[outer] + turned[inner]) / 2, float(np.linalg.norm(turned[outer] - turned[inner]))
        offs.append((turned[iris] - middle)[:2] / max(eye, 1e-6))
    across, up = np.mean(offs, axis=0)
    return _angle(across), _angle(up - _RAISED)


def misfit(mesh: Points, found: Points, height: float) -> float:
    """Return by how many face heights mesh and finder disagree about the eyes, or about nose and mouth, whichever is more.

    Each guesses in its own way what it cannot see: under a hand, a mask or the bar of a helmet they are apart. `found` holds the
    finder's five points in pixels, shape (5, 2).
    """
    own = np.asarray([mesh[list(places), :2].mean(axis=0) for places in _FOUND])
    apart = np.linalg.norm(own - found, axis=1) / height
    return float(max(apart[:2].mean(), apart[2:].mean()))


def _angle(off: float) -> float:
    return math.degrees(math.asin(max(-1.0, min(1.0, _TURN * off))))
