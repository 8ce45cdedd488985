"""Answers from annotations: what counts, what is dropped, what is refused."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from label_studio.project.answers import Answer, answer_claims, load_answers, pseudonym, read_answer, write_answer
from label_studio.project.form import CANNOT
from label_studio.project.tasks import preferences, task
from schemas.claims import Label, Preference, Review, Text
from schemas.errors import ItemError, UsageError
from tests.label_studio.rows import Files, annotation, record
from tests.support.walking import walking

SERVER = "http://127.0.0.1:8080"
CONFLICTED = task(record(), "v1", Files()).data
PLAIN = task(record(probability=0.0), "v1", Files()).data
BLIND = {"face": ["happiness"], "voice": ["unclear"], "words": ["neutral"]}
FULL = BLIND | {"emotion": ["sadness"], "valence": ["-0.5"], "intensity": ["0.75"], "truth": ["voice"], "explained": ["right"]}


def told(data=CONFLICTED, **filled):
    return read_answer(annotation(**filled), data, SERVER)


def test_a_full_answer_says_it_by_modality():
    one = told(**FULL)
    assert {given.modality: given.names for given in one.given} == {
        "face": ("happiness",),
        "words": ("neutral",),
        "all": ("sadness",),
    }
    assert (one.given[-1].valence, one.given[-1].arousal, one.given[-1].intensity) == (-0.5, None, 0.75)
    assert (one.truth, one.cannot, one.kind, one.seconds) == ("voice", None, "conflict", 12.345)
    assert one.submitted == "2026-01-02T03:04:05Z"
    assert (one.clip_id, one.version, one.form) == tuple(CONFLICTED[name] for name in ("clip_id", "version", "form"))


@pytest.mark.parametrize(("emotion", "outcome"), [("happiness", "accepted"), ("fear", "edited")])
def test_a_label_is_accepted_or_put_right(emotion, outcome):
    assert told(PLAIN, emotion=[emotion]).label_outcome == outcome


@pytest.mark.parametrize(
    ("filled", "outcome", "text"),
    [
        ({}, None, None),
        ({"rationale": CONFLICTED["rationale"]}, None, None),
        ({"rationale": CONFLICTED["rationale"], "explained": ["right"]}, "accepted", CONFLICTED["rationale"]),
        ({"rationale": f"{CONFLICTED['rationale']}\r\n", "explained": ["right"]}, "accepted", CONFLICTED["rationale"]),
        ({"rationale": "No: she pouts."}, "edited", "No: she pouts."),
        ({"rationale": "No: she pouts.", "explained": ["right"]}, "edited", "No: she pouts."),
        ({"rationale": "No: she pouts.", "explained": ["wrong"]}, "rejected", CONFLICTED["rationale"]),
        ({"explained": ["wrong"]}, "rejected", CONFLICTED["rationale"]),
    ],
)
def test_a_rationale_is_accepted_edited_or_rejected_and_silence_is_none_of_them(filled, outcome, text):
    one = told(PLAIN, emotion=["fear"], **filled)
    assert (one.rationale_outcome, one.rationale) == (outcome, text)


def test_a_rationale_where_the_machine_had_none_is_the_persons_own():
    one = told({**PLAIN, "rationale": ""}, emotion=["fear"], rationale="She is afraid.", explained=["right"])
    assert (one.rationale_outcome, one.rationale) == (None, "She is afraid.")


@pytest.mark.parametrize("reason", CANNOT)
def test_what_cannot_be_judged_leaves_nothing_else_behind(reason):
    one = told(**FULL, cannot=[reason], rationale="left over")
    assert one == replace(told(cannot=[reason]))
    assert (one.given, one.truth, one.rationale, one.label_outcome, one.cannot) == ((), None, None, None, reason)


@pytest.mark.parametrize(
    ("filled", "message"),
    [
        ({}, "neither an emotion"),
        ({"emotion": []}, "neither an emotion"),
        ({"emotion": ["joy"]}, "'joy'"),
        ({"emotion": ["fear", "anger"]}, "more than one"),
        ({"emotion": ["fear"], "valence": ["0.3"]}, "'0.3'"),
        ({"emotion": ["fear"], "mood": ["bad"]}, "another form"),
        ({"emotion": ["fear"], "rationale": "x" * 50_001}, "longer than"),
        ({"emotion": ["fear"], "face": ["fear"]}, "not answered: voice, words"),
        ({"cannot": ["tired"]}, "'tired'"),
    ],
)
def test_a_wrong_answer_is_refused_with_its_reason(filled, message):
    with pytest.raises(ItemError, match=message):
        told(**filled)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"was_cancelled": True}, "skipped"),
        ({"lead_time": None}, "how long"),
        ({"lead_time": -1.0}, "lead_time"),
        ({"lead_time": float("nan")}, "lead_time"),
        ({"completed_by": None}, "completed_by"),
        ({"result": [{"from_name": "emotion"}]}, "value"),
        ({"result": annotation(emotion=["fear"])["result"] * 2}, "twice"),
    ],
)
def test_a_broken_annotation_is_refused_with_its_reason(change, message):
    with pytest.raises(ItemError, match=message):
        read_answer(annotation(**FULL) | change, CONFLICTED, SERVER)


@pytest.mark.parametrize("key", ["kind", "clip_id", "version", "form"])
def test_an_answer_to_a_task_that_is_none_of_ours_is_refused(key):
    with pytest.raises(ItemError, match=key):
        told({name: value for name, value in CONFLICTED.items() if name != key}, **FULL)


def test_an_answer_on_an_earlier_form_keeps_its_name():
    assert told({**CONFLICTED, "form": "0" * 12}, **FULL).form == "0" * 12
    assert told({**CONFLICTED, "form": "0" * 12}, **FULL).by == told(**FULL).by


def test_a_person_has_one_name_per_server_and_it_tells_nothing():
    one = read_answer(annotation(person=3, **FULL), CONFLICTED, SERVER)
    nested = read_answer(
        annotation(person=3, **FULL) | {"completed_by": {"id": 3, "email": "ada@example.org"}}, CONFLICTED, SERVER
    )
    assert one == nested
    assert "ada" not in json.dumps([claim.by for claim in answer_claims(nested)])
    assert len({pseudonym(server, person) for server in (SERVER, "http://b") for person in (1, 2)}) == 4


def test_an_answer_has_one_id_whatever_is_changed_in_it_later():
    one = read_answer(annotation(number=9, **FULL), CONFLICTED, SERVER)
    later = read_answer(annotation(number=9, **FULL | {"emotion": ["fear"]}), CONFLICTED, SERVER)
    assert one.answer_id == later.answer_id
    assert one.answer_id != read_answer(annotation(number=9, **FULL), CONFLICTED, "http://b").answer_id


def test_a_preference_names_the_texts_in_the_order_shown():
    pair = preferences(record(texts=("one", "two")), "v1", Files())[1].data
    one = told(pair, preferred=["a1"])
    assert (one.preferred, one.first, one.second, one.given) == ("a1", "rationale.r1", "rationale.r0", ())
    assert [type(claim) for claim in answer_claims(one)] == [Preference, Review]
    with pytest.raises(ItemError, match="neither a preference"):
        told(pair)
    assert told(pair, cannot=["language"]).preferred is None


def test_claims_are_in_the_persons_name():
    one = told(**FULL, rationale="She is sad.")
    said = answer_claims(one)
    assert [type(claim) for claim in said] == [Label, Label, Label, Text, Review]
    assert {claim.by for claim in said} == {one.by}
    assert one.by.startswith(f"person.{one.reviewer}@1#")
    assert said[-2].text == "She is sad."
    assert (said[-1].outcome, said[-1].rationale_outcome, said[-1].review_id) == ("edited", "edited", one.answer_id)
    rejected = answer_claims(told(**FULL | {"explained": ["wrong"]}))
    assert not [claim for claim in rejected if isinstance(claim, Text)]


def test_answers_are_kept_one_per_file_and_the_same_gives_the_same_bytes(tmp_path):
    one, two = told(**FULL), read_answer(annotation(number=8, **FULL), CONFLICTED, SERVER)
    for answer in (one, two, one):
        write_answer(tmp_path / "answers", answer)
    files = sorted((tmp_path / "answers").iterdir())
    assert [file.name for file in files] == sorted(f"{answer.answer_id}.json" for answer in (one, two))
    before = [file.read_bytes() for file in files]
    write_answer(tmp_path / "answers", one)
    assert [file.read_bytes() for file in files] == before
    assert set(load_answers(tmp_path / "answers")) == {one, two}
    assert load_answers(tmp_path / "nowhere") == ()


@pytest.mark.parametrize("text", ["", "{}", "[]", "nonsense", '{"answer_id": 1}'])
def test_a_file_that_is_no_answer_is_named(tmp_path, text):
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(UsageError, match=r"a\.json"):
        load_answers(tmp_path)


def test_an_answer_under_another_name_is_refused(tmp_path):
    write_answer(tmp_path, told(**FULL))
    file = next(tmp_path.iterdir())
    file.rename(tmp_path / "b.json")
    with pytest.raises(UsageError, match="holds the answer"):
        load_answers(tmp_path)


@given(st.text(max_size=300), st.text(max_size=300))
def test_any_text_comes_back_as_it_was_written(tmp_path_factory, shown, written):
    one = told({**PLAIN, "rationale": shown}, emotion=["fear"], rationale=written)
    folder = tmp_path_factory.mktemp("answers")
    write_answer(folder, one)
    assert load_answers(folder) == (one,)
    assert isinstance(one, Answer)


def test_a_modality_of_another_package_is_answered_like_the_others_and_an_earlier_form_need_not_know_it(tmp_path):
    old = told(**FULL)
    with walking(tmp_path):
        asked = task(record(), "v1", Files()).data
        found = told(asked, **FULL, gait=["fear"])
        assert {one.modality: one.names for one in found.given}["gait"] == ("fear",)
        assert [one.modality for one in answer_claims(found) if isinstance(one, Label)] == ["face", "words", "gait", "all"]
        assert "gait" not in {one.modality for one in told(asked, **FULL, gait=["unclear"]).given}
        with pytest.raises(ItemError, match="not answered: gait"):
            told(asked, **FULL)
        assert told(CONFLICTED, **FULL) == old
    with pytest.raises(ItemError, match="no 'gait'"):
        told(asked, **FULL, gait=["fear"])


def test_an_answer_is_held_to_the_label_space_that_its_task_asks_about():
    asked = task(record(), "v1", Files(), space_name="mer6").data
    assert "label" not in asked
    assert asked["affectory_id"].endswith(":mer6")
    said = {"face": ["angry"], "voice": ["worried"], "words": ["unclear"], "emotion": ["happy"]}
    found = told(asked, **said)
    assert (found.space, {one.space for one in answer_claims(found) if isinstance(one, Label)}) == ("mer6", {"mer6"})
    with pytest.raises(ItemError, match="'emotion' cannot be 'happiness'"):
        told(asked, **{**said, "emotion": ["happiness"]})
    for strange in ("lab5", ["mer6"], None):
        with pytest.raises(ItemError, match="no label space here"):
            told({**asked, "space": strange}, **said)


def test_answers_from_before_there_were_spaces_are_of_the_first(tmp_path):
    write_answer(tmp_path, told(**FULL))
    place = next(tmp_path.iterdir())
    old = json.loads(place.read_text())
    assert old.pop("space") == "ekman7"
    place.write_text(json.dumps(old))
    assert load_answers(tmp_path) == (told(**FULL),)
