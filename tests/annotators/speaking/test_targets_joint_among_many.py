"""Of many faces, and beside a picture on the wall, the one that moves speaks; whom nobody looked at is not absent."""

from dataclasses import replace

import pytest

from annotators.face.faces_mediapipe import MediapipeFaces
from annotators.models import local
from annotators.speaking.speaking_lr_asd import LrAsdSpeaking
from annotators.speaking.targets_joint import JointTargets
from schemas.claims import ABSENT, SPEAKING, UNSURE, Turn
from tests.support.seen import clip, crowd, with_faces


@pytest.fixture(scope="module")
def looked_at():
    """Return what the three annotators make of a film."""
    for model in ("lr-asd", "yunet-int8", "face-landmarker"):
        local.fetch(model)

    def look(path, most=8, **settings):
        faces, speaking, record = MediapipeFaces(**settings), LrAsdSpeaking(most=most), clip(path)
        record = with_faces(record, faces.annotate(faces.load("cpu"), [record])[0])
        record = replace(record, turns=(Turn(by="t@1#0", span=record.requested, speaker="S0", floor=(record.requested,)),))
        record = record.with_claims(speaking.key, speaking.annotate(speaking.load("cpu"), [record])[0])
        return record, JointTargets().annotate(None, [record])[0][0]

    return look


def middle(record, track):
    box = next(one for one in record.faces if one.track == track).boxes[0]
    return box.x + box.width / 2, box.y + box.height / 2


def test_of_twelve_faces_the_one_in_the_last_tile_speaks(looked_at, tmp_path):
    path = crowd(tmp_path / "call.mp4", [*["one", "other"] * 5, "one", "man"], across=4)
    record, target = looked_at(path, most=12)
    assert (len(record.faces), record.overlooked) == (12, ())
    assert target.state in {SPEAKING, UNSURE}
    x, y = middle(record, target.track or target.candidate)
    assert x > 3 / 4 and y > 2 / 3


def test_a_seventh_face_that_speaks_is_never_said_to_be_absent(looked_at, tmp_path):
    path = crowd(tmp_path / "seven.mp4", [*["one", "other"] * 3, "man", "", ""], across=3, man=130)
    record, target = looked_at(path)
    assert len(record.faces) == 7 and target.state in {SPEAKING, UNSURE}
    x, y = middle(record, target.track or target.candidate)
    assert x < 1 / 3 and y > 2 / 3
    record, target = looked_at(path, smallest=0.12)
    assert sum(one.faces for one in record.overlooked) >= 1
    assert target.state != ABSENT and target.track is None


def test_a_portrait_beside_the_speaker_says_nothing(looked_at, tmp_path):
    record, target = looked_at(crowd(tmp_path / "poster.mp4", ["one", "man"], across=2))
    assert target.state in {SPEAKING, UNSURE}
    assert middle(record, target.track or target.candidate)[0] > 1 / 2
