"""Keys: what fits in a row has one, a key serves one choice, and what has none is said to have none."""

from hypothesis import given
from hypothesis import strategies as st

from label_studio.project.hotkeys import CANNOT_KEYS, EXPLAINED, NO_KEY, TRUTH_KEYS, padded, share_keys


def test_each_question_begins_a_row_and_the_column_is_the_label():
    assert ["".join(keys) for keys in share_keys([8, 8, 8, 7])] == ["12345678", "qwertyui", "asdfghjk", "zxcvbnm"]
    assert share_keys([8, 8, 8, 8, 7, 5])[4:] == [tuple(f"shift+{key}" for key in row) for row in ("qwertyu", "12345")]


def test_a_long_question_goes_on_in_the_next_row_and_one_without_room_has_no_keys():
    assert "".join(share_keys([12])[0]) == "12345678qwer"
    assert share_keys([28, 36])[1] == (NO_KEY,) * 36


def test_when_all_rows_are_begun_a_question_gets_what_is_left_of_one():
    *_, last = share_keys([8, 5, 8, 7, 5, 7, 7, 5])
    assert "".join(last) == "yuiop"


def test_too_few_keys_are_filled_up():
    assert padded(TRUTH_KEYS, 9) == (*TRUTH_KEYS, NO_KEY)
    assert padded(TRUTH_KEYS, 2) == TRUTH_KEYS[:2]


@given(st.lists(st.integers(1, 40), max_size=12))
def test_no_key_serves_two_and_each_question_has_all_or_none(sizes):
    shared = share_keys(sizes)
    keys = [*EXPLAINED, *CANNOT_KEYS, *TRUTH_KEYS, *(key for keys in shared for key in keys if key != NO_KEY)]
    assert [len(one) for one in shared] == sizes
    assert len(set(keys)) == len(keys)
    assert all(len({key == NO_KEY for key in one}) == 1 for one in shared)
