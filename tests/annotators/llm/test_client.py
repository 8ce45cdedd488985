"""How a server is asked: in which words, how fast, and how long it is waited for."""

from datetime import UTC, datetime

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotators.llm.calls import Calls
from annotators.llm.client import Pace, backoff
from annotators.llm.http import seconds_asked
from annotators.llm.request import ChatRequest, Dialect

ASKED = ChatRequest(
    model="m",
    messages=({"role": "system", "content": "s"}, {"role": "user", "content": "u"}),
    schema={"type": "object"},
    max_tokens=5,
    temperature=None,
    sample=1,
)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7", 7.0),
        ("0.5", 0.5),
        ("-3", 0.0),
        ("Sat, 21 Nov 2026 10:00:30 GMT", 30.0),
        ("Sat, 21 Nov 2026 09:00:00 GMT", 0.0),
        ("soon", None),
        ("inf", None),
        ("", None),
    ],
)
def test_a_server_says_in_seconds_or_as_a_date_for_how_long_to_wait(text, seconds):
    now = datetime(2026, 11, 21, 10, tzinfo=UTC)
    assert seconds_asked(httpx2.Headers({"Retry-After": text}), now) == seconds


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


def test_equal_requests_have_one_key_and_another_sample_another():
    from dataclasses import replace

    assert replace(ASKED).key == ASKED.key
    assert len({ASKED.key, replace(ASKED, sample=2).key, replace(ASKED, temperature=0.1).key, ASKED.again("a", "b").key}) == 4


def test_the_sample_and_an_unset_temperature_are_not_sent():
    assert set(ASKED.payload(Dialect())) == {"model", "messages", "max_tokens", "response_format"}


def test_a_complaint_about_anything_else_leads_to_no_other_words():
    assert Dialect().after("the context is too long", None) is None
    assert Dialect().after("temperature must be 1", "temperature") is None
    assert Dialect(format="text").after("no", None) is None
    assert Dialect().after("no", None) == Dialect(format="json_object")


def test_a_price_needs_both_a_rate_and_a_count():
    assert Calls().price(1, 1) is None
    assert Calls(price_in=2.0).price(None, 1) is None
    assert Calls(price_in=2.0, price_out=4.0).price(500_000, 250_000) == 2.0
