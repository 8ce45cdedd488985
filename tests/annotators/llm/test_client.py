"""How fast a server is asked, and how long it is waited for."""

from hypothesis import given
from hypothesis import strategies as st

from annotators.llm.client import Pace, backoff


@given(st.integers(1, 10), st.integers(0, 2**32 - 1))
def test_each_wait_is_up_to_twice_as_long_and_at_least_half_of_that(attempt, draw):
    assert 2.0 ** (attempt - 1) / 2 <= backoff(1.0, attempt, f"{draw:08x}ff") <= 2.0 ** (attempt - 1)


class Clock:
    def __init__(self):
        self.now, self.slept = 0.0, []

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.now += seconds


def test_requests_keep_to_the_rate_and_wait_for_a_server_that_asks_for_it():
    clock = Clock()
    pace = Pace(30, clock=lambda: clock.now, sleep=clock.sleep)
    for _ in range(3):
        pace.wait()
    assert clock.slept == [2.0, 2.0]
    pace.hold(60.0)
    pace.wait()
    assert clock.slept[-1] == 60.0


def test_without_a_rate_nothing_waits():
    clock = Clock()
    pace = Pace(None, clock=lambda: clock.now, sleep=clock.sleep)
    pace.wait()
    pace.wait()
    assert clock.slept == []
