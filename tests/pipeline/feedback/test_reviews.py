"""What people decide stands above what machines say, and says who decided."""

from dataclasses import replace

import pytest

from label_studio.consensus.consensus import ReviewSettings, fit_consensus
from label_studio.project.answers import Answer, Given, person
from pipeline.feedback.reviews import apply_decisions, authors, clip_reviews, key
from pipeline.judge.assess import AssessSettings
from pipeline.judge.route import Judge, RouteSettings
from schemas.claims import Label
from schemas.vocabulary.distributions import ALL
from schemas.vocabulary.modalities import modalities
from schemas.vocabulary.spaces import space
from tests.support.reported import clip
from tests.support.walking import walking

NAMES = space("ekman7").labels
JUDGE = Judge(assess=AssessSettings(), route=RouteSettings(audit=0.0), judged=True)
SETTINGS = ReviewSettings(annotators=2)
HASH = "25fe638327f810d5"


def label(modality, top):
    scores = tuple(0.88 if name == top else 0.02 for name in NAMES)
    return Label(by=f"labels.{modality}@1#0", modality=modality, space="ekman7", names=NAMES, scores=scores)


def machine(judge=JUDGE, **tops):
    return judge(clip(0, labels=tuple(label(modality, top) for modality, top in tops.items())))


def answer(who, clip_id, number=0, **said):
    parts = {key: said.pop(key) for key in (*modalities(), "all") if key in said}
    given = tuple(Given(modality=modality, names=(name,)) for modality, name in parts.items())
    made = {"version": "v1", "form": "f", "kind": "conflict", "seconds": 12.5, "submitted": f"2026-11-21T10:00:0{number}Z"}
    return Answer(**{**made, "answer_id": f"{who}{number}", "clip_id": clip_id, "reviewer": who, "given": given, **said})


def after(record, *answers, judge=JUDGE, settings=SETTINGS):
    return apply_decisions(record, clip_reviews(fit_consensus(answers, settings))[record.clip_id], judge, settings)


def whole(record):
    (found,) = [one for one in record.labels if one.modality == ALL and one.by.startswith("decision@")]
    return dict(zip(found.names, found.scores, strict=True)), found


def test_two_people_who_agree_decide_and_their_label_replaces_the_fused_one():
    record = machine(face="happiness", voice="sadness", words="happiness")
    assert record.routes[-1].decision == "review"
    said = {"face": "happiness", "voice": "sadness", "all": "sadness"}
    made = after(record, answer("ann", record.clip_id, **said), answer("bob", record.clip_id, **said))
    scores, found = whole(made)
    assert max(scores, key=scores.get) == "sadness"
    assert [one.by for one in made.labels if one.modality == ALL and one.scores] == [found.by]
    assert made.routes[-1].decision == "accept"
    assert made.routes[-1].reasons[0].startswith("decided by 2 people: sadness")
    assert made.assessments[-1].category == "audio_aligned"
    (review,) = [one for one in made.reviews if one.kind == "decision"]
    assert review.outcome == "edited"
    assert review.seconds == 25.0
    assert {one.by.partition("@")[0] for one in made.reviews} == {"person.ann", "person.bob", "decision"}
    known = {author.key for author in authors(told_answers(made, record), SETTINGS)}
    assert {one.by for one in (*made.reviews, *made.labels) if one.by.startswith(("person.", "decision"))} <= known


def told_answers(made, record):
    return [answer(one.by.partition("@")[0].removeprefix("person."), record.clip_id) for one in made.reviews]


def test_people_who_disagree_leave_the_clip_for_an_adjudicator_ahead_of_the_budget():
    record = machine(face="happiness", voice="sadness", words="happiness")
    answers = (answer("ann", record.clip_id, all="sadness"), answer("bob", record.clip_id, all="anger"))
    made = after(record, *answers)
    assert made.routes[-1].decision == "review"
    assert made.routes[-1].priority == 1.0
    assert "do not agree" in made.routes[-1].reasons[0]
    assert [one for one in made.labels if one.by.startswith("decision@")] == []
    final = after(record, *answers, answer("eve", record.clip_id, number=5, kind="adjudicate", all="anger"))
    assert final.routes[-1].reasons[0] == "decided by an adjudicator after 3 people: anger, 1.00"


