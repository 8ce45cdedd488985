"""Turned heads, to test poses against."""

import math

import numpy as np


def turned(yaw: float, pitch: float, roll: float) -> np.ndarray:
    """Return the rotation of a head seen from the front (x to the right of the picture, y up, z to the viewer), in degrees."""
    y, p, r = (math.radians(angle) for angle in (yaw, pitch, roll))
    about_y = np.array([[math.cos(y), 0, math.sin(y)], [0, 1, 0], [-math.sin(y), 0, math.cos(y)]])
    about_x = np.array([[1, 0, 0], [0, math.cos(p), math.sin(p)], [0, -math.sin(p), math.cos(p)]])
    about_z = np.array([[math.cos(r), math.sin(r), 0], [-math.sin(r), math.cos(r), 0], [0, 0, 1]])
    return about_y @ about_x @ about_z
