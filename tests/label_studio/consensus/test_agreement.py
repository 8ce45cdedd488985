"""Agreement and reliability, held to krippendorff and crowd-kit on planted reviewers and on real votes."""

import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from label_studio.consensus.agreement import FIELDS, NAMED, TOGETHER, agreement, posterior, reliability
from schemas.errors import UsageError
from tests.label_studio.reviewers import LABELS, answer, crema_d, planted

SKILLS = {"careful": 0.95, "careless": 0.6, "random": 0.0}


def table(answers, field):
    """Return the votes of a nominal field as crowd-kit wants them."""
    import pandas as pd

    rows = [(a.clip_id, a.reviewer, g.names[0]) for a in answers for g in a.given if g.modality == field]
    return pd.DataFrame(rows, columns=["task", "worker", "label"])


def peer_alpha(answers, take, level):
    """Return alpha by the krippendorff package; `take` gives an answer's value or None."""
    import krippendorff

    cells = {(a.reviewer, a.clip_id): take(a) for a in answers}
    values = sorted({value for value in cells.values() if value is not None})
    code = {value: number if level == "nominal" else value for number, value in enumerate(values)}
    people, clips = (sorted({key[axis] for key in cells}) for axis in (0, 1))
    grid = [[code.get(cells.get((who, clip)), np.nan) for clip in clips] for who in people]
    return krippendorff.alpha(reliability_data=np.array(grid, float), level_of_measurement=level)


def peer_dawid_skene(answers, field):
    """Return posterior and reliability by crowd-kit, whatever warnings of coming pandas it meets."""
    import warnings

    from crowdkit.aggregation import DawidSkene

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = DawidSkene().fit(table(answers, field))
    skill = {
        who: sum(model.priors_[label] * own.loc[label, label] for label in own.index)
        for who, own in ((who, model.errors_.loc[who]) for who in model.errors_.index.get_level_values("worker").unique())
    }
    return model.probas_, skill


def differences(answers, field):
    """Return the largest difference from crowd-kit, in posterior and in reliability."""
    proba, skill = peer_dawid_skene(answers, field)
    ours, rated = posterior(answers, field), reliability(answers, field)
    assert sorted(ours) == sorted(proba.index)
    assert rated.keys() == skill.keys()
    worst = max(abs(p - proba.loc[clip, label]) for clip, one in ours.items() for label, p in one.items())
    return worst, max(abs(rated[who] - skill[who]) for who in rated)


def said_of(field):
    return lambda one: next((given.names[0] for given in one.given if given.modality == field), None)


def test_planted_reviewers_get_the_reliabilities_that_crowd_kit_computes(capsys):
    answers, truth = planted(SKILLS, 300)
    rated, believed = reliability(answers, "all"), posterior(answers, "all")
    right = np.mean([max(one, key=one.get) == truth[clip] for clip, one in believed.items()])
    worst = differences(answers, "all")
    with capsys.disabled():
        print(f"\nplanted: reliability {rated}, posterior right {right:.3f}, from crowd-kit {worst[0]:.1e} and {worst[1]:.1e}")
    assert max(worst) < 1e-3
    assert rated["careful"] > 0.85 > rated["careless"] > 0.45 > rated["random"]
    assert right > 0.8


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


@pytest.mark.parametrize("field", ["voice", "face", "all"])
def test_real_votes_give_the_posteriors_and_reliabilities_that_crowd_kit_computes(field, capsys):
    answers = crema_d(actors=12)
    rated, worst = reliability(answers, field), differences(answers, field)
    with capsys.disabled():
        print(
            f"\nCREMA-D {field}: reliability {min(rated.values())} to {max(rated.values())}, "
            f"from crowd-kit {worst[0]:.1e} and {worst[1]:.1e}"
        )
    assert max(worst) < 1e-3


def test_what_two_say_alone_or_not_at_all_is_no_agreement():
    found = agreement([answer("c1", "a", all="fear"), answer("c2", "b", all="fear")])
    assert [(one.items, one.answers, one.alpha, one.pairwise) for one in found.fields] == [(0, 0, None, None)] * len(FIELDS)


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
    assert reliability(answers, "all").keys() == {"a", "b"}


def test_who_cannot_judge_says_nothing_and_takes_back_what_was_said():
    answers = [answer("c1", "a", minute=1, all="anger"), answer("c1", "b", all="fear")]
    answers.append(answer("c1", "a", minute=2, cannot="cut off"))
    assert posterior(answers, "all") == {"c1": {"fear": 1.0}}


def test_several_names_are_one_value_whatever_their_order():
    answers = [answer("c1", "a", all=("fear", "anger")), answer("c1", "b", all=("anger", "fear")), answer("c2", "a", all="fear")]
    assert posterior(answers, "all")["c1"].keys() == {f"anger{TOGETHER}fear", "fear"}
    assert agreement(answers).of("all").pairwise == 1.0


def test_only_fields_of_names_have_a_posterior():
    with pytest.raises(UsageError, match="valence is not a field of names"):
        posterior([], "valence")
    assert (posterior([], "truth"), reliability([], "face")) == ({}, {})


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
    for field in NAMED:
        believed = posterior(answers, field)
        assert believed == posterior(mixed, field)
        assert all(sum(one.values()) == pytest.approx(1, abs=1e-3) for one in believed.values())
        rated = reliability(answers, field)
        assert rated == reliability(mixed, field)
        assert all(0 <= one <= 1 for one in rated.values())
