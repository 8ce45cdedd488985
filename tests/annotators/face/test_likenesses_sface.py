from dataclasses import replace

import numpy as np
import pytest

from annotators.face.faces_mediapipe import MediapipeFaces
from annotators.face.likenesses_sface import SfaceLikenesses, aligned_face
from schemas.values import Span
from tests.support.media import media
from tests.support.seen import clip, piece, with_faces

LIKENESSES = SfaceLikenesses()


@pytest.fixture(scope="module")
def looked(tmp_path_factory):
    """Clips with likenesses: two pieces of the same two men, one of another man."""
    folder = tmp_path_factory.mktemp("clips")
    faces = MediapipeFaces()
    finder, likener = faces.load("cpu"), LIKENESSES.load("cpu")
    records = []
    for name, start in (("speech", 1), ("speech", 6), ("intro", 2)):
        record = clip(piece(media(name), Span(start=start, end=start + 1), folder))
        record = with_faces(record, faces.annotate(finder, [record])[0])
        records.append(replace(record, likenesses=LIKENESSES.annotate(likener, [record])[0]))
    return records


def likeness(record, track):
    return np.asarray(next(found.embedding for found in record.likenesses if found.track == track))


def test_each_track_has_one_vector_of_unit_length(looked):
    for record in looked:
        assert [found.track for found in record.likenesses] == [face.track for face in record.faces]
        for found in record.likenesses:
            assert np.linalg.norm(found.embedding) == pytest.approx(1, abs=1e-4)


def test_one_man_is_like_himself_five_seconds_later_and_unlike_the_others(looked):
    first, later, other = looked
    assert likeness(first, "F0") @ likeness(later, "F0") > 0.6
    assert likeness(first, "F0") @ likeness(first, "F1") < 0.35
    assert likeness(first, "F0") @ likeness(other, "F0") < 0.35


def test_a_face_too_small_gets_none(looked):
    strict = replace(LIKENESSES, smallest=200)
    assert strict.annotate(strict.load("cpu"), looked[:1]) == [()]


def test_points_already_in_place_leave_the_picture_as_it_is():
    image = np.random.default_rng(0).integers(0, 255, (112, 112, 3), dtype=np.uint8)
    points = np.asarray([[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]])
    assert np.abs(aligned_face(image, points).astype(int) - image).max() <= 1
