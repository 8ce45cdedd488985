"""What a language model is asked, and the name under which its answer is kept."""

import json
from dataclasses import replace

import pytest

from annotators.llm.request import ChatRequest, Dialect

ASKED = ChatRequest(
    model="m",
    messages=({"role": "system", "content": "s"}, {"role": "user", "content": "u"}),
    schema={"type": "object"},
    max_tokens=5,
    temperature=None,
    sample=1,
)


def test_equal_requests_have_one_key_and_another_sample_another():
    assert replace(ASKED).key == ASKED.key
    assert len({ASKED.key, replace(ASKED, sample=2).key, replace(ASKED, temperature=0.1).key, ASKED.again("a", "b").key}) == 4


def test_the_sample_and_an_unset_temperature_are_not_sent():
    assert set(ASKED.payload(Dialect())) == {"model", "messages", "max_tokens", "response_format"}
    assert replace(ASKED, temperature=0.0).payload(Dialect())["temperature"] == 0.0


def test_a_server_without_strict_output_is_shown_the_schema_in_words():
    strict, loose, bare = (ASKED.payload(Dialect(format=one)) for one in ("json_schema", "json_object", "text"))
    assert strict["response_format"]["json_schema"] == {"name": "answer", "strict": True, "schema": {"type": "object"}}
    assert loose["response_format"] == {"type": "json_object"}
    assert "response_format" not in bare
    for body in (loose, bare):
        assert body["messages"][0]["content"] == f"s\nThe JSON schema of the answer:\n{json.dumps({'type': 'object'})}"
        assert body["messages"][1] == strict["messages"][1]


def test_asked_again_it_says_what_was_answered_and_what_is_wrong():
    again = ASKED.again('{"a": 1}', "no")
    assert again.messages[:2] == ASKED.messages
    assert again.messages[2:] == ({"role": "assistant", "content": '{"a": 1}'}, {"role": "user", "content": "no"})


@pytest.mark.parametrize(
    ("complaint", "param", "other"),
    [
        ("the context is too long", None, None),
        ("temperature must be 1", "temperature", None),
        ("no", None, Dialect(format="json_object")),
        ("not supported", "response_format.type", Dialect(format="json_object")),
        ("use max_completion_tokens instead of max_tokens", "max_tokens", Dialect(limit="max_completion_tokens")),
    ],
)
def test_a_complaint_leads_to_other_words_only_where_they_would_help(complaint, param, other):
    assert Dialect().after(complaint, param) == other


def test_a_server_that_takes_no_weaker_form_is_not_asked_in_another():
    assert Dialect(format="text").after("no", None) is None
    assert Dialect(limit="max_completion_tokens", format="text").after("max_completion_tokens", None) is None
