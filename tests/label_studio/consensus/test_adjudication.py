"""What counts as decided, what goes to one more person, and whose word stands."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from label_studio.consensus.adjudication import decide_clips, disputed
from label_studio.consensus.consensus import ReviewSettings, fit_consensus
from schemas.errors import UsageError
from tests.label_studio.reviewers import LABELS, answer, crema_d, planted

SETTINGS = ReviewSettings()


def both(answers, settings=SETTINGS):
    """Return what is decided and what is disputed."""
    people = fit_consensus(answers, settings)
    return decide_clips(people), disputed(people)


def one(*answers, settings=SETTINGS):
    (decision,) = decide_clips(fit_consensus(answers, settings))
    return decision


def test_two_who_say_the_same_have_decided_and_their_numbers_are_averaged():
    found = one(
        answer("c1", "b", all="fear", face="fear", voice="anger", words="fear", valence=-0.5, arousal=0.0, intensity=0.4),
        answer("c1", "a", all="fear", face="fear", voice="anger", words="neutral", valence=-1.0, arousal=0.0, intensity=0.9),
    )
    assert (found.label, found.names, found.adjudicated, found.reviewers) == ("fear", ("fear",), False, ("a", "b"))
    assert dict(found.scores)["fear"] == 1.0
    assert [name for name, _ in found.scores] == ["anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral"]
    assert (found.valence, found.arousal, found.intensity) == (-0.75, 0.0, 0.65)
    assert found.alone == (("face", ("fear",)), ("voice", ("anger",)), ("words", ()))


def test_a_modality_that_is_unclear_to_people_is_no_label_of_it():
    found = one(*(answer("c1", who, all="fear", face="unclear", voice="fear") for who in "ab"))
    assert (dict(found.alone)["face"], dict(found.alone)["voice"], found.names) == ((), ("fear",), ("fear",))
    with pytest.raises(UsageError, match="says unclear"):
        fit_consensus([answer("c1", "a", all="unclear")], SETTINGS)


def test_one_against_one_is_disputed_whatever_the_estimate_says():
    answers = [answer(f"c{k}", who, all="fear") for k in range(9) for who in "ab"]
    answers += [answer("x", "a", all="fear"), answer("x", "b", all="anger")]
    decided, open_ = both(answers)
    assert ([found.clip_id for found in decided], open_) == ([f"c{k}" for k in range(9)], ("x",))


def test_one_answer_is_not_enough_and_not_disputed_either_unless_one_is_asked_for():
    alone = [answer("c1", "a", all="fear")]
    assert both(alone) == ((), ())
    assert one(*alone, settings=ReviewSettings(annotators=1)).label == "fear"


def test_an_adjudicator_decides_alone_and_what_is_left_open_stays_with_the_reviewers():
    reviews = [
        answer("c1", "a", all="fear", face="fear", valence=-0.5, arousal=0.5),
        answer("c1", "b", all="anger", face="fear", valence=-1.0, arousal=0.5),
    ]
    assert both(reviews)[1] == ("c1",)
    judged = [*reviews, answer("c1", "z", kind="adjudicate", all="anger", valence=0.0, truth="voice")]
    found = one(*judged)
    assert (found.label, found.adjudicator, found.reviewers, found.truth) == ("anger", "z", ("a", "b", "z"), "voice")
    assert (found.valence, found.arousal, dict(found.alone)["face"]) == (0.0, 0.5, ("fear",))
    assert dict(found.scores)["anger"] == 1.0
    assert both(judged)[1] == ()


def test_the_last_adjudication_stands_also_over_what_reviewers_agreed_on():
    reviews = [answer("c1", who, all="fear") for who in "ab"]
    first, last = (answer("c1", "z", kind="adjudicate", minute=k, all=label) for k, label in enumerate(("anger", "sadness")))
    assert one(*reviews, last, first).label == "sadness"


def test_where_most_cannot_judge_the_clip_cannot_be_judged_and_their_commonest_reason_says_why():
    found = one(
        answer("c1", "a", cannot="too dark"),
        answer("c1", "b", cannot="cut off"),
        answer("c1", "c", cannot="too dark"),
        answer("c1", "d", all="fear"),
    )
    assert (found.cannot, found.label, found.names, found.scores) == ("too dark", None, (), ())
    assert found.reviewers == ("a", "b", "c")


def test_half_who_cannot_judge_make_a_dispute_that_an_adjudicator_ends_either_way():
    half = [answer("c1", "a", cannot="too dark"), answer("c1", "b", all="fear")]
    assert both(half) == ((), ("c1",))
    assert one(*half, answer("c1", "z", kind="adjudicate", cannot="cut off")).cannot == "cut off"
    assert one(*half, answer("c1", "z", kind="adjudicate", all="fear")).cannot is None


def test_an_adjudicator_who_names_nothing_decides_nothing():
    half = [answer("c1", "a", all="anger"), answer("c1", "b", all="fear"), answer("c1", "z", kind="adjudicate", truth="face")]
    assert both(half) == ((), ("c1",))


def test_the_rationale_is_that_of_the_most_reliable_of_those_who_gave_the_label():
    answers = list(planted({"careful": 0.99, "careful too": 0.97, "careless": 0.5}, 100)[0])
    answers += [
        answer("x", "careless", all="fear", rationale="Careless.", rationale_outcome="edited"),
        answer("x", "careful", all="fear", rationale="Careful.", rationale_outcome="edited"),
        answer("x", "careful too", all="anger", rationale="Not the label.", rationale_outcome="edited"),
        answer("x", "most careful", all="fear", rationale="Struck out.", rationale_outcome="rejected"),
    ]
    found = next(one for one in both(answers)[0] if one.clip_id == "x")
    assert (found.label, found.rationale, found.rationale_by) == ("fear", "Careful.", "careful")


def test_the_rationale_of_an_adjudicator_comes_first():
    found = one(
        *(answer("c1", who, all="fear", rationale=who, rationale_outcome="edited") for who in "ab"),
        answer("c1", "z", kind="adjudicate", all="fear", rationale="Z.", rationale_outcome="edited"),
    )
    assert (found.rationale, found.rationale_by) == ("Z.", "z")


def test_several_names_together_are_one_label_and_share_its_probability():
    found = one(*(answer("c1", who, all=("sadness", "anger")) for who in "ab"))
    assert (found.label, found.names) == ("anger+sadness", ("anger", "sadness"))
    assert (dict(found.scores)["anger"], dict(found.scores)["sadness"]) == (0.5, 0.5)


def test_a_label_of_another_space_is_refused_with_the_answer_that_holds_it():
    strange = answer("c1", "a", all="joyous")
    with pytest.raises(UsageError, match=f"answer {strange.answer_id} of clip c1 says joyous, no label of ekman7"):
        fit_consensus([strange], SETTINGS)


@pytest.mark.parametrize(
    "skills", [{"a": 0.9, "b": 0.9}, {"a": 0.9, "b": 0.5}, {"careful": 0.95, "careless": 0.6, "random": 0.0}]
)
@pytest.mark.parametrize("clips", [10, 100, 300])
def test_what_is_decided_is_right_more_often_than_it_must_be_sure(skills, clips, capsys):
    right, made, asked = 0, 0, 0
    for seed in range(600 // clips):
        answers, truth = planted(skills, clips, seed=seed)
        found, open_ = both(answers)
        right += sum(one.label == truth[one.clip_id] for one in found)
        made, asked = made + len(found), asked + clips
        assert {one.clip_id for one in found}.isdisjoint(open_)
        assert len(found) + len(open_) == clips
    with capsys.disabled():
        print(f"\n{skills}, {clips} clips: {made / asked:.0%} decided, {right / made:.1%} of them right")
    assert right / made > 0.9
    assert made / asked > 0.4


def test_real_voters_decide_what_the_majority_of_other_voters_says(capsys):
    everybody = crema_d(actors=30)
    few = [one for one in everybody if one.reviewer < "r03"]
    others = {}
    for one_answer in everybody:
        said = [told.names[0] for told in one_answer.given if told.modality == "all"]
        if one_answer.reviewer >= "r03" and said:
            others.setdefault(one_answer.clip_id, Counter())[said[0]] += 1
    found, open_ = both(few)
    judged = [one for one in found if one.clip_id in others]
    alike = sum(others[one.clip_id][one.label] == max(others[one.clip_id].values()) for one in judged) / len(judged)
    asked = len({one.clip_id for one in few})
    with capsys.disabled():
        print(
            f"\nCREMA-D, 3 voters a clip: {len(found)} of {asked} decided, {alike:.1%} as most others say; {len(open_)} disputed"
        )
    assert alike > 0.8


some = st.builds(
    lambda clip, who, label, cannot, minute, kind: answer(
        f"c{clip}", f"r{who}", kind=kind, minute=minute, **({"cannot": cannot} if cannot else {"all": label, "truth": "face"})
    ),
    st.integers(0, 4),
    st.integers(0, 3),
    st.sampled_from(LABELS),
    st.sampled_from([None, None, None, "too dark", "cut off"]),
    st.integers(0, 59),
    st.sampled_from(["conflict", "ordinary", "conflict", "adjudicate", "prefer"]),
)


@given(st.lists(some, unique_by=lambda one: one.answer_id, max_size=30), st.randoms(use_true_random=False), st.integers(1, 3))
def test_the_order_of_answers_changes_no_decision_and_no_clip_is_both_decided_and_disputed(answers, chance, annotators):
    settings = ReviewSettings(annotators=annotators)
    mixed = chance.sample(answers, len(answers))
    found, open_ = both(answers, settings)
    assert (found, open_) == both(mixed, settings)
    assert {one.clip_id for one in found}.isdisjoint(open_)
    assert {one.clip_id for one in answers if one.kind == "adjudicate"} <= {one.clip_id for one in found}
    assert all((one.cannot is None) == bool(one.names) for one in found)
