"""What a language model is told: by the name of an installed prompt or by a file, and never something else in silence."""

import pytest

from annotators.llm.prompts import prompt_text
from annotators.rationale.llm import LlmRationale
from annotators.registry import configured
from schemas.errors import UsageError


def test_built_in_prompts_come_in_by_the_door():
    assert "<evidence>" in prompt_text("rationale")
    assert "${complaint}" in prompt_text("rationale_again")


def test_a_file_of_the_same_words_is_the_same_author_and_one_of_other_words_another(tmp_path):
    same, other = tmp_path / "mine.md", tmp_path / "other.md"
    same.write_text(prompt_text("rationale"))
    other.write_text("Say what the person feels.")
    built_in = LlmRationale(chat="m")
    assert configured({"name": "rationale.llm", "chat": "m", "prompt": str(same)}, "plan:").key == built_in.key
    assert configured({"name": "rationale.llm", "chat": "m", "prompt": str(other)}, "plan:").key != built_in.key


@pytest.mark.parametrize("name", ["rationales", "absent.md", "", ".", "../rationale", "ration\nale"])
def test_what_is_no_prompt_is_refused_with_those_there_are(name):
    with pytest.raises(UsageError, match="installed prompts are rationale, rationale_again, rationale_given_label"):
        prompt_text(name)


def test_the_nearest_name_is_told():
    with pytest.raises(UsageError, match="did you mean rationale"):
        configured({"name": "rationale.llm", "chat": "m", "prompt": "rationle"}, "plan:")


@pytest.mark.parametrize(("data", "why"), [(b"\xff\xfe", "cannot be read as UTF-8"), (b" \n", "is empty")])
def test_a_file_that_is_no_text_is_refused_by_name(tmp_path, data, why):
    place = tmp_path / "mine.md"
    place.write_bytes(data)
    with pytest.raises(UsageError, match=f"mine.md {why}"):
        prompt_text(str(place))
