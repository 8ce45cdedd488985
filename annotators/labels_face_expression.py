"""What the face of the target shows: face-api's expression net over time, weighted away from speech."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import numpy as np
import numpy.typing as npt
from pydantic import Field

from annotators import media, models
from annotators.annotator import Annotator
from annotators.face_finding import square
from annotators.impression import impression
from schemas.claims import Claim, FaceTrack, Label
from schemas.record import Clip
from schemas.spaces import space

if TYPE_CHECKING:
    from annotators.expression_net import ExpressionNet

SPACE = "ekman7"
_PIXELS = 160
"""Pictures are scaled down until the face is about so wide; the net sees 112."""
Share = Annotated[float, Field(ge=0, le=1)]


@dataclass(frozen=True, kw_only=True)
class FaceExpressionLabels(Annotator[Clip, Any]):
    """A distribution over Ekman's seven for the target's face track; () where the target is not seen.

    A talking mouth is easily misread, so pictures taken while the target speaks count for less, as do turned and small faces.
    """

    name: ClassVar[str] = "labels.face_expression"
    version: ClassVar[str] = "1"
    requires: ClassVar[tuple[str, ...]] = ("faces", "targets", "words", "turns", "speaker", "video")
    provides: ClassVar[tuple[str, ...]] = ("labels", "cues")

    model: str = "face-expression"
    rate: Annotated[float, Field(gt=0)] = 4.0
    """Pictures per second that are looked at, at most."""
    margin: Annotated[float, Field(ge=1)] = 1.1
    """Side of the picture that the net sees, in sides of the face's box."""
    talking: Share = 0.25
    """Weight of a picture taken while the target speaks."""
    least_pixels: Annotated[int, Field(ge=1)] = 24
    """Faces that are less wide are not read."""
    temperature: Annotated[float, Field(gt=0)] = 3.0
    """By how much the net is surer than it may be; there are too few labelled faces in reach to fit it."""
    threads: Annotated[int, Field(ge=1)] = 2
    """Part of the settings because the order of additions can change the last bits; the same for all that run torch."""

    def load(self, device: str) -> ExpressionNet:
        """Return the net; it stays on the CPU, where a face takes a millisecond."""
        from annotators.expression_net import ExpressionNet  # noqa: PLC0415

        return ExpressionNet.load(models.path(self.model) / "head.safetensors", self.threads)

    def annotate(self, model: ExpressionNet, records: Sequence[Clip]) -> Sequence[tuple[Claim, ...]]:
        """Return a label and its impression for each record whose target is seen."""
        return [self._one(model, record) for record in records]

    def _one(self, model: ExpressionNet, clip: Clip) -> tuple[Claim, ...]:
        seen = {target.track for target in clip.targets if target.track is not None}
        track = next((face for face in clip.faces if face.track in seen), None)
        if track is None or clip.video is None or clip.video.path is None:
            return ()
        found = list(self._faces(Path(clip.video.path), track))
        if not found:
            return ()
        weights = np.array([self._weight(clip, track, place) for place, _ in found])
        from annotators.expression_net import NAMES  # noqa: PLC0415

        likely = _softmax(model(np.stack([face for _, face in found])) / self.temperature)
        mean = dict(zip(NAMES, np.average(likely, axis=0, weights=weights), strict=True))
        names = space(SPACE).labels
        scores = tuple(round(float(mean[name]), 4) for name in names)
        label = Label(by=self.key, modality="face", space=SPACE, names=names, scores=scores)
        return (label, impression(label))

    def _faces(self, path: Path, track: FaceTrack) -> Iterator[tuple[int, npt.NDArray[np.uint8]]]:
        """Yield places in the track and the faces there, 112 x 112."""
        from annotators.expression_net import SIZE  # noqa: PLC0415

        step = max(1, round(track.rate / self.rate))
        places = {round(time * track.rate): k for k, time in enumerate(track.times)}
        broad = float(np.median([box.width for box in track.boxes]))
        for number, frame in enumerate(media.frames(path, track.rate, width=math.ceil(_PIXELS / broad))):
            if number % step or number not in places:
                continue
            box, (height, width) = track.boxes[places[number]], frame.image.shape[:2]
            if box.width * width < self.least_pixels:
                continue
            sides = np.asarray((box.x * width, box.y * height, box.width * width, box.height * height), np.float32)
            yield places[number], square(frame.image, sides, self.margin, SIZE)[0]

    def _weight(self, clip: Clip, track: FaceTrack, place: int) -> float:
        said = [word.span for word in clip.words] or [turn.span for turn in clip.turns if turn.speaker == clip.speaker]
        speaks = any(span.start <= track.times[place] < span.end for span in said)
        frontal = math.cos(math.radians(track.yaw[place])) ** 2 if track.yaw else 1.0
        return max(frontal, 0.01) * (self.talking if speaks else 1.0)


def _softmax(logits: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    raised = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
    out: npt.NDArray[np.float64] = raised / raised.sum(axis=1, keepdims=True)
    return out
