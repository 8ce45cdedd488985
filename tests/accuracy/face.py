"""How often `labels.face_expression` reads a face right: on stills with a known expression, and while a woman cries, then laughs.

Stills are labelled by their file names, or by eye where nobody could mistake them; all labels were set before the net saw them.
The crop was chosen on the stills that are not marked `unseen` and on 15 more, with an eye on the woman too; the unseen ones
show a woman who is in six of the others. `tests.accuracy.expressions` measures on more pictures of other people.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from annotators.face.faces_mediapipe import MediapipeFaces
from annotators.face.finding import FaceAnalyzer
from annotators.face.labels_face_expression import ExpressionReader, FaceExpression, Sight
from annotators.face.tracks import Sample, track
from annotators.media.decoder import Frame
from annotators.models import local
from schemas.claims import FaceTrack
from schemas.vocabulary.spaces import space
from tests.support.media import media
from tests.support.seen import clip, with_faces

NAMES = space("ekman7").labels
CRIES, LAUGHS = (0.0, 5.5), (10.5, 19.5)
"""Seconds of `woman`, by eye."""


@dataclass(frozen=True, kw_only=True)
class Still:
    """A face in a picture; `at` lies in it, relative to the picture (None: the largest face)."""

    media: str
    label: str
    at: tuple[float, float] | None = None
    named: bool = False
    unseen: bool = False


@dataclass(frozen=True, kw_only=True)
class Row:
    """What was measured; `majority` is the accuracy of always naming the commonest label, `ece` has 5 bins of equal width."""

    what: str
    items: int
    """Those with a label; the figures are of these."""
    of: int
    accuracy: float
    macro_f1: float
    ece: float
    majority: float


def _mood(row: int, column: int, label: str, unseen: bool = False) -> Still:
    return Still(media="moods", label=label, at=((column + 0.52) / 5, (row + 0.47) / 5), unseen=unseen)


STILLS = (
    Still(media="surprised", label="surprise", named=True),
    Still(media="happy", label="happiness", named=True),
    Still(media="angry", label="anger", named=True),
    Still(media="disgusted", label="disgust", named=True),
    *(Still(media=f"happy-{number}", label="happiness", named=True) for number in range(1, 5)),
    *(Still(media=f"sad-{number}", label="sadness", named=True) for number in range(1, 5)),
    *(Still(media="group", label="happiness", at=at) for at in ((0.74, 0.53), (0.58, 0.56), (0.36, 0.45), (0.26, 0.18))),
    Still(media="group", label="neutral", at=(0.48, 0.40)),
    Still(media="one-face", label="happiness"),
    Still(media="laughing", label="happiness"),
    Still(media="astronaut", label="happiness"),
    Still(media="biden", label="neutral"),
    Still(media="obama-listening", label="neutral"),
    Still(media="calm", label="neutral"),
    _mood(4, 3, "surprise"),
    _mood(2, 1, "fear"),
    _mood(0, 1, "happiness"),
    _mood(4, 1, "happiness"),
    _mood(0, 4, "anger"),
    _mood(2, 0, "anger"),
    _mood(0, 0, "neutral", unseen=True),
    _mood(1, 3, "anger", unseen=True),
    _mood(2, 3, "anger", unseen=True),
    _mood(3, 1, "happiness", unseen=True),
    _mood(4, 2, "neutral", unseen=True),
    _mood(4, 4, "anger", unseen=True),
)


def picture(name: str, width: int = 1280) -> np.ndarray:
    """Return a still as RGB, scaled down as the annotators do."""
    import cv2

    image = cv2.imread(str(media(name)))[:, :, ::-1]
    high, wide = image.shape[:2]
    if wide > width:
        image = cv2.resize(image, (width, round(high * width / wide)), interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(image)


def face_in(image: np.ndarray, looker: FaceAnalyzer, at: tuple[float, float] | None) -> FaceTrack:
    """Return a track of one sample: the face at that place, else the largest."""
    faces = looker.look(image, 0.02, 30)
    held = [f for f in faces if at is None or _inside(f.box, at)]
    return track((Sample(time=0.0, face=held[0]),), "F0", 12.0, "faces.mediapipe@1#0")


def _inside(box, at: tuple[float, float]) -> bool:
    return box.x <= at[0] <= box.x + box.width and box.y <= at[1] <= box.y + box.height


def read(image: np.ndarray, face: FaceTrack, expression: FaceExpression, reader: ExpressionReader) -> tuple[float, ...] | Sight:
    """Return the scores of the label that a second of this picture would get; what stands in the way where it gets none."""
    sight = expression.sight(reader, Frame(time=0.0, image=image), face, 0, 0.0)
    pooled = expression.pooled([sight], np.zeros(1, bool), 1.0)
    return sight if pooled is None else expression.label(pooled).scores


def row(what: str, truths: Sequence[str], told: Sequence[Sequence[float] | Sight]) -> Row:
    """Return the figures of one set, of those with a label."""
    given = [(a, b) for a, b in zip(truths, told, strict=True) if not isinstance(b, Sight)]
    truth, scores = [a for a, _ in given], [b for _, b in given]
    said = [NAMES[int(np.argmax(one))] for one in scores]
    right = np.asarray([a == b for a, b in zip(truth, said, strict=True)])
    sure = np.asarray([max(one) for one in scores])
    bins = np.minimum((sure * 5).astype(int), 4)
    gaps = [abs(right[bins == b].mean() - sure[bins == b].mean()) * (bins == b).mean() for b in range(5) if (bins == b).any()]
    f1 = [_f1(name, truth, said) for name in sorted(set(truth))]
    most = max(map(list(truth).count, truth)) / len(truth)
    return Row(
        what=what,
        items=len(truth),
        of=len(truths),
        accuracy=float(right.mean()),
        macro_f1=float(np.mean(f1)),
        ece=float(sum(gaps)),
        majority=most,
    )


def _f1(name: str, truth: Sequence[str], told: Sequence[str]) -> float:
    both = sum(a == b == name for a, b in zip(truth, told, strict=True))
    return 2 * both / (list(truth).count(name) + list(told).count(name))


def _woman(expression: FaceExpression, reader: ExpressionReader) -> Row:
    faces = MediapipeFaces()
    record = clip(media("woman"), speaker=None)
    record = with_faces(record, faces.annotate(faces.load("cpu"), [record])[0])
    truth, scores = [], []
    silent = np.zeros(len(record.faces[0].times), bool)
    for sight in expression.sights(reader, Path(record.video.path), record.faces[0], silent):
        for label, (start, end) in (("sadness", CRIES), ("happiness", LAUGHS)):
            if start <= sight.time < end:
                truth.append(label)
                scores.append(sight if sight.scores is None else tuple(sight.scores))
    return row("pictures of a woman who cries, then laughs", truth, scores)


def rows() -> list[Row]:
    """Measure everything; about a minute on one core."""
    expression = FaceExpression()
    faces = MediapipeFaces()
    for name in (*expression.model_names(), *faces.model_names()):
        local.fetch(name)
    reader, looker = expression.load("cpu"), faces.load("cpu")
    pictures = [(still, picture(still.media)) for still in STILLS]
    faces_in = [(still, image, face_in(image, looker, still.at)) for still, image in pictures]
    told = [(still, read(image, face, expression, reader)) for still, image, face in faces_in]
    groups = {
        "stills": told,
        "of these, labelled by their file names": [one for one in told if one[0].named],
        "of these, not used to choose the crop": [one for one in told if one[0].unseen],
    }
    made = [row(what, [still.label for still, _ in group], [scores for _, scores in group]) for what, group in groups.items()]
    return [*made, _woman(expression, reader)]
