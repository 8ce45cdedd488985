"""One request over HTTP, to a real server on loopback: what comes back is an answer or says what went wrong."""

import json
import logging
from datetime import UTC, datetime

import httpx2
import pytest

from annotators.llm.faults import Fault, RequestRefused, Where
from annotators.llm.http import ChatServer, completion, seconds_asked
from annotators.llm.request import ChatRequest, Dialect
from schemas.errors import UsageError
from tests.support.servers.faulty_server import completion as answered
from tests.support.servers.faulty_server import serving

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

        def ask(*faults, timeout=10.0):
            server.faults = list(faults)
            return ChatServer(Where(base=address, key=KEY), timeout).ask(PAYLOAD)

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


def test_an_answer_that_drips_for_ever_is_given_up_on(asked):
    with pytest.raises(Fault, match="the server was too slow"):
        asked("drip", timeout=1.0)


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


def test_the_key_is_nowhere_in_what_is_said_or_kept(asked, caplog):
    caplog.set_level(logging.DEBUG, "annotators.llm.http")
    found = asked("echoes")
    assert KEY not in found.choices[0].message.content
    for fault in ((400, {"error": {"message": f"bad key {KEY}", "code": KEY}}), 500, 401):
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
