"""Points and gaze on stills of which it is plain to see where the eyes look."""

import cv2
import numpy as np
import pytest

from annotators.face.faces_mediapipe import MediapipeFaces
from annotators.face.finding import FaceAnalyzer
from annotators.face.labels_face_expression import FaceExpression
from annotators.face.seeing.landmarks import MESH_POINTS
from annotators.models import local
from tests.support.media import media


@pytest.fixture(scope="module")
def looker() -> FaceAnalyzer:
    faces = MediapipeFaces()
    for name in faces.model_names():
        local.fetch(name)
    return faces.load("cpu")


def still(name):
    """Return a still, scaled down as the annotator does."""
    image = cv2.imread(str(media(name)))[:, :, ::-1]
    high, wide = image.shape[:2]
    if wide > 1280:
        image = cv2.resize(image, (1280, round(high * 1280 / wide)), interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(image)


def face_at(looker, image, x, y):
    """Return the face that holds the place, relative to the picture."""
    faces = looker.look(image, 0.02, 30)
    return next(
        one for one in faces if one.box.x <= x <= one.box.x + one.box.width and one.box.y <= y <= one.box.y + one.box.height
    )


def points(face):
    return np.asarray(face.mesh.landmarks).reshape(-1, 2)


def test_the_points_are_those_of_ibug_and_lie_in_the_face_in_their_order(looker):
    assert len(MESH_POINTS) == 70 == len(set(MESH_POINTS))
    face = face_at(looker, still("astronaut"), 0.44, 0.23)
    at = points(face)
    assert ((at > 0) & (at < 1)).all()
    right, left, nose, mouth = at[36:42].mean(axis=0), at[42:48].mean(axis=0), at[30], at[48:68].mean(axis=0)
    assert right[0] < nose[0] < left[0]
    assert at[17:27, 1].max() < right[1] < nose[1] < mouth[1] < at[8, 1]
    assert (np.diff(at[:17, 0]) > -0.01).all()
    for iris, eye in ((at[68], at[36:42]), (at[69], at[42:48])):
        assert eye[:, 0].min() < iris[0] < eye[:, 0].max()
    assert face.box.y < nose[1] < face.box.y + face.box.height


@pytest.mark.parametrize(
    ("name", "at", "yaw"),
    [("moods", (0.904, 0.294), (20, 50)), ("obama-again", (0.45, 0.35), (-35, -8)), ("calm", (0.45, 0.5), (-6, 6))],
)
def test_eyes_to_the_persons_left_are_positive_and_to_the_right_negative(looker, name, at, yaw):
    least, most = yaw
    assert least < face_at(looker, still(name), *at).mesh.gaze[0] < most


def test_eyes_turn_round_with_a_mirror(looker):
    image = still("moods")
    (left, up), (right, up_too) = (
        face_at(looker, one, x, 0.294).mesh.gaze for one, x in ((image, 0.904), (np.ascontiguousarray(image[:, ::-1]), 0.096))
    )
    assert left == pytest.approx(-right, abs=12)
    assert up == pytest.approx(up_too, abs=8)


def test_who_looks_into_the_camera_turns_the_eyes_against_the_head(looker):
    raised, lowered = (face_at(looker, still("moods"), (column + 0.52) / 5, (row + 0.47) / 5) for column, row in ((3, 3), (2, 4)))
    assert raised.mesh.pitch > 5 > -5 > raised.mesh.gaze[1]
    assert lowered.mesh.pitch < -5 < 3 < lowered.mesh.gaze[1]


def covered(image, box):
    """Return the picture with the right third of a face under something of the colour of skin, as a hand is."""
    high, wide = image.shape[:2]
    left, top, width, height = box.x * wide, box.y * high, box.width * wide, box.height * high
    y, x = np.mgrid[:high, :wide]
    skin = image[int(top + 0.4 * height) : int(top + 0.6 * height), int(left + 0.3 * width) : int(left + 0.7 * width)]
    under = ((x - left - 0.1 * width) / (0.4 * width)) ** 2 + ((y - top - 0.6 * height) / (0.6 * height)) ** 2 < 1
    out = image.copy()
    out[under] = np.median(skin.reshape(-1, 3), axis=0) * 0.9
    return out


def test_finder_and_mesh_disagree_where_a_part_of_the_face_is_covered(looker):
    bare, hidden = [], []
    for name in ("astronaut", "biden", "obama", "calm", "happy-1", "happy-2", "sad-3", "one-face"):
        image = still(name)
        face = looker.look(image, 0.02, 1)[0]
        bare.append(face.mesh.misfit)
        found = looker.look(covered(image, face.box), 0.02, 1)
        hidden += [one.mesh.misfit for one in found if one.mesh is not None]
    limit = FaceExpression().misfit
    assert max(bare) < limit
    assert sum(one > limit for one in hidden) > len(hidden) / 2
