"""What can go wrong with a server, and which server is meant."""

import pickle

import pytest

from annotators.llm.faults import Fault, RequestRefused, Where, chat_place
from schemas.errors import ItemError, TransientError, UsageError


@pytest.mark.parametrize(
    ("base", "key", "place"),
    [
        ("http://127.0.0.1:8000/v1", None, Where(base="http://127.0.0.1:8000/v1", key=None)),
        (None, "sk-1", Where(base=None, key="sk-1")),
        ("http://a/v1", "sk-1", Where(base="http://a/v1", key="sk-1")),
        ("http://a/v1", "", Where(base="http://a/v1", key=None)),
        ("https://lab:p%40ss@a:8000/v1", "sk-1", Where(base="https://a:8000/v1", key="sk-1", login=("lab", "p@ss"))),
    ],
)
def test_a_server_is_named_by_its_address_or_its_key(monkeypatch, base, key, place):
    for name, value in (("OPENAI_BASE_URL", base), ("OPENAI_API_KEY", key)):
        monkeypatch.delenv(name, raising=False) if value is None else monkeypatch.setenv(name, value)
    assert chat_place() == place


def test_without_either_it_is_said_what_to_set(monkeypatch):
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    monkeypatch.setenv("OPENAI_API_KEY", "")
    with pytest.raises(UsageError, match="set OPENAI_BASE_URL"):
        chat_place()


@pytest.mark.parametrize(
    "base", ["a:8000/v1", "ftp://lab:secret-1@a/v1", "http://", "http://lab:secret-1@a:port/v1", "http://[a"]
)
def test_what_is_no_address_is_said_without_repeating_it(monkeypatch, base):
    monkeypatch.setenv("OPENAI_BASE_URL", base)
    with pytest.raises(UsageError, match="is no address") as raised:
        chat_place()
    assert "secret-1" not in str(raised.value)


def test_key_and_password_are_not_shown_where_a_server_is_printed():
    shown = repr(Where(base=None, key="sk-secret", login=("lab", "pass-word")))
    assert "sk-secret" not in shown and "pass-word" not in shown


def test_what_is_too_short_is_no_secret():
    assert Where(base=None, key="EMPTY", login=("lab", "pass-word")).secrets == ("pass-word",)


def test_a_fault_is_the_worlds_and_may_be_tried_again_unless_it_says_otherwise():
    fault = Fault("rate limited", "the server answered 429", wait=3.0)
    assert isinstance(fault, TransientError) and not isinstance(fault, ItemError)
    assert (fault.kind, str(fault), fault.again, fault.wait) == ("rate limited", "the server answered 429", True, 3.0)
    refused = RequestRefused("refused (400)", "temperature must be 1", "temperature")
    assert (refused.kind, refused.again, refused.said, refused.param) == (
        "refused request", False, "temperature must be 1", "temperature",
    )  # fmt: skip


def test_a_place_travels_to_a_worker():
    where = Where(base="http://a/v1", key="sk-1")
    assert pickle.loads(pickle.dumps(where)) == where
