"""Media of many kinds, drawn by seed: flash, beep and word are found where they are, or what is missing is told.

All 320 are tried by `python -m tests.benchmarks.variants`; these are a part of them.
"""

import pytest

from tests.benchmarks.variants import JUMPS, SOUNDS, WITHIN, drawn, tried

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
