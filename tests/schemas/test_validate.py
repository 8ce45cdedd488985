"""Tables from people are checked where they come in: what cannot be meant is told by its name, with the place."""

from dataclasses import dataclass, field

import pytest

from schemas.errors import UsageError
from schemas.validate import InnerProportion, NotNegativeInt, Positive, PositiveInt, Proportion, validate


@dataclass(frozen=True, kw_only=True)
class Inner:
    depth: PositiveInt = 1


@dataclass(frozen=True, kw_only=True)
class Settings:
    seconds: Positive = 1.0
    share: Proportion = 0.5
    inner_share: InnerProportion = 0.5
    count: NotNegativeInt = 0
    names: tuple[str, ...] = ()
    inner: Inner = field(default_factory=Inner)


@dataclass(frozen=True, kw_only=True)
class Bare:
    pass


def test_what_is_said_is_taken_and_the_rest_has_its_default():
    assert validate(Settings, {"share": 1, "names": ["a"]}, "plan") == Settings(share=1.0, names=("a",))
    assert validate(Settings, {}, "plan") == Settings()
    assert validate(Settings, {"inner": {"depth": 3}}, "plan").inner == Inner(depth=3)


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ({"secnds": 2}, "plan: there is no 'secnds'; there are seconds, .*; did you mean seconds"),
        ({"xyz": 2}, "plan: there is no 'xyz'; there are seconds, share, inner_share, count, names, inner$"),
        ({"seconds": 0}, "plan: seconds: Input should be greater than 0"),
        ({"seconds": "soon"}, "plan: seconds: Input should be a valid number"),
        ({"share": 1.01}, "plan: share: Input should be less than or equal to 1"),
        ({"share": -0.01}, "plan: share: Input should be greater than or equal to 0"),
        ({"inner_share": 1}, "plan: inner_share: Input should be less than 1"),
        ({"count": -1}, "plan: count: Input should be greater than or equal to 0"),
        ({"count": 1.5}, "plan: count: Input should be a valid integer"),
        ({"inner": {"depth": 0}}, "plan: inner.depth: Input should be greater than or equal to 1"),
        ({"seconds": float("inf")}, "plan: seconds: a finite number is needed"),
        ({"share": float("nan")}, "plan: share: "),
        ([], "plan: "),
        (None, "plan: "),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_place(table, says):
    with pytest.raises(UsageError, match=says):
        validate(Settings, table, "plan")


def test_where_nothing_can_be_set_that_is_told():
    with pytest.raises(UsageError, match="there is no 'a'; there are no settings"):
        validate(Bare, {"a": 1}, "plan")
