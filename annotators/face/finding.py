"""Faces in one picture: YuNet finds them, mediapipe's FaceLandmarker fits a mesh to a crop around each.

The landmarker alone misses small and turned faces (it saw the second man of a press conference in 9 of 10 frames, and none of
the faces below a tenth of the frame height); on crops it fits all of these. Pose is therefore seen along the line of sight to
the face, not along the camera's axis. Pictures are taken one by one (no state), so a clip gives the same whoever ran before it.
"""

from __future__ import annotations

import atexit
import math
import weakref
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from annotators.native_logs import quietly
from schemas.values import Box
from schemas.vocabulary.spaces import space

Image = npt.NDArray[np.uint8]
SHAPES = space("arkit52").labels
# Crop sides are in sizes of the face box; 320 pixels give the mesh net (256) its face without upsampling twice.
_CROP, _CROP_PIXELS, _SHARP_PIXELS = 1.8, 320, 96
_SAME_FACE_IOU = 0.3
_WHOLE = 4096
"""Pixels beyond which even what is looked at as it is, is scaled down."""
SMALL, BEYOND = "small", "beyond"
"""Why a face is not looked at: it is smaller than the limit, or there are as many larger ones as are looked at."""
_running: weakref.WeakSet[Any] = weakref.WeakSet()


@dataclass(frozen=True, slots=True, kw_only=True)
class Mesh:
    """Pose in degrees (signs as in `FaceTrack`) and the blendshapes in the order of `SHAPES`, 0 to 1."""

    yaw: float
    pitch: float
    roll: float
    shapes: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Face:
    """One face in one picture. `sharpness` compares pictures of one face only; `mesh` is None where none fitted.

    A face that was found and not looked at says why in `left_out`, and has no mesh and no sharpness.
    """

    box: Box
    score: float
    sharpness: float
    mesh: Mesh | None
    left_out: str = ""


class FaceDetector:
    """YuNet on a picture scaled down to `search` pixels along its longer side."""

    def __init__(self, folder: Path, search: int, certain: float) -> None:
        import cv2  # noqa: PLC0415

        self._search = search
        with quietly():
            self._net = cv2.FaceDetectorYN.create(str(only(folder, ".onnx")), "", (search, search), certain, 0.3, 200)

    def sees_whole(self, image: Image) -> bool:
        """Tell whether the picture is looked at as it is."""
        return bool(max(image.shape[:2]) <= self._search)

    def find(self, image: Image) -> npt.NDArray[np.float32]:
        """Return one row per face, best first: x, y, width, height, five points (x, y), score; all in pixels of `image`."""
        import cv2  # noqa: PLC0415

        height, width = image.shape[:2]
        scale = min(1.0, self._search / max(height, width))
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        small = cv2.resize(image, size, interpolation=cv2.INTER_AREA) if scale < 1 else image
        self._net.setInputSize(size)
        found = self._net.detect(np.ascontiguousarray(small[:, :, ::-1]))[1]
        if found is None:
            return np.zeros((0, 15), np.float32)
        found[:, 0:14:2] *= width / size[0]
        found[:, 1:14:2] *= height / size[1]
        rows: npt.NDArray[np.float32] = found[np.argsort(-found[:, 14], kind="stable")]
        return rows


class LandmarkFitter:
    """FaceLandmarker on the square around one face."""

    def __init__(self, folder: Path) -> None:
        import mediapipe  # noqa: PLC0415
        from mediapipe.tasks.python import BaseOptions, vision  # noqa: PLC0415

        self._mediapipe = mediapipe
        options = vision.FaceLandmarkerOptions(
            base_options=BaseOptions(model_asset_path=str(only(folder, ".task"))),
            num_faces=2,
            output_face_blendshapes=True,
            output_facial_transformation_matrixes=True,
        )
        with quietly():
            self._landmarker = vision.FaceLandmarker.create_from_options(options)
            self._detect(np.zeros((_CROP_PIXELS, _CROP_PIXELS, 3), np.uint8))
        _running.add(self._landmarker)

    def fit(self, image: Image, row: npt.NDArray[np.float32]) -> Mesh | None:
        """Return the mesh of the face in that row of `Finder.find`, None where none fits it."""
        crop, left, top, side = square(image, row, _CROP, _CROP_PIXELS)
        told = self._detect(crop)
        best, found = _SAME_FACE_IOU, None
        for number, points in enumerate(told.face_landmarks):
            xs, ys = [left + side * p.x for p in points], [top + side * p.y for p in points]
            share = _iou((min(xs), min(ys), max(xs), max(ys)), (row[0], row[1], row[0] + row[2], row[1] + row[3]))
            if share >= best:
                best, found = share, number
        if found is None:
            return None
        yaw, pitch, roll = pose(told.facial_transformation_matrixes[found])
        scores = {shape.category_name: float(shape.score) for shape in told.face_blendshapes[found]}
        shapes = tuple(round(min(1.0, max(0.0, scores[name])), 5) for name in SHAPES)
        return Mesh(yaw=round(yaw, 3), pitch=round(pitch, 3), roll=round(roll, 3), shapes=shapes)

    def _detect(self, image: Image) -> Any:
        frame = self._mediapipe.Image(image_format=self._mediapipe.ImageFormat.SRGB, data=np.ascontiguousarray(image))
        return self._landmarker.detect(frame)


