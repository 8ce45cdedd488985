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
from annotators.face.seeing.rest import above_rest
from annotators.face.seeing.visibility import Limits, obstacle, obstacles_told
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
    """One picture that was looked at: what it shows, or what stands in the way."""

    time: float
    obstacle: str | None = None
    """Why the face cannot be read, None where it can; then the rest holds."""
    scores: Numbers | None = None
    """A distribution in the order of label space ekman7; None where the face cannot be read."""
    clear: float = 0.0
    """0 to 1, how well the face is seen."""
    open: float = 0.0
    """How far the jaw is open beyond the person's rest, as a blendshape, 0 to 1."""


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
    """The target's expression, averaged over the pictures in which it can be read; too few of them give a label that is withheld.

    A face that is small, turned away, blurred or hidden cannot be read. A mouth that talks is misread: while the target talks,
    the moments in which the mouth is nearest to its rest are looked at, and count the less the further it is open. Large, sharp
    and frontal faces count more. The less is seen in all, the closer the label comes to "cannot tell", the uniform distribution.
    A target whose face is not seen gets no label, not even one that is withheld.
    """

    name: ClassVar[str] = "labels.face_expression"
    version: ClassVar[str] = "2"
    requires: ClassVar[tuple[str, ...]] = ("video", "faces", "targets", "words", "turns", "speaker")
    provides: ClassVar[tuple[str, ...]] = ("labels", "cues")

    model: str = "face-expression"
    temperature: float = 3.4
    """Divides the logits, which are far too sure of themselves: chosen on photographs and thumbnails, see docs/accuracy.md."""
    every: int = 3
    """One of so many ticks of the face track is looked at; while the target talks, that with the mouth nearest to rest."""
    talking: float = 0.5
    """Weight of a moment in which the target talks and the mouth is at rest."""
    agape: float = 0.25
    """Opening of the jaw beyond its rest, as a blendshape, from where on a moment in which the target talks does not count."""
    margin: float = 0.08
    """Seconds before and after a word in which the mouth still counts as talking."""
    turned: float = 40.0
    """Degrees of yaw beyond which a face is not read."""
    raised: float = 30.0
    """Degrees of pitch, up or down, beyond which a face is not read."""
    smallest: int = 40
    """Height of a face in pixels below which it is not read."""
    large: int = 96
    """Height of a face in pixels from which on it counts in full."""
    blurred: float = 10.0
    """Variance of the Laplacian of the face at 96 x 96 pixels below which it is too blurred or dark to be read."""
    sharp: float = 50.0
    """The same variance, from which on the face counts in full."""
    certain: float = 0.75
    """Score of the finder below which a face counts as hidden."""
    misfit: float = 0.065
    """Face heights by which finder and mesh disagree about eyes or mouth, above which a face counts as hidden."""
    enough: float = 0.25
    """Seconds of pictures that count, talking ones by their weight, below which the label is withheld."""
    doubt: float = 0.05
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
        talking = talks(clip, face.times, self.margin)
        sights = list(self.sights(model, Path(clip.video.path), face, talking))
        spoken = talks(clip, [sight.time for sight in sights], self.margin)
        pooled = self.pooled(sights, spoken, self.every / face.rate)
        if pooled is None:
            return (self._withheld(sights),)
        label = self.label(pooled)
        return (label, impression(label))

    def label(self, told: Numbers) -> Label:
        """Return the claim for a distribution in the order of the label space."""
        scores = tuple(round(float(score), 4) for score in told)
        return Label(by=self.key, modality="face", space=SPACE, names=space(SPACE).labels, scores=scores)

    def _withheld(self, sights: Sequence[Sight]) -> Label:
        """Return the claim that says why there is no label."""
        read = sum(sight.obstacle is None for sight in sights)
        why = obstacles_told([sight.obstacle for sight in sights]) if read < len(sights) else ""
        talk = f"in {read} of {len(sights)} pictures the mouth is open and talks" if read else ""
        reason = "; ".join(part for part in (why, talk) if part) or "no picture of the face could be decoded"
        return Label(by=self.key, modality="face", space=SPACE, withheld=reason)

    def pooled(self, sights: Sequence[Sight], talking: npt.NDArray[np.bool_], seconds: float) -> Numbers | None:
        """Return the mean over sights that are `seconds` apart; None where too few of them count."""
        read = [sight.scores is not None for sight in sights]
        counts = np.asarray([self._counts(sight, talks) for sight, talks in zip(sights, talking, strict=True)])[read]
        if float(counts.sum()) * seconds < self.enough - 1e-9:
            return None
        weights = counts * np.asarray([sight.clear for sight in sights])[read]
        mean = np.average([sight.scores for sight in sights if sight.scores is not None], axis=0, weights=weights)
        total = float(weights.sum()) * seconds
        return np.asarray((total * mean + self.doubt / len(mean)) / (total + self.doubt), np.float64)

    def _counts(self, sight: Sight, talks: bool) -> float:
        """Return 0 to 1 how far the mouth of a sight is its owner's expression rather than speech."""
        return self.talking * _ramp(sight.open, self.agape, 0.0) if talks else 1.0

    def sights(self, model: ExpressionReader, video: Path, face: FaceTrack, talking: npt.NDArray[np.bool_]) -> Iterator[Sight]:
        """Yield what each picture shows that is looked at, in order of time; `talking` has one entry per time of the track."""
        jaw = above_rest(face)
        samples = {round(face.times[number] * face.rate): number for number in self.chosen(face, jaw, talking)}
        for frame in decoder.frames(video, face.rate, width=self.width):
            number = samples.get(round(frame.time * face.rate))
            if number is not None:
                yield self.sight(model, frame, face, number, float(jaw[number]))
            if round(frame.time * face.rate) >= max(samples):
                break

    def sight(self, model: ExpressionReader, frame: decoder.Frame, face: FaceTrack, number: int, jaw: float) -> Sight:
        """Return what one picture shows of a sample of the face, whose jaw is open beyond its rest by `jaw`."""
        box = face.boxes[number]
        height, sharp = box.height * frame.image.shape[0], sharpness(frame.image, box)
        limits = Limits(
            smallest=self.smallest,
            turned=self.turned,
            raised=self.raised,
            sharp=self.blurred,
            certain=self.certain,
            misfit=self.misfit,
        )
        if why := obstacle(face, number, height, sharp, limits):
            return Sight(time=frame.time, obstacle=why)
        scores = model.read(frame.image, box)
        return Sight(time=frame.time, scores=scores, clear=self.clear(face, number, height, sharp), open=jaw)

    def chosen(self, face: FaceTrack, jaw: Numbers, talking: npt.NDArray[np.bool_]) -> list[int]:
        """Return which samples are looked at: of each `every` ticks one, while talking that with the least open mouth."""
        groups: dict[int, list[int]] = {}
        for number, time in enumerate(face.times):
            groups.setdefault(round(time * face.rate) // self.every, []).append(number)
        return [min(group, key=lambda one: (float(jaw[one]) if talking[one] else 0.0, one)) for group in groups.values()]

    def clear(self, face: FaceTrack, number: int, height: float, sharp: float) -> float:
        """Return above 0 to 1 how well a sample is seen that can be read: large, sharp and turned to the camera."""
        frontal = math.prod(1.0 - (angles[number] / (1.5 * self.turned)) ** 2 for angles in (face.yaw, face.pitch))
        return (0.25 + 0.75 * _ramp(height, self.smallest, self.large) * _ramp(sharp, self.blurred, self.sharp)) * frontal


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


def sharpness(image: Image, box: Box) -> float:
    """Return the variance of the Laplacian of a face at 96 x 96 pixels, from the brows to the chin."""
    import cv2  # noqa: PLC0415

    crop = face_crop(image, box, *_LOOKS[0], pixels=_SHARP_PIXELS)
    return float(cv2.Laplacian(cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY), cv2.CV_64F).var())
