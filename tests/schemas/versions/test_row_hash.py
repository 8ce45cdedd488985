"""What makes two versions the same: the hashes of their rows, in whatever order."""

import hashlib
import json

import pytest

from schemas.versions.row_hash import added, row_hash


def test_media_count_by_their_own_hash_at_any_depth():
    row = {"b": 1, "a": {"bytes": b"jpeg", "path": None}, "c": [b"x", (1, "é")]}
    told = {
        "a": {"bytes": hashlib.sha256(b"jpeg").hexdigest(), "path": None},
        "b": 1,
        "c": [hashlib.sha256(b"x").hexdigest(), [1, "é"]],
    }
    text = json.dumps(told, separators=(",", ":"), ensure_ascii=False)
    assert row_hash(row) == hashlib.sha256(text.encode()).hexdigest()


def test_the_order_of_columns_does_not_count_and_that_of_a_list_does():
    assert row_hash({"a": 1, "b": 2}) == row_hash({"b": 2, "a": 1})
    assert row_hash({"a": [1, 2]}) != row_hash({"a": [2, 1]})


def test_a_number_that_is_none_is_no_row():
    with pytest.raises(ValueError, match="JSON compliant"):
        row_hash({"a": float("nan")})


def test_a_sum_is_64_hex_digits_and_runs_over_to_zero():
    hashes = [int(row_hash({"a": k}), 16) for k in range(5)]
    assert added(sum(hashes)) == added(sum(reversed(hashes)))
    assert added(2**256 - 1) == "f" * 64
    assert added(2**256) == "0" * 64
    assert added(2**256 + 10) == "0" * 63 + "a"


def test_a_row_twice_is_not_a_row_once():
    once = int(row_hash({"a": 1}), 16)
    assert added(once) != added(2 * once)
