"""One request over HTTP, to a real server on loopback: what comes back is an answer or says what went wrong."""

import base64
import json
import logging
import time
from datetime import UTC, datetime

import httpx2
import pytest

from annotators.llm.faults import Fault, RequestRefused, Where
from annotators.llm.http import ChatServer, completion, seconds_asked
from annotators.llm.request import ChatRequest, Dialect
from schemas.errors import UsageError
from tests.support.servers.faulty_server import GOOD, serving
from tests.support.servers.faulty_server import completion as answered

KEY = "sk-0123456789abcdef"
EVIDENCE = '<evidence>\n{"cues": [{"id": "face.smile.1"}], "languages": ["en"]}\n</evidence>'
PAYLOAD = ChatRequest(
    model="small",
    messages=({"role": "system", "content": "s"}, {"role": "user", "content": EVIDENCE}),
    schema={"type": "object"},
    max_tokens=5,
    temperature=None,
    sample=1,
).payload(Dialect())


@pytest.fixture
def asked(monkeypatch):
    """Return what asks a server that behaves so."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with serving() as (server, address):

        def ask(*faults, timeout=10.0, key=KEY, login=None):
            """Ask as often as there are faults, once where there is none; return the last answer."""
            server.faults = list(faults)
            place = ChatServer(Where(base=address, key=key, login=login), timeout)
            for _ in faults[1:]:
                place.ask(PAYLOAD)
            return place.ask(PAYLOAD)

        ask.server = server
        yield ask


def test_an_answer_comes_with_the_model_that_gave_it_and_what_it_counted(asked):
    found = asked()
    assert (found.model, found.usage.prompt_tokens, found.usage.completion_tokens) == ("served", 100, 20)
    assert json.loads(found.choices[0].message.content)["emotion"] == "Joy"
    assert {name.lower(): value for name, value in asked.server.headers[0].items()}["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize(
    ("fault", "kind", "again"),
    [
        (429, "rate limited", True),
        (500, "server error", True),
        (503, "server error", True),
        (408, "server error", True),
        ("reset", "connection", True),
        ("half", "connection", True),
        ("garbage", "malformed response", True),
        ((429, {"error": {"message": "no", "code": "insufficient_quota"}}), "quota", False),
        ((400, {"error": {"message": "too long", "param": "messages"}}), "refused request", False),
        ((403, {"error": {"message": "your input was flagged", "code": "moderation"}}), "refused request", False),
        ("endless", "malformed response", True),
        ("bomb", "malformed response", True),
        ("zstd", "malformed response", True),
        ("echoes", "malformed response", False),
    ],
)
def test_what_went_wrong_is_told_by_its_kind_and_whether_to_try_again(asked, fault, kind, again):
    with pytest.raises(Fault) as raised:
        asked(fault)
    assert (raised.value.kind, raised.value.again) == (kind, again)


def test_a_server_that_says_how_long_to_wait_is_heard(asked):
    with pytest.raises(Fault) as raised:
        asked((429, {"error": {"message": "slow down"}}, {"Retry-After": "7"}))
    assert raised.value.wait == 7.0


@pytest.mark.parametrize("fault", ["drip", "drips its head"])
def test_an_answer_that_drips_for_ever_is_given_up_on(asked, fault):
    started = time.monotonic()
    with pytest.raises(Fault, match="the server was too slow"):
        asked(fault, timeout=1.0)
    assert time.monotonic() - started < 15  # of the 30 s that it would go on for


def test_after_one_that_was_too_slow_the_next_is_answered(asked):
    with pytest.raises(Fault, match="the server was too slow"):
        asked(GOOD, "drip", timeout=1.0)
    assert asked(GOOD, GOOD).model == "served"


def test_an_answer_that_is_packed_all_the_same_is_unpacked(asked):
    assert json.loads(asked("gzip").choices[0].message.content)["emotion"] == "Joy"
    assert {name.lower(): value for name, value in asked.server.headers[0].items()}["accept-encoding"] == "identity"


@pytest.mark.parametrize("key", ["e", "Joy", "none", ""])
def test_an_answer_is_never_touched_whatever_the_key(asked, key):
    assert json.loads(asked(key=key).choices[0].message.content)["emotion"] == "Joy"


def test_name_and_password_of_an_address_are_sent_and_never_said(asked):
    with pytest.raises(UsageError) as raised:
        asked(401, login=("lab", "pass-word-1"))
    assert "pass-word-1" not in str(raised.value)
    sent = {name.lower(): value for name, value in asked.server.headers[0].items()}["authorization"]
    assert sent == f"Basic {base64.b64encode(b'lab:pass-word-1').decode()}"


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_server_that_has_answered_and_refuses_us_later_stops_nothing(asked, status):
    with pytest.raises(Fault) as raised:
        asked(GOOD, status)
    assert (raised.value.kind, raised.value.again) == ("refused us", False)


def test_what_a_refusal_names_comes_with_it(asked):
    with pytest.raises(RequestRefused) as raised:
        asked((400, {"error": {"message": "max_tokens is not taken", "param": "max_tokens", "code": "unsupported"}}))
    assert raised.value.said.endswith("max_tokens is not taken")
    assert raised.value.param == "max_tokens"
    assert "400 unsupported" in str(raised.value)


@pytest.mark.parametrize(
    ("status", "says"),
    [(401, "does not accept the key in OPENAI_API_KEY"), (403, "does not accept"), (404, "has no model 'small'")],
)
def test_what_no_other_try_can_mend_stops_the_build_with_what_to_do(asked, status, says):
    with pytest.raises(UsageError, match=says):
        asked(status)


def test_the_key_is_nowhere_in_what_is_said(asked, caplog):
    caplog.set_level(logging.DEBUG, "annotators.llm.http")
    for fault in ("echoes", (400, {"error": {"message": f"bad key {KEY}", "code": KEY}}), 500, 401):
        with pytest.raises((Fault, UsageError)) as raised:
            asked(fault)
        assert KEY not in str(raised.value) and KEY not in getattr(raised.value, "said", "")
    assert KEY not in caplog.text


@pytest.mark.parametrize("body", ["", "null", "[]", "{}", '{"choices": []}', '{"choices": [{"message": 5}]}', "<html>"])
def test_what_holds_no_answer_is_a_fault(body):
    with pytest.raises(Fault) as raised:
        completion(body)
    assert raised.value.kind == "malformed response"


def test_what_else_a_server_sends_along_is_passed_over():
    found = completion(json.dumps({**answered("hi"), "id": 5, "service_tier": None, "usage": None}))
    assert (found.choices[0].message.content, found.usage) == ("hi", None)


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
