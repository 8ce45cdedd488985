"""Media of many kinds, drawn by seed: flash, beep and word are found where they are, or what is missing is told.

All 320 are tried by `python -m tests.benchmarks.variants`; these are a part of them.
"""

import pytest

from tests.benchmarks.variants import JUMPS, SHARE, SOUNDS, WITHIN, Listener, drawn, tried
from tests.support.media import media

PART = range(0, 320, 13)


def test_the_seeds_draw_every_container_jump_and_form():
    variants = [drawn(seed) for seed in range(320)]
    assert len(set(variants)) > 290
    assert {one.container for one in variants} == set(SOUNDS)
    assert {one.jump for one in variants} == {None, *JUMPS}
    assert {one.offset for one in variants} == {None, "late sound", "late picture", "clock at 10 s"}
    assert any(one.gap for one in variants)
    assert drawn(7) == drawn(7)


@pytest.mark.parametrize("seed", PART)
def test_what_is_in_a_file_is_found_where_it_is(seed):
    found = tried(seed)
    assert found.stated, f"{found.variant}: the gap is not told"
    for what, errors in found.errors.items():
        assert errors and all(error is not None and error <= WITHIN for error in errors), f"{found.variant}: {what} {errors}"


@pytest.fixture(scope="module")
def listener(tmp_path_factory):
    return Listener(media("jfk"), tmp_path_factory.mktemp("plain"))


@pytest.mark.parametrize("seed", range(0, 60, 10))
def test_recognised_words_keep_their_places(seed, listener):
    variant, off, share = listener.off(seed)
    assert off is not None and off <= WITHIN and share >= SHARE, f"{variant}: off by {off}, {share} heard"
