from dataclasses import replace

import numpy as np

from annotators.speaking.mouths import face_stretches, mouth
from schemas.values import Box
from tests.support.media import media
from tests.support.seen import face


def test_the_window_is_the_lower_part_of_the_face_and_grey_beyond_the_picture():
    image = np.zeros((100, 100, 3), np.uint8)
    image[60:, :, :] = 255
    seen = mouth(image, (0.5, 0.5, 0.4, 0.4))
    # Half size 20: the window is 28 pixels from y = 44 on, so white begins after 16 of them.
    assert seen.shape == (112, 112)
    assert (seen[:60] == 0).all()
    assert (seen[68:] == 255).all()
    assert (mouth(image, (0.0, 0.5, 0.4, 0.4))[:, :50] == 110).all()


def test_a_face_that_is_lost_for_long_begins_anew_and_one_that_is_lost_shortly_goes_on():
    times = [k / 12 for k in range(60) if not 12 <= k < 16 and not 30 <= k < 45]
    told = list(face_stretches(media("intro"), [face("F0", times)], gap=1.0, width=1280))
    assert [(one.first, len(one.faces)) for one in told] == [(0, 62), (94, 31)]


def test_a_face_without_a_mesh_is_followed_through_its_bare_samples():
    track = face("F0", [k / 12 for k in range(12)])
    bare = replace(
        track, bare_times=tuple(1 + k / 12 for k in range(12)), bare_boxes=(Box(x=0.1, y=0.1, width=0.2, height=0.2),) * 12
    )
    (told,) = face_stretches(media("intro"), [bare], gap=0.2, width=1280)
    assert len(told.faces) == 50
