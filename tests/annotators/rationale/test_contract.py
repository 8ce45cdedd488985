"""What an answer must be, and what becomes of it."""

import json

import pytest

from annotators.llm.structured import Complaint
from annotators.rationale.contract import (
    Expression,
    RationaleAnswer,
    Sentence,
    Written,
    answer_schema,
    complaint,
    rationale_texts,
    read_rationale,
    tree,
)
from schemas.claims import Text

CUES = ("face.smile.1", "words.joy.1")
LINE = Sentence(text="They smile.", cites=("face.smile.1",))


def answer(*sentences, language="en", emotion="joy"):
    written = Written(language=language, sentences=sentences or (LINE,))
    expression = Expression(text="glad", attributes=(LINE,))
    return RationaleAnswer(expressions=(expression,), rationales=(written,), emotion=emotion, valence=None)


def test_the_schema_holds_answers_to_the_cues_and_languages_and_closes_every_object():
    schema = answer_schema(CUES, ("en", "zh"))
    sentence, written = schema["$defs"]["Sentence"], schema["$defs"]["Written"]
    assert sentence["properties"]["cites"] == {
        "type": "array",
        "items": {"type": "string", "enum": [*CUES]},
        "minItems": 1,
        "maxItems": 8,
    }
    assert written["properties"]["language"]["enum"] == ["en", "zh"]
    for shape in (schema, *schema["$defs"].values()):
        assert shape["additionalProperties"] is False
        assert shape["required"] == list(shape["properties"])


def test_many_cues_are_not_listed_since_servers_refuse_long_lists():
    schema = answer_schema([f"face.x.{k}" for k in range(251)], ("en",))
    assert "enum" not in schema["$defs"]["Sentence"]["properties"]["cites"]["items"]


@pytest.mark.parametrize(
    ("bad", "kind"),
    [
        (answer(Sentence(text="x", cites=())), "no citation"),
        (answer(Sentence(text="x", cites=("face.smile.2",))), "unknown cue"),
        (answer(Sentence(text="as face.frown.7 shows", cites=CUES)), "unknown cue"),
        (answer(Sentence(text="  ", cites=CUES)), "empty"),
        (answer(emotion="this person is overjoyed because they won"), "no emotion"),
        (answer(language="zh"), "wrong languages"),
    ],
)
def test_what_cites_wrongly_or_in_the_wrong_language_is_complained_about(bad, kind):
    assert complaint(bad, CUES, ("en",)).kind == kind
    assert complaint(answer(), CUES, ("en",)) is None


@pytest.mark.parametrize(
    "content",
    ["", "no", "{}", "[1]", '{"emotion": 1}', "<think>{}</think>", json.dumps({"expressions": [], "rationales": []}), "}{"],
)
def test_what_is_not_an_answer_is_never_half_believed(content):
    assert isinstance(read_rationale(content, CUES, ("en",)), Complaint)


def test_a_rationale_is_its_sentences_and_names_each_cue_once():
    whole = Text(by="a@1#0", text_id="r.1", kind="rationale", text="", language="en")
    line = Sentence(text="They say so.", cites=("words.joy.1", "face.smile.1"))
    texts = list(rationale_texts(whole, (LINE, line)))
    assert texts[0].text == "They smile. They say so."
    assert texts[0].cites == ("face.smile.1", "words.joy.1")
    assert [(text.text_id, text.parent) for text in texts[1:]] == [("r.1.1", "r.1"), ("r.1.2", "r.1")]


def test_the_tree_hangs_attributes_under_expressions_under_the_emotion():
    whole = Text(by="a@1#0", text_id="r.1", kind="rationale", text="", language="zh", label_conditioned=True)
    texts = list(tree(whole, answer()))
    assert [(text.kind, text.parent, text.cites) for text in texts] == [
        ("emotion", "r.1", ()),
        ("expression", "r.1.emotion", ()),
        ("attribute", "r.1.expression.1", ("face.smile.1",)),
    ]
    assert all(text.label_conditioned for text in texts)
    assert [text.language for text in texts] == ["en", "zh", "zh"]
