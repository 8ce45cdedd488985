import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import cv2
import numpy as np
import pytest

from annotators.face.faces_mediapipe import MediapipeFaces
from annotators.media import decoder
from schemas.claims import FaceTrack, KeyFrame
from schemas.values import Span
from tests.support import making
from tests.support.media import media
from tests.support.seen import clip, piece

FACES = MediapipeFaces()


@pytest.fixture(scope="module")
def model():
    return FACES.load("cpu")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("clips")


@pytest.fixture(scope="module")
def two(model, folder):
    """Claims on 2 s of two men, one of whom speaks."""
    return FACES.annotate(model, [clip(piece(media("speech"), Span(start=2, end=4), folder))])[0]


def tracks(claims):
    return [claim for claim in claims if isinstance(claim, FaceTrack)]


def test_both_faces_are_tracked_in_every_picture_with_aligned_series(two):
    found = tracks(two)
    assert [face.track for face in found] == ["F0", "F1"]
    for face in found:
        assert len(face.times) == 24
        assert {len(s) for s in (face.boxes, face.scores, face.yaw, face.pitch, face.roll, face.blendshapes)} == {24}
        assert {len(shapes) for shapes in face.blendshapes} == {52}
        assert face.view == "half"
    assert found[0].area > found[1].area


def test_each_face_gives_a_best_picture_and_a_peak_that_decode_at_native_size(two):
    frames = [claim for claim in two if isinstance(claim, KeyFrame)]
    assert {(frame.track, frame.kind) for frame in frames} == {
        (t, k) for t in ("F0", "F1") for k in ("best_face", "expression_peak")
    }
    for frame in frames:
        image = cv2.imdecode(np.frombuffer(frame.image.bytes, np.uint8), cv2.IMREAD_COLOR)
        assert image.shape == (240, 320, 3)
        assert frame.time in tracks(two)[0].times


def test_a_mirrored_face_turns_and_leans_the_other_way(model):
    frame = next(f for f in decoder.frames(media("carphone"), 2) if f.time >= 3)
    (seen,) = model.look(frame.image, 0.04, 6)
    (mirrored,) = model.look(np.ascontiguousarray(frame.image[:, ::-1]), 0.04, 6)
    assert mirrored.mesh.roll == pytest.approx(-seen.mesh.roll, abs=4)
    assert abs(seen.mesh.roll) > 8
    assert mirrored.mesh.yaw == pytest.approx(-seen.mesh.yaw, abs=5)
    assert mirrored.mesh.pitch == pytest.approx(seen.mesh.pitch, abs=5)


def test_a_head_leaning_to_the_right_of_the_picture_leans_to_its_left_shoulder(model):
    frame = next(decoder.frames(media("intro"), 2)).image
    height, width = frame.shape[:2]
    level = model.look(frame, 0.04, 6)[0].mesh.roll
    clockwise = cv2.warpAffine(frame, cv2.getRotationMatrix2D((width / 2, height / 2), -20, 1), (width, height))
    assert model.look(clockwise, 0.04, 6)[0].mesh.roll - level == pytest.approx(20, abs=6)


def test_the_same_clip_gives_the_same_claims_in_every_thread(two, folder):
    record = clip(piece(media("speech"), Span(start=2, end=4), folder))
    other = clip(piece(media("intro"), Span(start=0, end=1), folder))

    def work(number):
        own = FACES.load("cpu")
        return FACES.annotate(own, [other, record] if number else [record, other])[1 if number else 0]

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(work, range(2))) == [two, two]


def test_without_picture_or_without_faces_nothing_is_claimed(model, folder):
    record = clip(making.video(folder / "pattern.mp4", seconds=1))
    assert FACES.annotate(model, [record, replace(record, video=None)]) == [(), ()]


def test_nothing_but_known_noise_is_held_back_and_nothing_is_said_at_exit():
    code = """
import os
from annotators.face.faces_mediapipe import MediapipeFaces
from annotators.native_logs import quietly
faces = MediapipeFaces()
model = faces.load("cpu")
with quietly():
    os.write(2, b"worth reading\\n")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ)
    assert done.stderr == "worth reading\n"
