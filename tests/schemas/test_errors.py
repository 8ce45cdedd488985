"""What an error says, and which kind of end each one is."""

import pytest

from schemas.errors import (
    AffectoryError,
    ItemError,
    LeakError,
    ModelFileError,
    TransientError,
    UsageError,
    did_you_mean,
    printable,
)


def test_an_error_tells_a_terminal_nothing_but_signs():
    told = str(ItemError("\x1b[31m\udcff\u202ea.mp4: is 愛\nrename it"))
    assert told == "\\x1b[31m\\udcff\\u202ea.mp4: is 愛\nrename it"
    assert told.encode()


@pytest.mark.parametrize(("text", "shown"), [("", ""), ("a\tb\x00", "a\\tb\\x00"), ("é 😀 \u2028", "é 😀 \\u2028")])
def test_what_does_not_print_is_spelt_out(text, shown):
    assert printable(text) == shown


def test_each_kind_ends_a_run_in_its_own_way():
    assert issubclass(ModelFileError, UsageError)
    kinds = (UsageError, LeakError, ItemError, TransientError)
    assert all(issubclass(kind, AffectoryError) for kind in kinds)
    assert not any(issubclass(one, other) for one in kinds for other in kinds if one is not other)


@pytest.mark.parametrize(
    ("said", "hint"), [("embeded", "; did you mean embedded?"), ("studio", "; did you mean studio?"), ("xyz", ""), ("", "")]
)
def test_the_nearest_known_name_is_proposed_and_nothing_far_off(said, hint):
    assert did_you_mean(said, (name for name in ("embedded", "studio"))) == hint
