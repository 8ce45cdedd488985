import numpy as np
import pytest

from annotators.face.finding import SHAPES, clipped, pose, square
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
