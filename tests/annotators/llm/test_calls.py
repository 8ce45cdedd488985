"""How fast and how patiently a server is asked, and what it costs."""

import pytest

from annotators.llm.calls import Calls
from schemas.errors import UsageError
from schemas.validate import validate


def test_a_price_needs_both_a_rate_and_a_count():
    assert Calls().price(1, 1) is None
    assert Calls(price_in=2.0).price(None, 1) is None
    assert Calls(price_in=2.0).price(1, None) is None
    assert Calls(price_in=2.0, price_out=4.0).price(500_000, 250_000) == 2.0
    assert Calls(price_out=4.0).price(500_000, 1) == 0.000004


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ({"concurrency": 0}, "calls: concurrency"),
        ({"per_minute": 0}, "calls: per_minute"),
        ({"timeout": 0}, "calls: timeout"),
        ({"tries": 0}, "calls: tries"),
        ({"trys": 1}, "there is no 'trys'.*did you mean tries"),
    ],
)
def test_what_cannot_be_meant_is_refused(table, says):
    with pytest.raises(UsageError, match=says):
        validate(Calls, table, "calls")