def test_one_answer_of_two_decides_nothing_yet():
    record = machine(face="happiness", voice="sadness", words="happiness")
    made = after(record, answer("ann", record.clip_id, all="sadness"))
    assert made.routes[-1].reasons[0] == "1 of 2 people has answered"
    assert made.routes[-1].decision == "review"


def test_an_accepted_clip_stays_accepted_while_its_audit_is_under_way():
    record = machine(face="happiness", voice="happiness", words="happiness")
    made = after(record, answer("ann", record.clip_id, all="anger"))
    assert made.routes[-1].decision == "accept"
    disputed = after(record, answer("ann", record.clip_id, all="anger"), answer("bob", record.clip_id, all="fear"))
    assert disputed.routes[-1].decision == "review"


def test_what_people_cannot_judge_is_rejected_with_their_reason():
    record = machine(face="happiness", voice="sadness", words="happiness")
    answers = [answer(who, record.clip_id, cannot="several people speak") for who in ("ann", "bob")]
    made = after(record, *answers)
    assert made.routes[-1].decision == "reject"
    assert made.routes[-1].reasons == ("2 people cannot judge it: several people speak",)


@pytest.mark.parametrize(("heard", "outcome"), [("happiness", "accepted"), ("anger", "edited")])
def test_an_audited_clip_stays_marked_and_says_whether_the_machines_were_right(heard, outcome):
    judge = replace(JUDGE, route=RouteSettings(audit=1.0))
    record = machine(judge, face="happiness", voice="happiness", words="happiness")
    assert record.routes[-1].audit
    made = after(record, *(answer(who, record.clip_id, all=heard) for who in ("ann", "bob")), judge=judge)
    assert made.routes[-1].audit
    assert [one.outcome for one in made.reviews if one.kind == "decision"] == [outcome]


def test_what_a_gate_rejects_stays_rejected_whatever_people_say():
    judge = replace(JUDGE, route=RouteSettings(min_seconds=60))
    record = machine(judge, face="happiness", voice="happiness")
    made = after(record, *(answer(who, record.clip_id, all="fear") for who in ("ann", "bob")), judge=judge)
    assert made.routes[-1].decision == "reject"


def test_the_last_answer_of_a_person_counts():
    record = machine(face="happiness", voice="sadness", words="happiness")
    first = answer("ann", record.clip_id, all="fear")
    second = answer("ann", record.clip_id, number=3, all="sadness")
    made = after(record, second, first, settings=ReviewSettings(annotators=1))
    assert max(whole(made)[0], key=whole(made)[0].get) == "sadness"
    mine = [one for one in made.labels if one.by == person(second).key]
    assert [one.names for one in mine] == [("sadness",)]


def test_settling_again_changes_nothing():
    record = machine(face="happiness", voice="sadness", words="happiness")
    answers = [answer(who, record.clip_id, face="happiness", all="sadness") for who in ("ann", "bob")]
    once = after(record, *answers)
    again = after(machine(face="happiness", voice="sadness", words="happiness"), *reversed(answers))
    assert again == once


def test_what_people_say_of_a_modality_of_another_package_is_in_their_claims_and_in_the_decision(tmp_path):
    record = machine(face="happiness", voice="sadness", words="happiness")
    said = {"face": "happiness", "gait": "sadness", "all": "sadness", "truth": "gait"}
    with walking(tmp_path):
        made = after(record, *(answer(who, record.clip_id, **said) for who in ("ann", "bob")))
    spoken = [(one.by.partition("@")[0], one.names) for one in made.labels if one.modality == "gait"]
    assert spoken == [("person.ann", ("sadness",)), ("person.bob", ("sadness",)), ("decision", ("sadness",))]
    assert {one.truth for one in made.reviews} == {"gait"}


def test_answers_in_another_label_space_are_claims_and_no_decision():
    record = machine(face="happiness", voice="sadness", words="happiness")
    made = after(record, *(answer(who, record.clip_id, all="angry", space="mer6") for who in ("ann", "bob")))
    assert {(one.space, one.names) for one in made.labels if one.by.startswith("person.")} == {("mer6", ("angry",))}
    assert made.routes[-1] == record.routes[-1]


def test_the_hash_of_answers_is_what_it_was_before_there_were_other_spaces():
    one = answer("ann", "c1", all="fear")
    assert key(fit_consensus([one], SETTINGS)) == HASH
    assert key(fit_consensus([replace(one, space="mer6")], SETTINGS)) != HASH
    assert key(fit_consensus([], SETTINGS)) == ""
