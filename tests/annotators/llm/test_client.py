"""How fast a server is asked, and how long it is waited for."""

import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotators.llm.calls import Calls
from annotators.llm.client import LlmClient, Pace, backoff
from annotators.llm.faults import Fault
from annotators.llm.request import ChatRequest
from annotators.llm.usage import Usage
from tests.support.servers.faulty_server import GOOD

EVIDENCE = '<evidence>\n{"cues": [{"id": "face.smile.1"}], "languages": ["en"], "number": %d}\n</evidence>'
WORLD = {
    429: "rate limited",
    500: "server error",
    "reset": "connection",
    "half": "connection",
    "drip": "timeout",
    "drips its head": "timeout",
    "endless": "malformed response",
    "bomb": "malformed response",
    "garbage": "malformed response",
}
"""What a server can do to one call, and what that is counted as. What a model writes badly is `test_structured`'s."""


def request(number):
    messages = ({"role": "system", "content": "s"}, {"role": "user", "content": EVIDENCE % number})
    return ChatRequest(model="small", messages=messages, schema={"type": "object"}, max_tokens=5, temperature=None, sample=1)


@pytest.mark.parametrize("fault", WORLD)
def test_a_server_that_fails_each_fifth_call_answers_all_once_and_what_went_wrong_is_counted(server, fault):
    draw = random.Random(str(fault))
    planned = [fault if draw.random() < 0.2 else GOOD for _ in range(30)]
    server.faults = list(planned)
    seconds = 3.0 if WORLD[fault] == "timeout" else 60.0
    client = LlmClient(Calls(concurrency=4, timeout=seconds, tries=20, backoff=0.01))
    with ThreadPoolExecutor(4) as pool:
        replies = list(pool.map(client.ask, map(request, range(20))))
    asked = planned[: len(server.asked)]
    assert all("Joy" in reply.content for reply in replies)
    assert (len(server.answered), set(server.answered.values())) == (20, {1})
    used = Usage.among(client.meter.take())
    assert used.faults == Counter({WORLD[fault]: asked.count(fault)} if fault in asked else {})
    assert (used.paid.answers, used.kept.answers) == (20, 0)


def test_a_key_that_ends_midway_leaves_the_rest_for_later_and_nothing_is_paid_twice(server):
    client = LlmClient(Calls(concurrency=1, tries=2, backoff=0.01))
    server.faults = [GOOD] * 5 + [401] * 5
    told = []
    for number in range(10):
        try:
            told.append(client.ask(request(number)).content)
        except Fault as fault:
            told.append(fault.kind)
    assert told[5:] == ["refused us"] * 5 and "refused us" not in told[:5]
    again = LlmClient(Calls(concurrency=1))
    assert all("Joy" in again.ask(request(number)).content for number in range(10))
    assert (len(server.answered), set(server.answered.values())) == (10, {1})


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
