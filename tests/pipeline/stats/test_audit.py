import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, hypergeom

from pipeline.stats.audit import CONFIDENCE, Audit, upper_bound
from schemas.errors import UsageError

AUDITS = 1000
ENOUGH = 950
RATES = (0.0, 0.01, 0.05, 0.2, 0.5, 0.9, 1.0)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("size", [1, 10, 100, 500])
def test_the_bound_covers_the_true_error_in_95_of_100_simulated_audits(rate, size):
    # Layered draws, one in each thousandth: as random as plain ones, without the luck of a lucky or unlucky thousand.
    layers = (np.arange(AUDITS) + np.random.default_rng([size, int(rate * 100)]).random(AUDITS)) / AUDITS
    wrong = np.maximum(binom.ppf(layers, size, rate), 0)
    assert sum(upper_bound(int(k), size) >= rate for k in wrong) >= ENOUGH


@pytest.mark.parametrize("rate", [0.02, 0.1, 0.3])
def test_it_does_so_where_a_hash_draws_each_clip_of_a_version_by_itself(rate):
    random = np.random.default_rng(int(rate * 1000))
    covered = 0
    for _ in range(AUDITS):
        bad = random.random(2000) < rate
        drawn = random.random(2000) < 0.05
        covered += upper_bound(int((bad & drawn).sum()), int(drawn.sum())) >= bad.mean()
    assert covered >= ENOUGH


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("size", [1, 7, 59, 300])
def test_counted_out_in_full_the_chance_to_cover_is_never_below_95_per_cent(rate, size):
    k = np.arange(size + 1)
    covers = np.array([upper_bound(int(n), size) >= rate for n in k])
    assert binom.pmf(k, size, rate)[covers].sum() >= CONFIDENCE - 1e-9


@pytest.mark.parametrize("clips", [20, 200, 3000])
@pytest.mark.parametrize("rate", [0.0, 0.05, 0.1, 0.4, 1.0])
@pytest.mark.parametrize("share", [0.05, 0.3, 0.9, 1.0])
def test_nor_is_it_for_a_sample_of_a_version_with_few_clips(clips, rate, share):
    bad, size = round(clips * rate), round(clips * share)
    k = np.arange(size + 1)
    covers = np.array([upper_bound(int(n), size) >= bad / clips for n in k])
    assert hypergeom.pmf(k, clips, bad, size)[covers].sum() >= CONFIDENCE - 1e-9


@given(st.integers(1, 400), st.data())
def test_the_bound_is_where_so_few_errors_become_a_1_in_20_surprise(checked, data):
    wrong = data.draw(st.integers(0, checked - 1))
    assert binom.cdf(wrong, checked, upper_bound(wrong, checked)) == pytest.approx(1 - CONFIDENCE, abs=1e-6)


@given(st.integers(1, 400), st.data())
def test_more_errors_raise_the_bound_and_more_right_answers_lower_it(checked, data):
    wrong = data.draw(st.integers(0, checked))
    bound = upper_bound(wrong, checked)
    assert wrong / checked <= bound <= 1
    assert upper_bound(wrong + 1, checked + 1) >= bound >= upper_bound(wrong, checked + 1)


def test_59_right_answers_are_what_5_per_cent_takes():
    assert upper_bound(0, 58) > 0.05 > upper_bound(0, 59)


def test_an_audit_that_nobody_answered_has_no_bound():
    assert Audit(drawn=12, checked=0, wrong=0, cannot=2).bound is None
    assert Audit(drawn=12, checked=10, wrong=0, cannot=2).bound == upper_bound(0, 10)


@pytest.mark.parametrize(("wrong", "checked"), [(0, 0), (2, 1), (-1, 3)])
def test_counts_that_cannot_be_are_refused(wrong, checked):
    with pytest.raises(UsageError, match=f"{wrong} wrong of {checked} checked"):
        upper_bound(wrong, checked)
