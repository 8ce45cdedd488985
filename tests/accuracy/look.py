"""How well faces are found, speakers' faces chosen and persons told apart, on real media.

Truth: `ALWAYS` show one person in every frame; the spans of `crew` were checked by eye on contact sheets (12 pictures a second).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from annotators.face.faces_mediapipe import MediapipeFaces
from annotators.face.likenesses_sface import SfaceLikenesses
from annotators.face.persons_agglomerative import AgglomerativePersons
from annotators.speaking.speaking_lr_asd import LrAsdSpeaking
from annotators.speaking.targets_joint import JointTargets
from schemas.claims import Turn
from schemas.record import Clip
from schemas.values import Span
from tests.support.media import media
from tests.support.seen import clip, piece, pieces, with_faces

ALWAYS = ("man", "intro", "woman", "carphone", "webcam")
SHOWN = ((0.0, 3.5), (4.5, 9.5), (10.5, 14.5), (16.0, 20.9), (22.4, 27.5), (38.6, 39.6))
"""Spans of `crew` in which a face is in plain sight, in profile too."""
NONE_SHOWN = ((29.7, 31.4), (33.0, 37.6))
SPEAKING = (
    ("speech", None, "right"),
    ("man", None, "right"),
    ("intro", None, "right"),
    ("crew", (16.0, 20.9), "right"),
    ("crew", (0.0, 3.5), None),
    ("crew", (10.5, 14.9), None),
    ("crew", (23.2, 27.6), None),
)
"""Where the speaker is in sight, and where the words are somebody else's."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One measured number: `right` of `of` cases."""

    what: str
    media: str
    right: int
    of: int

    @property
    def share(self) -> float:
        return self.right / self.of if self.of else float("nan")


@cache
def _folder() -> Path:
    return Path(mkdtemp(prefix="affectory-accuracy-"))


@cache
def _models() -> tuple:
    faces, likenesses = MediapipeFaces(), SfaceLikenesses()
    return faces, faces.load("cpu"), likenesses, likenesses.load("cpu")


def looked(path: Path) -> Clip:
    """Return a clip of the file with its faces and likenesses."""
    faces, finder, likenesses, likener = _models()
    record = clip(path)
    record = with_faces(record, faces.annotate(finder, [record])[0])
    return replace(record, likenesses=likenesses.annotate(likener, [record])[0])


@cache
def looked_pieces(name: str) -> tuple[tuple[float, Clip], ...]:
    """Return start and clip of each 3 s piece of the first minute."""
    return tuple((start, looked(path)) for start, path in pieces(media(name), _folder()))


def samples(name: str) -> Iterator[tuple[float, bool]]:
    """Yield each sampled time of a video in seconds, and whether a track has a face there."""
    for start, record in looked_pieces(name):
        rate = MediapipeFaces().rate
        seen = {round(time * rate) for face in record.faces for time in face.times}
        for k in range(int(record.source.duration * rate - 0.5)):
            yield start + k / rate, k in seen


def faces_found() -> list[Row]:
    """Share of sampled pictures that show a face in which one is tracked, and of those without in which none is."""
    rows = []
    for name in ALWAYS:
        told = [seen for _, seen in samples(name)]
        rows.append(Row(what="face found where one is shown", media=name, right=sum(told), of=len(told)))
    crew = list(samples("crew"))
    shown = [seen for time, seen in crew if any(a <= time < b for a, b in SHOWN)]
    none = [seen for time, seen in crew if any(a <= time < b for a, b in NONE_SHOWN)]
    rows.append(Row(what="face found where one is shown", media="crew", right=sum(shown), of=len(shown)))
    rows.append(Row(what="no face where none is shown", media="crew", right=len(none) - sum(none), of=len(none)))
    return rows


def speakers_found() -> list[Row]:
    """Whether the target is the face that speaks, or none where the speaker is not seen."""
    rows = []
    for name, span, where in SPEAKING:
        path = media(name) if span is None else piece(media(name), Span(start=span[0], end=span[1]), _folder())
        record = looked(path)
        speaks = LrAsdSpeaking()
        record = replace(record, turns=(Turn(by="made@1#0", span=record.requested, speaker="S0", floor=()),))
        record = replace(record, speaking=speaks.annotate(speaks.load("cpu"), [record])[0])
        track = JointTargets().annotate(None, [record])[0][0].track
        rightmost = max(record.faces, key=lambda face: face.boxes[0].x, default=None)
        right = track is None if where is None else rightmost is not None and track == rightmost.track
        what = "speaker not seen, none taken" if where is None else "speaking face taken"
        rows.append(Row(what=what, media=f"{name} {span or ''}".strip(), right=int(right), of=1))
    return rows


def persons_found() -> list[Row]:
    """Tracks of 3 s pieces of one-person videos that get the commonest person; 1 person is right."""
    rows = []
    for name in ALWAYS:
        persons = [p for found in AgglomerativePersons().annotate(None, [r for _, r in looked_pieces(name)]) for p in found]
        names = [person.person for person in persons]
        commonest = max(map(names.count, names), default=0)
        rows.append(Row(what="tracks of one man's video given one person", media=name, right=commonest, of=len(names)))
    return [*rows, _persons_of_all()]


def _persons_of_all() -> Row:
    """Cluster the pieces of all videos as if they were one source: how many of six people come out."""
    records = [record for name in (*ALWAYS, "speech") for _, record in looked_pieces(name)]
    found = AgglomerativePersons().annotate(None, records)
    number = len({person.person for persons in found for person in persons})
    # man and intro show the same man, speech shows two: man, woman, carphone, webcam and two presidents.
    return Row(what="persons in all of them as one source", media="6 videos", right=number, of=6)


def rows() -> list[Row]:
    """Measure everything; about 2 minutes on one core."""
    return [*faces_found(), *speakers_found(), *persons_found()]
