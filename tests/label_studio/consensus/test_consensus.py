"""What is fitted: each reviewer's last answer, in the label space of the settings, and nothing twice."""

import pytest

from label_studio.consensus import consensus
from label_studio.consensus.adjudication import decide_clips
from label_studio.consensus.agreement import fields, fit_field, nominal
from label_studio.consensus.consensus import ReviewSettings, fit_consensus
from schemas.errors import UsageError
from tests.label_studio.reviewers import answer, planted
from tests.support.walking import walking

SETTINGS = ReviewSettings()


def test_beliefs_and_skill_are_those_of_each_field_and_reliability_that_of_shared_clips():
    answers = [*planted({"a": 0.9, "b": 0.6, "c": 0.8}, 40)[0], *(answer(f"x{k}", "a", all="fear") for k in range(30))]
    found = fit_consensus(answers, SETTINGS)
    whole, shared = fit_field(answers, "all"), fit_field(answers[:120], "all")
    assert found.beliefs["all"] == whole.by_item()
    assert found.skill == whole.reliability()
    assert found.reliability == shared.reliability() != found.skill
    assert found.clips == sorted({one.clip_id for one in answers})


def test_a_question_is_fitted_once_where_all_clips_are_shared(monkeypatch):
    asked = []
    monkeypatch.setattr(consensus, "fit_field", lambda answers, field: asked.append(field) or fit_field(answers, field))
    fit_consensus(planted({"a": 0.9, "b": 0.6}, 10)[0], SETTINGS)
    assert tuple(asked) == nominal()


def test_the_last_answer_of_each_stands_and_adjudications_stand_apart():
    first, last = answer("c", "a", all="fear"), answer("c", "a", minute=2, all="anger")
    alone = answer("c", "z", kind="adjudicate", minute=3, all="sadness")
    found = fit_consensus([alone, last, first], SETTINGS)
    assert (found.reviewed, found.adjudications) == ((last,), {"c": alone})
    assert set(found.answers) == {first, last, alone}


def test_answers_in_another_label_space_are_kept_and_decide_nothing():
    here = [answer("c", who, all="angry", space="mer6") for who in "ab"]
    there = [answer("c", who, minute=1, all="fear") for who in "ab"]
    found = fit_consensus([*here, *there], ReviewSettings(space="mer6"))
    (decision,) = decide_clips(found)
    assert (decision.names, len(found.answers)) == (("angry",), 4)
    assert [name for name, _ in decision.scores] == ["neutral", "angry", "happy", "sad", "worried", "surprise"]
    with pytest.raises(UsageError, match="says fear, no label of mer6"):
        fit_consensus([answer("c", "a", all="fear", space="mer6")], ReviewSettings(space="mer6"))


def test_a_modality_of_another_package_is_fitted_and_decided_like_the_others(tmp_path):
    told = {"face": "fear", "voice": "anger", "gait": "anger", "all": "anger", "truth": "gait"}
    with walking(tmp_path):
        found = fit_consensus([answer("c", who, **told) for who in "ab"], SETTINGS)
        (decision,) = decide_clips(found)
        assert fields() == ("face", "voice", "words", "gait", "all", "valence", "arousal", "intensity", "truth")
    assert found.beliefs["gait"] == {"c": {"anger": 1.0}}
    assert decision.alone == (("face", ("fear",)), ("voice", ("anger",)), ("words", ()), ("gait", ("anger",)))
    assert decision.truth == "gait"
