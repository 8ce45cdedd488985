import cv2
import numpy as np
import pytest

from annotators.face.finding import FaceDetector
from annotators.face.wide_search import WideSearch
from annotators.models import local
from tests.support.media import media


@pytest.fixture(scope="module")
def finders():
    local.fetch("yunet-int8")
    folder = local.path("yunet-int8")
    return FaceDetector(folder, 640, 0.6), FaceDetector(folder, 4096, 0.6)


def picture(pixels, left, size=(720, 1280)):
    """Return a grey picture with a man's face of about so many pixels."""
    man = cv2.imread(str(media("obama")))[:, :, ::-1]
    zoom = pixels / 329
    small = cv2.resize(man, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_AREA)
    image = np.full((*size, 3), 120, np.uint8)
    image[100 : 100 + small.shape[0], left : left + small.shape[1]] = small
    return image


def search(finders):
    return WideSearch(finder=finders[0], wide=finders[1], every=6)


def test_a_face_too_small_for_the_scaled_picture_is_found_and_followed_as_it_moves(finders):
    finder = search(finders)
    found = [finder.find(picture(24, 300 + 4 * k)) for k in range(8)]
    assert not len(finders[0].find(picture(24, 300)))
    assert [len(rows) for rows in found] == [1] * 8
    lefts = [float(rows[0][0]) for rows in found]
    assert lefts == sorted(lefts)
    assert 20 < lefts[-1] - lefts[0] < 36


def test_a_large_face_is_found_once(finders):
    finder = search(finders)
    assert [len(finder.find(picture(120, 300))) for _ in range(3)] == [1, 1, 1]


def test_a_face_that_went_away_is_not_made_up(finders):
    finder = search(finders)
    assert len(finder.find(picture(24, 300))) == 1
    assert not len(finder.find(np.full((720, 1280, 3), 120, np.uint8)))


def test_a_picture_that_is_seen_as_it_is_is_searched_once(finders):
    finder = search(finders)
    assert len(finder.find(picture(60, 100, (360, 640)))) == 1