@dataclass(frozen=True, slots=True, kw_only=True, weakref_slot=True)
class FaceAnalyzer:
    """Both together."""

    finder: FaceDetector
    wide: FaceDetector
    """Looks at pictures as they are."""
    mesher: LandmarkFitter

    @classmethod
    def load(cls, finder: Path, mesher: Path, search: int, certain: float) -> Self:
        """Load both models from their folders; one per thread."""
        return cls(
            finder=FaceDetector(finder, search, certain),
            wide=FaceDetector(finder, _WHOLE, certain),
            mesher=LandmarkFitter(mesher),
        )

    def look(self, image: Image, smallest: float, most: int) -> tuple[Face, ...]:
        """Return up to `most` faces of at least `smallest` frame heights, largest first."""
        return tuple(face for face in self.search(image, smallest, most) if not face.left_out)

    def search(self, image: Image, smallest: float, most: int) -> tuple[Face, ...]:
        """Return all faces that are found: those that `look` returns, then those that it leaves out, each largest first."""
        return self.sorted_out(image, self.finder.find(image), smallest * image.shape[0], most)

    def sorted_out(self, image: Image, found: npt.NDArray[np.float32], least: float, most: int) -> tuple[Face, ...]:
        """Return the faces in rows of the finder, first up to `most` of at least `least` pixels, which are looked at."""
        rows = sorted(found, key=lambda row: (-float(row[2] * row[3]), float(row[0]), float(row[1])))
        large = [row for row in rows if row[3] >= least and row[2] >= 2]
        small = [row for row in rows if row[3] < least or row[2] < 2]
        told = [*((row, "") for row in large[:most]), *((row, BEYOND) for row in large[most:]), *((row, SMALL) for row in small)]
        return tuple(face for row, why in told if (face := self._face(image, row, why)) is not None)

    def _face(self, image: Image, row: npt.NDArray[np.float32], left_out: str) -> Face | None:
        """Return the face in a row of the finder, looked at unless it is left out; None where it is outside of the picture."""
        box = clipped(row, image.shape[1], image.shape[0])
        if box is None:
            return None
        mesh = None if left_out else self.mesher.fit(image, row)
        sharpness = 0.0 if left_out else _sharpness(image, row)
        return Face(box=box, score=round(float(row[14]), 4), sharpness=sharpness, mesh=mesh, left_out=left_out)


def pose(matrix: npt.NDArray[np.float32]) -> tuple[float, float, float]:
    """Return yaw, pitch, roll in degrees from a facial transformation matrix (x right in the picture, y up, z to the viewer)."""
    rotation = np.asarray(matrix, np.float64)[:3, :3]
    rotation = rotation / np.linalg.norm(rotation, axis=0, keepdims=True)
    yaw = math.atan2(rotation[0, 2], rotation[2, 2])
    pitch = math.asin(max(-1.0, min(1.0, rotation[1, 2])))
    roll = math.atan2(-rotation[1, 0], rotation[1, 1])
    return math.degrees(yaw), math.degrees(pitch), math.degrees(roll)


def square(image: Image, row: npt.NDArray[np.float32], zoom: float, pixels: int) -> tuple[Image, float, float, float]:
    """Return the square of `zoom` box sizes around a face as `pixels` x `pixels`, with its left, top and side in the picture.

    What lies outside of the picture is black.
    """
    import cv2  # noqa: PLC0415

    side = max(2, round(zoom * float(max(row[2], row[3]))))
    left, top = round(float(row[0] + row[2] / 2) - side / 2), round(float(row[1] + row[3] / 2) - side / 2)
    height, width = image.shape[:2]
    inside = image[max(0, top) : min(height, top + side), max(0, left) : min(width, left + side)]
    whole = np.zeros((side, side, 3), np.uint8)
    y, x = max(0, -top), max(0, -left)
    whole[y : y + inside.shape[0], x : x + inside.shape[1]] = inside
    crop: Any = cv2.resize(whole, (pixels, pixels), interpolation=cv2.INTER_AREA if side > pixels else cv2.INTER_LINEAR)
    return crop, float(left), float(top), float(side)


def clipped(row: npt.NDArray[np.float32], width: int, height: int) -> Box | None:
    """Return the box relative to the frame and clipped to it; None where nothing of it is inside."""
    left, right = (min(1.0, max(0.0, float(x) / width)) for x in (row[0], row[0] + row[2]))
    top, bottom = (min(1.0, max(0.0, float(y) / height)) for y in (row[1], row[1] + row[3]))
    if left >= right or top >= bottom:
        return None
    x, y = round(left, 5), round(top, 5)
    return Box(x=x, y=y, width=min(round(right - left, 5), 1 - x), height=min(round(bottom - top, 5), 1 - y))


def _sharpness(image: Image, row: npt.NDArray[np.float32]) -> float:
    import cv2  # noqa: PLC0415

    crop = square(image, row, 1.0, _SHARP_PIXELS)[0]
    return float(cv2.Laplacian(cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY), cv2.CV_64F).var())


def _iou(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    across = max(0.0, min(one[2], other[2]) - max(one[0], other[0]))
    down = max(0.0, min(one[3], other[3]) - max(one[1], other[1]))
    areas = [(x1 - x0) * (y1 - y0) for x0, y0, x1, y1 in (one, other)]
    return float(across * down / (sum(areas) - across * down))


def only(folder: Path, suffix: str) -> Path:
    """Return the one file of a model folder with that suffix."""
    return next(place for place in sorted(folder.iterdir()) if place.suffix == suffix)


@atexit.register
def _let_go() -> None:
    """Keep mediapipe's finaliser from calling its executor after Python has shut that down; the process ends anyway."""
    for landmarker in _running:
        landmarker.close = lambda: None
