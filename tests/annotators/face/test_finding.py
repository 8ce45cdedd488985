import numpy as np
import pytest

from annotators.face.finding import BEYOND, SHAPES, SMALL, FaceAnalyzer, clipped, pose, square
from tests.annotators.turning import turned


@pytest.mark.parametrize(("yaw", "pitch", "roll"), [(0, 0, 0), (30, 0, 0), (-50, 0, 0), (0, 20, 0), (0, 0, 15), (25, -10, 40)])
def test_a_pose_is_read_back_from_the_matrix_that_made_it(yaw, pitch, roll):
    matrix = np.eye(4)
    matrix[:3, :3] = turned(yaw, pitch, roll) * 7.5
    assert pose(matrix) == pytest.approx((yaw, pitch, roll), abs=1e-6)


def test_a_head_that_looks_up_to_its_left_and_leans_to_its_left_shoulder_has_three_positive_angles():
    matrix = np.eye(4)
    matrix[:3, :3] = turned(20, 10, 5)
    forward, crown = matrix[:3, 2], matrix[:3, 1]
    assert forward[0] > 0, "its left is the right of the picture"
    assert forward[1] > 0
    assert crown[0] > 0
    assert min(pose(matrix)) > 0


def test_there_are_52_names_of_blendshapes_and_the_jaw_is_among_them():
    assert len(SHAPES) == 52
    assert "jawOpen" in SHAPES


def test_a_box_that_leaves_the_frame_is_clipped_to_it_and_one_outside_is_none():
    box = clipped(np.asarray([-10, 50, 40, 100], np.float32), 100, 100)
    assert (box.x, box.y, box.width, box.height) == pytest.approx((0, 0.5, 0.3, 0.5))
    assert clipped(np.asarray([120, 0, 10, 10], np.float32), 100, 100) is None


def test_a_square_at_the_edge_of_a_picture_is_black_outside():
    image = np.full((40, 40, 3), 255, np.uint8)
    crop, left, top, side = square(image, np.asarray([-10, -10, 20, 20], np.float32), 1.0, 20)
    assert (left, top, side) == (-10, -10, 20)
    assert crop[:10].max() == 0
    assert crop[10:, 10:].min() == 255


class Found:
    """A finder of four squares in a picture of 100 x 200, and a mesher that fits none and counts what it is asked."""

    def __init__(self):
        self.asked = []

    def find(self, image):
        return np.asarray(
            [(x, 10, side, side, *[0] * 10, 0.9) for x, side in ((10, 20), (50, 4), (80, 30), (140, 25))], np.float32
        )

    def fit(self, image, row):
        self.asked.append(float(row[2]))


def test_what_is_left_out_is_told_with_its_reason_and_takes_no_mesh():
    both = Found()
    analyzer, image = FaceAnalyzer(finder=both, wide=both, mesher=both), np.zeros((100, 200, 3), np.uint8)
    found = analyzer.search(image, smallest=0.1, most=2)
    assert [(round(face.box.width * 200), face.left_out) for face in found] == [(30, ""), (25, ""), (20, BEYOND), (4, SMALL)]
    assert both.asked == [30, 25]
    assert analyzer.look(image, smallest=0.1, most=2) == found[:2]
    assert [face.left_out for face in analyzer.search(image, smallest=0.0, most=9)] == [""] * 4
