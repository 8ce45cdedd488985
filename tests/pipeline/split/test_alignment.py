"""Where two sequences of codes run alike, on codes planted for it."""

import numpy as np
import pytest

from pipeline.split.alignment import Stretch, aligned, apart, meetings, nearest, offsets, often, stretches, voted


def codes(seed, count=100, width=4):
    return np.random.default_rng(seed).integers(1, 256, (count, width)).astype(np.uint8)


def owned(*each):
    """Return all rows of several sources with their owners and places."""
    owners = np.concatenate([np.full(len(one), number, np.int32) for number, one in enumerate(each)])
    places = np.concatenate([np.arange(len(one), dtype=np.int32) for one in each])
    return np.concatenate(each), owners, places


def test_sources_that_hold_an_equal_piece_meet_with_how_much_later_it_is():
    first, second = codes(1), np.concatenate([codes(2, 30), codes(1, 100)])
    found = meetings(*owned(first, second, codes(3)))
    assert set(zip(*(one.tolist() for one in found), strict=True)) == {(0, 1, 30)}
    assert often(*found[:2], 100) == [(0, 1)]
    assert often(*found[:2], 101) == []
    assert offsets(*found, 50) == {(0, 1): [30]}


def test_an_earlier_place_in_the_second_is_a_negative_offset():
    first, second = np.concatenate([codes(2, 30), codes(1)]), codes(1)
    assert offsets(*meetings(*owned(first, second)), 50) == {(0, 1): [-30]}


def test_of_offsets_side_by_side_the_one_given_most_often_stands_for_all():
    first, second = np.zeros(9, np.int64), np.ones(9, np.int64)
    assert offsets(first, second, np.array([4, 5, 5, 5, 6, 20, 20, 40, 41]), 5) == {(0, 1): [5]}


def test_rows_differ_in_a_share_of_their_bits_and_rows_of_zeros_prove_nothing():
    one = np.array([[0xFF, 0x0F], [0x01, 0x00], [0, 0]], np.uint8)
    other = np.array([[0xFF, 0xF0], [0, 0], [0, 0]], np.uint8)
    share = apart(one, other)
    assert share[0] == 0.5
    assert np.isnan(share[1:]).all()


@pytest.mark.parametrize(("offset", "first", "count"), [(0, 0, 10), (4, 0, 6), (-4, 4, 6), (10, 0, 0), (-10, 10, 0), (99, 0, 0)])
def test_rows_are_compared_as_far_as_both_reach(offset, first, count):
    start, differ = aligned(codes(1, 10), codes(1, 10), offset)
    assert len(differ) == count
    assert not count or start == first
    assert offset or not differ.any()


def test_the_planted_stretch_is_found_where_it_lies_and_nothing_beside_it():
    one = codes(1, 100)
    other = np.concatenate([codes(2, 20), one[30:70], codes(3, 40)])
    (found,) = stretches(one, other, -10, 16, 0.2)
    assert found.offset == -10
    assert found.first == pytest.approx(30, abs=8)
    assert found.first + found.count == pytest.approx(70, abs=8)


def test_few_flipped_bits_are_borne_and_many_are_not():
    one, other = codes(1), codes(1)
    other[::2] ^= 0x01
    assert list(stretches(one, other, 0, 16, 0.1)) == [Stretch(0, 0, 100)]
    other ^= 0x0F
    assert list(stretches(one, other, 0, 16, 0.1)) == []


def test_a_still_and_what_cannot_be_recognised_prove_nothing():
    still = np.repeat(codes(1, 1), 100, axis=0)
    assert list(stretches(still, still, 0, 16, 0.2)) == []
    dark = np.zeros((100, 4), np.uint8)
    assert list(stretches(dark, dark, 0, 16, 0.2)) == []
    assert list(stretches(codes(1, 8), codes(1, 8), 0, 16, 0.2)) == []


def test_each_row_finds_its_nearest_and_none_where_none_is_near():
    one = codes(1, 50, width=8)
    other = one[::-1].copy()
    other[10] = 0
    found = nearest(one, other, 0.1)
    assert found[39] == -1
    assert np.delete(found, 39).tolist() == [49 - k for k in range(50) if k != 39]
    assert (nearest(one, codes(9, 50, width=8), 0.1) == -1).all()


def test_offsets_are_voted_for_by_rows_give_or_take_a_place():
    closest = np.array([5, 6, 7, 9, 9, -1, 30, 31, -1])
    assert list(voted(closest, 3)) == [5]
    assert list(voted(closest, 2)) == [5, 24]
    assert list(voted(np.array([-1, -1]), 1)) == []
