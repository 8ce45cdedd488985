"""The face of each track as a vector, to tell people apart across clips."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from annotators.annotator import Annotator
from annotators.face.finding import FaceDetector, Image, only, square
from annotators.media import decoder
from annotators.models import local
from annotators.native_logs import quietly
from schemas.claims import Claim, FaceTrack, Likeness
from schemas.record import Clip
from schemas.values import Box

Vector = npt.NDArray[np.float64]
# The finder sees the face again inside a crop of this many box sizes and pixels: SFace wants it aligned by five points.
_CROP, _CROP_PIXELS = 2.0, 224
_POINTS = ((38.2946, 51.6963), (73.5318, 51.5014), (56.0252, 71.7366), (41.5493, 92.3655), (70.7299, 92.2041))
"""Where SFace (OpenCV model zoo) expects eyes, nose and corners of the mouth, in a picture of 112 x 112 pixels."""
_EVERY = 4
"""One of so many samples of a track may be pictured."""


class Likener:
    """SFace on faces aligned by YuNet's five points.

    OpenCV 5's own FaceRecognizerSF cannot name the input of this int8 file, and onnxruntime refuses the file; the plain net runs.
    """

    def __init__(self, finder: Path, model: Path) -> None:
        import cv2  # noqa: PLC0415

        self._finder = FaceDetector(finder, _CROP_PIXELS, 0.5)
        with quietly():
            self._net = cv2.dnn.readNetFromONNX(str(only(model, ".onnx")))

    def liken(self, image: Image, box: Box) -> Vector | None:
        """Return the unit-length vector of the face in the box, None where no face is found again in it."""
        height, width = image.shape[:2]
        sides = (box.x * width, box.y * height, box.width * width, box.height * height)
        crop = square(image, np.asarray(sides, np.float32), _CROP, _CROP_PIXELS)[0]
        rows = self._finder.find(crop)
        middle = [abs(row[0] + row[2] / 2 - _CROP_PIXELS / 2) + abs(row[1] + row[3] / 2 - _CROP_PIXELS / 2) for row in rows]
        if not middle or min(middle) > _CROP_PIXELS / 4:
            return None
        face = aligned_face(crop, rows[int(np.argmin(middle))][4:14].reshape(5, 2))
        self._net.setInput(np.ascontiguousarray(face.transpose(2, 0, 1)[None], np.float32), "data")
        return unit(np.asarray(self._net.forward(), np.float64).ravel())


def aligned_face(image: Image, points: npt.NDArray[np.float32]) -> Image:
    """Return the face turned, scaled and moved so that its five points come closest to where SFace expects them."""
    import cv2  # noqa: PLC0415

    have, want = (np.asarray(p, np.float64) @ (1, 1j) for p in (points, _POINTS))
    zoom = np.vdot(have - have.mean(), want - want.mean()) / np.vdot(have - have.mean(), have - have.mean()).real
    shift = want.mean() - zoom * have.mean()
    move = np.asarray([[zoom.real, -zoom.imag, shift.real], [zoom.imag, zoom.real, shift.imag]])
    return np.asarray(cv2.warpAffine(image, move, (112, 112), flags=cv2.INTER_LINEAR), np.uint8)


@dataclass(frozen=True, kw_only=True)
class SfaceLikenesses(Annotator[Clip, Likener]):
    """Mean SFace vector of the few best views of each track; tracks that are small or turned throughout have none."""

    name: ClassVar[str] = "likenesses.sface"
    version: ClassVar[str] = "1"
    requires: ClassVar[tuple[str, ...]] = ("video", "faces")
    provides: ClassVar[tuple[str, ...]] = ("likenesses",)

    model: str = "sface-int8"
    finder_model: str = "yunet-int8"
    looks: int = 5
    """Most views per track."""
    smallest: int = 32
    """Least width of a face in pixels."""
    turned: float = 40.0
    """Most degrees of yaw."""
    width: int = 1280
    """Wider pictures are scaled down to so many pixels."""

    def load(self, device: str) -> Likener:
        """Return the models; they run on the CPU whatever the device."""
        return Likener(local.path(self.finder_model), local.path(self.model))

    def annotate(self, model: Likener, records: Sequence[Clip]) -> Sequence[tuple[Claim, ...]]:
        """Return up to one likeness per track and clip."""
        return [self._one(model, record) for record in records]

    def _one(self, model: Likener, record: Clip) -> tuple[Claim, ...]:
        if record.video is None or record.video.path is None or not record.faces:
            return ()
        views = {face.track: best_views(face, self.looks, self.turned) for face in record.faces}
        wanted = {round(time * record.faces[0].rate / _EVERY) for boxes in views.values() for time in boxes}
        vectors: dict[str, list[Vector]] = {name: [] for name in views}
        for number, frame in enumerate(decoder.frames(Path(record.video.path), record.faces[0].rate / _EVERY, width=self.width)):
            if number > max(wanted, default=-1):
                break
            for name, boxes in views.items():
                box = boxes.get(round(frame.time, 3))
                if box is None or box.width * frame.image.shape[1] < self.smallest:
                    continue
                vector = model.liken(frame.image, box)
                if vector is not None:
                    vectors[name].append(vector)
        return tuple(self._claim(name, found) for name, found in vectors.items() if found)

    def _claim(self, name: str, found: list[Vector]) -> Likeness:
        return Likeness(by=self.key, track=name, embedding=tuple(round(float(x), 6) for x in unit(np.mean(found, axis=0))))


def best_views(face: FaceTrack, looks: int, turned: float) -> dict[float, Box]:
    """Return box by time of the largest, surest and most frontal samples, among those that fall on every 4th tick."""
    ranked = []
    for number, (time, box, score) in enumerate(zip(face.times, face.boxes, face.scores, strict=True)):
        yaw = face.yaw[number] if face.yaw else 0.0
        if round(time * face.rate) % _EVERY == 0 and abs(yaw) <= turned:
            ranked.append((-box.area * score * math.cos(math.radians(yaw)), round(time, 3), box))
    return {time: box for _, time, box in sorted(ranked, key=lambda view: view[:2])[:looks]}


def unit(vector: Vector) -> Vector:
    """Return the vector at length 1."""
    scaled: Vector = vector / max(float(np.linalg.norm(vector)), 1e-12)
    return scaled
