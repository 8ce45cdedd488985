"""True labels and reliabilities, held to crowd-kit on planted reviewers and on real votes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from label_studio.consensus.agreement import fit_field
from label_studio.consensus.dawid_skene import Vote, fit
from tests.label_studio.reviewers import crema_d, planted

SKILLS = {"careful": 0.95, "careless": 0.6, "random": 0.0}


def table(answers, field):
    """Return the votes of a nominal field as crowd-kit wants them."""
    import pandas as pd

    rows = [(a.clip_id, a.reviewer, g.names[0]) for a in answers for g in a.given if g.modality == field]
    return pd.DataFrame(rows, columns=["task", "worker", "label"])


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
    fitted = fit_field(answers, field)
    ours, rated = fitted.by_item(), fitted.reliability()
    assert sorted(ours) == sorted(proba.index)
    assert rated.keys() == skill.keys()
    worst = max(abs(p - proba.loc[clip, label]) for clip, one in ours.items() for label, p in one.items())
    return worst, max(abs(rated[who] - skill[who]) for who in rated)


def test_planted_reviewers_get_the_reliabilities_that_crowd_kit_computes(capsys):
    answers, truth = planted(SKILLS, 300)
    fitted = fit_field(answers, "all")
    rated, believed = fitted.reliability(), fitted.by_item()
    right = np.mean([max(one, key=one.get) == truth[clip] for clip, one in believed.items()])
    worst = differences(answers, "all")
    with capsys.disabled():
        print(f"\nplanted: reliability {rated}, posterior right {right:.3f}, from crowd-kit {worst[0]:.1e} and {worst[1]:.1e}")
    assert max(worst) < 1e-3
    assert rated["careful"] > 0.85 > rated["careless"] > 0.45 > rated["random"]
    assert right > 0.8


@pytest.mark.parametrize("field", ["voice", "face", "all"])
def test_real_votes_give_the_posteriors_and_reliabilities_that_crowd_kit_computes(field, capsys):
    answers = crema_d(actors=12)
    rated, worst = fit_field(answers, field).reliability(), differences(answers, field)
    with capsys.disabled():
        print(
            f"\nCREMA-D {field}: reliability {min(rated.values())} to {max(rated.values())}, "
            f"from crowd-kit {worst[0]:.1e} and {worst[1]:.1e}"
        )
    assert max(worst) < 1e-3


def test_who_stands_against_all_others_is_believed_less_the_more_often():
    votes = [Vote(f"c{k}", who, "fear" if k % 2 else "anger") for k in range(8) for who in "ab"]
    votes += [Vote(f"c{k}", "z", "anger" if k % 2 else "fear") for k in range(8)]
    fitted = fit(votes)
    assert fitted.by_item()["c1"] == {"anger": 0.0, "fear": 1.0}
    assert fitted.reliability() == {"a": 1.0, "b": 1.0, "z": 0.0}
    assert [round(one, 4) for one in fitted.prior] == [0.5, 0.5]
    # Given label × true label: z says fear where anger is true, and the other way round.
    assert fitted.errors[2].round(4).tolist() == [[0.0, 1.0], [1.0, 0.0]]


def test_one_vote_is_believed_and_none_says_nothing():
    assert fit([Vote("c", "a", "fear")]).by_item() == {"c": {"fear": 1.0}}
    assert (fit([]).by_item(), fit([]).reliability()) == ({}, {})


@given(
    st.lists(
        st.builds(Vote, *(st.sampled_from(some) for some in ("cdefg", "abz", "xyw"))), unique_by=lambda v: (v.item, v.reviewer)
    ),
    st.randoms(use_true_random=False),
)
def test_the_order_of_votes_changes_nothing_and_shares_sum_to_one(votes, chance):
    fitted, other = fit(votes), fit(chance.sample(votes, len(votes)))
    assert np.array_equal(fitted.posterior, other.posterior)
    assert fitted.posterior.sum(axis=1) == pytest.approx(1)
    assert all(0 <= one <= 1 for one in fitted.reliability().values())
