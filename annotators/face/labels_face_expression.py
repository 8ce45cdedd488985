"""What a face shows, as a distribution over the six basic emotions and neutral."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from annotators.annotator import Annotator
from annotators.face.target import talks, target_face
from annotators.media import decoder
from annotators.models import local
from annotators.verbalize import impression
from schemas.claims import Claim, FaceTrack, Label
from schemas.record import Clip
from schemas.values import Box
from schemas.vocabulary.spaces import space

SPACE = "ekman7"
Image = npt.NDArray[np.uint8]
Numbers = npt.NDArray[np.float64]
_PIXELS, _FINE, _SHARP_PIXELS = 112, 448, 96
_LOOKS = ((0.8, 0.1), (0.9, 0.05))
"""Side of the square in sizes of the face box and how far below the box its centre lies: from the brows to the chin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What one picture shows: a distribution in the order of label space ekman7, and 0 to 1 how well the face is seen."""

    time: float
    scores: Numbers
    clear: float


class ExpressionReader:
    """The expression net on the target's face."""

    def __init__(self, folder: Path, device: str, temperature: float) -> None:
        from annotators.face import expression_net  # noqa: PLC0415

        self._net = expression_net.load_net(folder / "face-expression.safetensors", device)
        self._logits, self._temperature = expression_net.expression_logits, temperature
        self._order = [expression_net.CLASSES.index(name) for name in space(SPACE).labels]

    def read(self, image: Image, box: Box) -> Numbers:
        """Return the distribution over label space ekman7, from two crops of the face and their mirror images."""
        crops = [face_crop(image, box, *look) for look in _LOOKS]
        logits = self._logits(self._net, np.asarray([*crops, *(crop[:, ::-1] for crop in crops)])).mean(axis=0)
        raised = np.exp((logits - logits.max()) / self._temperature)[self._order]
        return np.asarray(raised / raised.sum(), np.float64)


