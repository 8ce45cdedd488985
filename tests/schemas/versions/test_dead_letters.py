"""Dead letters as a whole: the same reasons are counted together, whatever the numbers and files in them."""

import pytest

from schemas.record import DeadLetter
from schemas.values import Span
from schemas.versions.dead_letters import counted, generalised, letter_order


def letter(reason="no sound", step="probe", source="a", file="a.mp4", start=None, clip=None):
    span = None if start is None else Span(start=start, end=start + 1)
    return DeadLetter(source_id=source, file=file, clip_id=clip, step=step, reason=reason, span=span)


@pytest.mark.parametrize(
    ("reason", "general"),
    [
        ("speech of 0.4 s is shorter than 1 s", "speech of … s is shorter than … s"),
        ("the same bytes as b, which c.mp4, which is kept", "the same bytes as another, which is kept"),
        ("holds the same bytes as b, which", "holds the same bytes as b, which"),
        ("v1.2.3", "v….…"),
        ("", ""),
    ],
)
def test_a_reason_is_told_without_its_numbers_and_without_a_copys_file(reason, general):
    assert generalised(reason) == general


def test_reasons_are_counted_the_commonest_first_and_then_by_name():
    letters = [letter("x 1"), letter("b"), letter("x 2"), letter("b", step="cut"), letter("x 3.5")]
    assert list(counted(letters).items()) == [("probe: x …", 3), ("cut: b", 1), ("probe: b", 1)]
    assert counted([]) == {}


def test_letters_stand_by_source_file_and_time_and_those_of_a_whole_source_first():
    ordered = [
        letter(source="a"),
        letter(source="a", start=0.0, clip="9"),
        letter(source="a", start=2.0, clip="1"),
        letter(source="a", start=2.0, clip="2"),
        letter(source="a", start=10.0, clip="0"),
        letter(source="a", file="b.mp4"),
        letter(source="b"),
    ]
    assert sorted((*ordered[4:], *ordered[:4]), key=letter_order) == ordered
