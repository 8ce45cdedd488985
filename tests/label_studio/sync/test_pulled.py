"""What a pull leaves for the next one."""

import pytest

from label_studio.sync.pulled import PULLED, Pulled, Unread, remember, remembered
from schemas.errors import UsageError

WHOLE = Pulled(
    since={4: "2026-01-02T03:04:05.678901Z"},
    seen={4: {11: (7, 8), 12: ()}},
    lost={13: (9,)},
    unread={8: Unread(task=11, clip="c1", reason="'emotion' cannot be 'joy'")},
)


@pytest.fixture
def place(tmp_path):
    return tmp_path / f"{PULLED}0123456789abcdef.json"


def test_the_next_pull_knows_what_the_last_one_left_and_the_same_is_the_same_bytes(place):
    remember(place, WHOLE)
    once = place.read_bytes()
    assert remembered(place) == WHOLE
    remember(place, WHOLE)
    assert place.read_bytes() == once
    assert list(place.parent.iterdir()) == [place]


def test_where_nothing_is_remembered_everything_is_pulled(place):
    assert remembered(place) == Pulled()


def test_a_memory_that_does_not_know_which_annotations_it_saw_is_none(place):
    place.write_text('{"since": {"4": "2026-01-02T03:04:05.678901Z"}, "unread": {}}')
    assert remembered(place) == Pulled()


@pytest.mark.parametrize("text", ["", "[]", '{"seen": 3}', '{"seen": {"four": {}}}'])
def test_a_damaged_memory_is_named_with_what_to_do(place, text):
    place.write_text(text)
    with pytest.raises(UsageError, match=rf"{place.name} is damaged; delete it"):
        remembered(place)
