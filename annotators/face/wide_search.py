"""Small faces in large pictures: looked for at full width now and then, and in between only about where they were."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from annotators.face.finding import FaceDetector, Image, square

Rows = npt.NDArray[np.float32]
_AROUND, _PIXELS = 4.0, 224
"""A small face is looked for again in a square of so many box sizes about where it was, brought to so many pixels."""
_SAME = 0.3
"""Intersection over union from which two boxes are one face."""


@dataclass(slots=True, kw_only=True)
class WideSearch:
    """Finds faces in the pictures of one clip, in order of time; holds where the small ones were last."""

    finder: FaceDetector
    """Looks at the whole picture scaled down."""
    wide: FaceDetector
    """Looks at a picture, or a part of one, as it is."""
    every: int
    """At one of so many pictures, the whole is looked at as it is."""
    _seen: int = 0
    _small: list[npt.NDArray[np.float32]] = field(default_factory=list)

    def find(self, image: Image) -> Rows:
        """Return one row per face, as `FaceDetector.find` does."""
        rows = list(self.finder.find(image))
        if self.finder.sees_whole(image):
            return _stacked(rows)
        if self._seen % self.every == 0:
            self._small = _others(self.wide.find(image), rows)
            found = self._small
        else:
            near = ((place, self._near(image, small)) for place, small in enumerate(self._small))
            found = []
            for place, row in near:
                if row is not None:
                    self._small[place] = row
                    found += _others([row], [*rows, *found])
        self._seen += 1
        return _stacked([*rows, *found])

    def _near(self, image: Image, small: npt.NDArray[np.float32]) -> npt.NDArray[np.float32] | None:
        """Return the face about where a small one was, None where none is found."""
        crop, left, top, side = square(image, small, _AROUND, _PIXELS)
        rows = self.wide.find(crop)
        if not len(rows):
            return None
        rows[:, :14] *= side / _PIXELS
        rows[:, 0:14:2] += left
        rows[:, 1:14:2] += top
        rows[:, 2:4] -= (left, top)
        middle = np.abs(rows[:, :2] + rows[:, 2:4] / 2 - small[:2] - small[2:4] / 2).sum(axis=1)
        nearest: npt.NDArray[np.float32] = rows[int(np.argmin(middle))]
        return nearest if middle.min() <= 2 * float(max(small[2], small[3])) else None


def _others(rows: Rows | list[npt.NDArray[np.float32]], known: list[npt.NDArray[np.float32]]) -> list[npt.NDArray[np.float32]]:
    """Return the rows that are none of the known faces."""
    return [row for row in rows if all(_iou(row, one) < _SAME for one in known)]


def _iou(one: npt.NDArray[np.float32], other: npt.NDArray[np.float32]) -> float:
    across = max(0.0, float(min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])))
    down = max(0.0, float(min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])))
    both = across * down
    return both / max(1e-9, float(one[2] * one[3] + other[2] * other[3]) - both)


def _stacked(rows: list[npt.NDArray[np.float32]]) -> Rows:
    return np.stack(rows) if rows else np.zeros((0, 15), np.float32)
