"""How well `labels.face_expression` looks: the few faces in reach whose expression a file name or the eye leaves no doubt of.

Pieces of one video are not independent of each other; read the numbers as a check that it works, not as its accuracy elsewhere.
"""

import subprocess
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from annotators.faces_mediapipe import MediapipeFaces
from annotators.labels_face_expression import FaceExpressionLabels
from schemas.claims import Label, Target
from schemas.record import Clip
from schemas.values import Span
from tests.media import media
from tests.scoring import Score, score
from tests.seen import clip, piece, with_faces

STILLS = {
    "face-surprise": "surprise",
    "face-happiness": "happiness",
    "face-anger": "anger",
    "face-disgust": "disgust",
    "astronaut": "happiness",
    "one-face": "happiness",
}
PIECES = [
    *(("woman", start, "sadness") for start in (0.0, 3.0)),
    *(("woman", start, "happiness") for start in (9.0, 12.0, 15.0)),
    *(("intro", start, "neutral") for start in (0.0, 2.5)),
    *(("webcam", start, "neutral") for start in (0.0, 3.0, 6.0, 9.0)),
]


@cache
def _folder() -> Path:
    return Path(mkdtemp(prefix="affectory-faces-"))


@cache
def _finder() -> tuple:
    faces = MediapipeFaces()
    return faces, faces.load("cpu")


def shown(path: Path) -> Clip:
    """Return a clip whose target is its largest face."""
    faces, model = _finder()
    record = clip(path, None)
    record = with_faces(record, faces.annotate(model, [record])[0])
    return replace(record, targets=tuple(_target(face.track) for face in record.faces[:1]))


def _target(track: str) -> Target:
    return Target(by="targets.made@1#0", speaker=None, track=track, score=None, reason="the only face")


def still(name: str) -> Path:
    """Return a picture as a video of one second."""
    out = _folder() / f"{name}.mp4"
    if not out.exists():
        even = ["-vf", "scale=trunc(iw/2)*2:trunc(ih/2)*2", "-pix_fmt", "yuv420p", "-crf", "12"]
        command = ["ffmpeg", "-loglevel", "error", "-loop", "1", "-i", media(name), "-t", "1", "-r", "12", *even, out]
        subprocess.run(command, check=True)
    return out


def faces() -> list[tuple[Clip, str]]:
    """Return clips with what their faces show."""
    found = [(shown(still(name)), emotion) for name, emotion in STILLS.items()]
    for name, start, emotion in PIECES:
        cut = piece(media(name), Span(start=start, end=start + 2.5), _folder())
        found.append((shown(cut), emotion))
    return found


def rows() -> list[Score]:
    """Return what is measured."""
    looker = FaceExpressionLabels()
    model = looker.load("cpu")
    said, truth = [], []
    for record, emotion in faces():
        (label,) = (claim for claim in looker.annotate(model, [record])[0] if isinstance(claim, Label))
        said.append(dict(zip(label.names, label.scores, strict=True)))
        truth.append(emotion)
    return [score("face: `labels.face_expression`, 6 stills and 11 pieces of 3 videos", said, truth)]
