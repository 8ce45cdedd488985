"""While the world fails, it is asked again after 1, 4 and 16 seconds; then it is given up on."""

import pytest

from pipeline.runtime import patience
from pipeline.runtime.patience import patiently
from schemas.errors import ItemError, TransientError


@pytest.fixture
def waits(monkeypatch):
    slept = []
    monkeypatch.setattr(patience.time, "sleep", slept.append)
    return slept


def failing(times, error):
    left = iter([error] * times)

    def ask():
        for one in left:
            raise one
        return "answer"

    return ask


@pytest.mark.parametrize(("times", "slept"), [(0, []), (1, [1]), (3, [1, 4, 16])])
def test_an_answer_ends_the_waiting(waits, times, slept):
    assert patiently(failing(times, TransientError("away"))) == "answer"
    assert waits == slept


def test_after_four_tries_the_last_error_is_raised(waits):
    with pytest.raises(TransientError, match="away"):
        patiently(failing(4, TransientError("away")))
    assert waits == [1, 4, 16]


def test_what_is_not_the_worlds_fault_is_not_tried_again(waits):
    with pytest.raises(ItemError, match="damaged"):
        patiently(failing(1, ItemError("damaged")))
    assert waits == []
