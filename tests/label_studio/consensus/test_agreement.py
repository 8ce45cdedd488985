"""Agreement, held to krippendorff on planted reviewers and on real votes."""

import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from label_studio.consensus.agreement import TOGETHER, agreement, fields, fit_field, nominal
from schemas.errors import UsageError
from tests.label_studio.reviewers import LABELS, answer, crema_d, planted


def peer_alpha(answers, take, level):
    """Return alpha by the krippendorff package; `take` gives an answer's value or None."""
    import krippendorff

    cells = {(a.reviewer, a.clip_id): take(a) for a in answers}
    values = sorted({value for value in cells.values() if value is not None})
    code = {value: number if level == "nominal" else value for number, value in enumerate(values)}
    people, clips = (sorted({key[axis] for key in cells}) for axis in (0, 1))
    grid = [[code.get(cells.get((who, clip)), np.nan) for clip in clips] for who in people]
    return krippendorff.alpha(reliability_data=np.array(grid, float), level_of_measurement=level)


def said_of(field):
    return lambda one: next((given.names[0] for given in one.given if given.modality == field), None)


@pytest.mark.parametrize("skill", [0.0, 0.5, 0.9, 1.0])
def test_alpha_is_that_of_the_krippendorff_package(skill):
    answers, _ = planted({"a": skill, "b": skill, "c": 0.7}, 120, seed=3)
    some = [one for one in answers if random.Random(one.answer_id).random() < 0.8]
    found = agreement(some)
    assert found.of("all").alpha == pytest.approx(peer_alpha(some, said_of("all"), "nominal"), abs=1e-4)
    assert found.of("valence").alpha == pytest.approx(peer_alpha(some, lambda a: a.given[0].valence, "interval"), abs=1e-4)


@pytest.mark.parametrize("field", ["voice", "face", "all"])
def test_real_votes_agree_as_much_as_the_krippendorff_package_says(field, capsys):
    answers = crema_d()
    found = agreement(answers).of(field)
    with capsys.disabled():
        print(f"\nCREMA-D {field}: alpha {found.alpha}, pairs {found.pairwise:.1%}, {found.items} clips, {found.answers} votes")
    assert found.alpha == pytest.approx(peer_alpha(answers, said_of(field), "nominal"), abs=1e-4)


def test_what_two_say_alone_or_not_at_all_is_no_agreement():
    found = agreement([answer("c1", "a", all="fear"), answer("c2", "b", all="fear")])
    assert [(one.items, one.answers, one.alpha, one.pairwise) for one in found.fields] == [(0, 0, None, None)] * len(fields())


def test_all_saying_one_thing_leaves_alpha_open_but_not_the_pairs():
    found = agreement([answer(clip, who, all="fear") for clip in ("c1", "c2") for who in ("a", "b")]).of("all")
    assert (found.items, found.alpha, found.pairwise) == (2, None, 1.0)


def test_each_pair_of_reviewers_has_its_own_share_and_scores_near_each_other_agree():
    answers = [
        answer("c1", "a", all="fear", valence=-0.5, intensity=0.25),
        answer("c1", "b", all="fear", valence=0.0, intensity=0.75),
        answer("c1", "c", all="anger", valence=1.0, intensity=0.75),
        answer("c2", "a", all="fear", valence=0.0, intensity=1.0),
        answer("c2", "b", all="anger", valence=1.0, intensity=0.75),
    ]
    named, valence = agreement(answers).of("all"), agreement(answers).of("valence")
    assert [(p.first, p.second, p.items, p.same) for p in named.pairs] == [("a", "b", 2, 0.5), ("a", "c", 1, 0), ("b", "c", 1, 0)]
    assert [p.same for p in valence.pairs] == [0.5, 0, 0]
    assert [p.same for p in agreement(answers).of("intensity").pairs] == [0.5, 0, 1]


def test_the_last_answer_counts_and_those_who_saw_the_others_do_not():
    answers = [
        answer("c1", "a", minute=1, all="anger"),
        answer("c1", "a", minute=2, all="fear"),
        answer("c1", "b", all="fear"),
        answer("c1", "x", kind="adjudicate", all="anger"),
        answer("c1", "y", kind="prefer", preferred="a1"),
    ]
    assert agreement(answers).of("all").pairwise == 1.0
    assert fit_field(answers, "all").reliability().keys() == {"a", "b"}


def test_who_cannot_judge_says_nothing_and_takes_back_what_was_said():
    answers = [answer("c1", "a", minute=1, all="anger"), answer("c1", "b", all="fear")]
    answers.append(answer("c1", "a", minute=2, cannot="cut off"))
    assert fit_field(answers, "all").by_item() == {"c1": {"fear": 1.0}}


def test_several_names_are_one_value_whatever_their_order():
    answers = [answer("c1", "a", all=("fear", "anger")), answer("c1", "b", all=("anger", "fear")), answer("c2", "a", all="fear")]
    assert fit_field(answers, "all").by_item()["c1"].keys() == {f"anger{TOGETHER}fear", "fear"}
    assert agreement(answers).of("all").pairwise == 1.0


def test_only_fields_of_names_have_a_posterior():
    with pytest.raises(UsageError, match="valence is not a field of names"):
        fit_field([], "valence")
    assert (fit_field([], "truth").by_item(), fit_field([], "face").reliability()) == ({}, {})


said = st.lists(
    st.builds(
        lambda clip, who, label, cannot, minute, valence: replace(
            answer(f"c{clip}", f"r{who}", minute=minute, all=label, valence=valence, truth="face"), cannot=cannot
        ),
        st.integers(0, 5),
        st.integers(0, 3),
        st.sampled_from(LABELS),
        st.sampled_from([None, None, None, "too dark"]),
        st.integers(0, 59),
        st.floats(-1, 1),
    ),
    unique_by=lambda one: one.answer_id,
    max_size=30,
)


@given(said, st.randoms(use_true_random=False))
def test_the_order_of_answers_changes_nothing_and_numbers_stay_in_range(answers, chance):
    mixed = chance.sample(answers, len(answers))
    found = agreement(answers)
    assert found == agreement(mixed)
    assert all(one.alpha is None or one.alpha <= 1 for one in found.fields)
    for field in nominal():
        fitted, other = fit_field(answers, field), fit_field(mixed, field)
        assert (fitted.by_item(), fitted.reliability()) == (other.by_item(), other.reliability())
        assert all(sum(one.values()) == pytest.approx(1, abs=1e-3) for one in fitted.by_item().values())
        assert all(0 <= one <= 1 for one in fitted.reliability().values())
