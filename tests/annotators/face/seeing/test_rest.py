import numpy as np
import pytest

from annotators.face.seeing.rest import above_rest
from tests.support.seen import face

TIMES = tuple(k / 10 for k in range(20))


def test_a_jaw_counts_from_where_this_person_holds_it():
    talks = np.where(np.arange(20) % 5 == 0, 0.1, 0.5)
    assert above_rest(face("F0", TIMES, talks)) == pytest.approx(talks - 0.1)
    assert above_rest(face("F0", TIMES, np.full(20, 0.6))) == pytest.approx(np.zeros(20))


def test_without_a_mesh_nothing_is_open():
    assert above_rest(face("F0", TIMES)).tolist() == [0.0] * 20
