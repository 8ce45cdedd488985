from dataclasses import replace

import pytest

from annotators.face.seeing.visibility import BLURRED, HIDDEN, SMALL, TURNED, Limits, obstacle, obstacles_told
from tests.support.seen import face

LIMITS = Limits(smallest=30, turned=40, raised=30, sharp=20, certain=0.75, misfit=0.07)
FRONTAL = face("F0", (0.0, 0.1), (0.0, 0.0))


@pytest.mark.parametrize(
    ("changed", "height", "sharpness", "why"),
    [
        ({}, 30, 20, None),
        ({}, 29, 20, SMALL),
        ({}, 30, 19, BLURRED),
        ({"yaw": (0.0, 41.0)}, 30, 20, TURNED),
        ({"yaw": (0.0, -41.0)}, 30, 20, TURNED),
        ({"yaw": (90.0, 40.0)}, 30, 20, None),
        ({"pitch": (0.0, -31.0)}, 30, 20, TURNED),
        ({"scores": (0.9, 0.7)}, 30, 20, HIDDEN),
        ({"misfit": (0.0, 0.08)}, 30, 20, HIDDEN),
        ({"misfit": (0.08, 0.02)}, 30, 20, None),
        ({"yaw": (), "pitch": ()}, 30, 20, HIDDEN),
    ],
)
def test_each_thing_that_stands_in_the_way_has_its_name(changed, height, sharpness, why):
    assert obstacle(replace(FRONTAL, **changed), 1, height, sharpness, LIMITS) == why


def test_the_commonest_reason_is_told_first_with_how_many_pictures_were_looked_at():
    assert obstacles_told([None, SMALL, TURNED, TURNED]) == f"the face is {TURNED} in 2, {SMALL} in 1 of 4 pictures"
