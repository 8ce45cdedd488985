"""Pictures of a face as LR-ASD learned them, cut out of a clip at its own rate."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from annotators.media import decoder
from annotators.speaking.network import PIXELS, RATE
from schemas.claims import FaceTrack

Image = npt.NDArray[np.uint8]
_Box = tuple[float, float, float, float]
Series = npt.NDArray[np.float64]
_MARGIN, _SMOOTH, _GREY = 0.4, 13, 110
"""The window reaches so many half sizes beyond the box, a box is the median of so many, what lies outside is so grey."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FaceStretch:
    """One face without a break: first picture (of the clip's 25 a second), and pictures (pictures, 112, 112)."""

    track: str
    first: int
    faces: Image


def face_stretches(path: Path, faces: Sequence[FaceTrack], gap: float, width: int) -> Iterator[FaceStretch]:
    """Yield the stretches of each track in which it is never lost for more than `gap` seconds, in order of track and time.

    Raises:
        ItemError: the picture cannot be decoded.
    """
    plans = [(face.track, piece) for face in faces for piece in _whole_pieces(face, gap)]
    wanted: dict[int, list[int]] = {}
    for number, (_, piece) in enumerate(plans):
        for picture in piece:
            wanted.setdefault(picture, []).append(number)
    cut: list[list[Image]] = [[] for _ in plans]
    last = max(wanted, default=-1)
    for frame in decoder.frames(path, RATE, width=width):
        at = round(frame.time * RATE)
        if at > last:
            break
        for number in wanted.get(at, ()):
            cut[number].append(mouth(frame.image, plans[number][1][at]))
    for (name, piece), pictures in zip(plans, cut, strict=True):
        if pictures:
            # The clip may begin later than its track says, or end earlier: what is there is without a break.
            yield FaceStretch(track=name, first=min(piece), faces=np.stack(pictures))


def mouth(image: Image, box: _Box) -> Image:
    """Return the grey picture (112, 112) of a face whose box (middle x, middle y, width, height) is in shares of the frame.

    The network learned the inner half of a window that is 1.4 box sizes wide and reaches lower than the box.
    """
    import cv2  # noqa: PLC0415

    height, width = image.shape[:2]
    half = max(box[2] * width, box[3] * height) / 2
    side = max(2, round(half * (1 + _MARGIN)))
    left, top = round(box[0] * width - side / 2), round(box[1] * height + half * _MARGIN - side / 2)
    inside = image[max(0, top) : max(0, top + side), max(0, left) : max(0, left + side)]
    whole = np.full((side, side), _GREY, np.uint8)
    if inside.size:
        y, x = max(0, -top), max(0, -left)
        whole[y : y + inside.shape[0], x : x + inside.shape[1]] = cv2.cvtColor(np.ascontiguousarray(inside), cv2.COLOR_RGB2GRAY)
    return np.asarray(cv2.resize(whole, (PIXELS, PIXELS), interpolation=cv2.INTER_AREA if side > PIXELS else cv2.INTER_LINEAR))


def _whole_pieces(face: FaceTrack, gap: float) -> Iterator[dict[int, _Box]]:
    """Yield box (middle x, middle y, width, height) by number of picture, one mapping per stretch without a break."""
    seen = sorted(zip((*face.times, *face.bare_times), (*face.boxes, *face.bare_boxes), strict=True), key=lambda one: one[0])
    times = np.asarray([time for time, _ in seen], np.float64)
    sides = np.asarray([(b.x + b.width / 2, b.y + b.height / 2, b.width, b.height) for _, b in seen], np.float64)
    ends = [0, *(np.flatnonzero(np.diff(times) > gap + 1e-6) + 1).tolist(), len(times)]
    for start, end in pairwise(ends):
        pictures = np.arange(round(times[start] * RATE), round((times[end - 1] + 1 / face.rate) * RATE))
        if len(pictures):
            yield dict(zip(pictures.tolist(), _smoothed(times[start:end], sides[start:end], pictures / RATE), strict=True))


def _smoothed(times: Series, sides: Series, at: Series) -> Iterator[_Box]:
    """Yield the box at each of the times, each side the median of what is seen about then."""
    even = np.stack([np.interp(at, times, side) for side in sides.T])
    half = _SMOOTH // 2
    near = np.lib.stride_tricks.sliding_window_view(np.pad(even, ((0, 0), (half, half)), mode="edge"), _SMOOTH, axis=1)
    x, y, width, height = np.median(near, axis=2)
    return zip(x.tolist(), y.tolist(), width.tolist(), height.tolist(), strict=True)