@dataclass(frozen=True, kw_only=True)
class FaceExpression(Annotator[Clip, ExpressionReader]):
    """The target's expression, averaged over time; one that is not seen, or never clearly, gets no label.

    A talking mouth is misread, so what is seen between the words counts more, and so do large, sharp and frontal faces. The
    less is seen in all, the closer the label comes to "cannot tell", the uniform distribution.
    """

    name: ClassVar[str] = "labels.face_expression"
    version: ClassVar[str] = "1"
    requires: ClassVar[tuple[str, ...]] = ("video", "faces", "targets", "words", "turns", "speaker")
    provides: ClassVar[tuple[str, ...]] = ("labels", "cues")

    model: str = "face-expression"
    temperature: float = 3.8
    """Divides the logits, which are far too sure of themselves: fitted on 44 labelled stills, each class weighing the same."""
    every: int = 3
    """One of so many ticks of the face track is looked at."""
    talking: float = 0.25
    """Weight of a moment in which the target talks."""
    margin: float = 0.08
    """Seconds before and after a word in which the mouth still counts as talking."""
    turned: float = 60.0
    """Degrees of yaw or pitch from which on a face says nothing."""
    smallest: int = 24
    """Height of a face in pixels up to which nothing is seen."""
    large: int = 64
    """Height of a face in pixels from which on everything is."""
    blurred: float = 5.0
    """Variance of the Laplacian of the face at 96 x 96 pixels up to which nothing is seen: too blurred, dark or small."""
    sharp: float = 40.0
    """The same variance, from which on everything is."""
    doubt: float = 0.1
    """Seconds of a clear, silent face that weigh as much as the uniform distribution."""
    width: int = 1280
    """Wider pictures are scaled down to so many pixels."""

    def load(self, device: str) -> ExpressionReader:
        """Return the net."""
        return ExpressionReader(local.path(self.model), device, self.temperature)

    def annotate(self, model: ExpressionReader, records: Sequence[Clip]) -> Sequence[tuple[Claim, ...]]:
        """Return up to one label per clip."""
        return [self._one(model, record) for record in records]

    def _one(self, model: ExpressionReader, clip: Clip) -> tuple[Claim, ...]:
        face = target_face(clip)
        if face is None or clip.video is None or clip.video.path is None:
            return ()
        sights = list(self.sights(model, Path(clip.video.path), face))
        told = self.pooled(sights, talks(clip, [sight.time for sight in sights], self.margin), self._step(face) / face.rate)
        if told is None:
            return ()
        label = self.label(told)
        return (label, impression(label))

    def label(self, told: Numbers) -> Label:
        """Return the claim for a distribution in the order of the label space."""
        scores = tuple(round(float(score), 4) for score in told)
        return Label(by=self.key, modality="face", space=SPACE, names=space(SPACE).labels, scores=scores)

    def pooled(self, sights: Sequence[Sight], talking: npt.NDArray[np.bool_], seconds: float) -> Numbers | None:
        """Return the mean over sights that are `seconds` apart; None where the face is never seen at all."""
        weights = np.asarray([sight.clear for sight in sights]) * np.where(talking, self.talking, 1.0)
        total = float(weights.sum()) * seconds
        if total <= 0.0:
            return None
        mean = np.average([sight.scores for sight in sights], axis=0, weights=weights)
        return np.asarray((total * mean + self.doubt / len(mean)) / (total + self.doubt), np.float64)

    def sights(self, model: ExpressionReader, video: Path, face: FaceTrack) -> Iterator[Sight]:
        """Yield what each picture shows that is looked at and clear enough, in order of time."""
        step = self._step(face)
        samples = {round(time * face.rate): number for number, time in enumerate(face.times)}
        for frame in decoder.frames(video, face.rate / step, width=self.width):
            tick = round(frame.time * face.rate)
            if tick > max(samples):
                break
            if tick in samples and (clear := self.clear(frame.image, face, samples[tick])) > 0.0:
                scores = model.read(frame.image, face.boxes[samples[tick]])
                yield Sight(time=frame.time, scores=scores, clear=clear)

    def _step(self, face: FaceTrack) -> int:
        """Return every how many ticks to look; at each, where the track is seen at none of the others."""
        return self.every if any(round(time * face.rate) % self.every == 0 for time in face.times) else 1

    def clear(self, image: Image, face: FaceTrack, number: int) -> float:
        """Return 0 to 1 how well a sample is seen: large, sharp and turned to the camera (half where the pose is unknown)."""
        box = face.boxes[number]
        sharpness = _sharpness(face_crop(image, box, *_LOOKS[0], pixels=_SHARP_PIXELS))
        seen = _ramp(sharpness, self.blurred, self.sharp) * _ramp(box.height * image.shape[0], self.smallest, self.large)
        if not face.yaw:
            return seen / 2
        return seen * math.prod(max(0.0, 1.0 - (angles[number] / self.turned) ** 2) for angles in (face.yaw, face.pitch))


def _ramp(value: float, none: float, full: float) -> float:
    return min(1.0, max(0.0, (value - none) / (full - none)))


def face_crop(image: Image, box: Box, zoom: float, below: float, pixels: int = _PIXELS) -> Image:
    """Return the square of `zoom` box sizes with its centre `below` box heights under that of the box; black beyond the edge."""
    import cv2  # noqa: PLC0415

    high, wide = image.shape[:2]
    side = max(2.0, zoom * max(box.width * wide, box.height * high))
    left = (box.x + box.width / 2) * wide - side / 2
    top = (box.y + box.height * (0.5 + below)) * high - side / 2
    # Every pixel of the crop is the mean of several of the picture, wherever the square lies between them.
    grid = np.asarray([[side / _FINE, 0, left], [0, side / _FINE, top]])
    fine = cv2.warpAffine(image, grid, (_FINE, _FINE), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    crop: Any = cv2.resize(fine, (pixels, pixels), interpolation=cv2.INTER_AREA)
    return np.asarray(crop, np.uint8)


def _sharpness(crop: Image) -> float:
    import cv2  # noqa: PLC0415

    return float(cv2.Laplacian(cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY), cv2.CV_64F).var())
