"""Ask again while the world fails."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from schemas.errors import TransientError

TRIES = 4


def patiently(ask: Callable[[], Any]) -> Any:
    """Call, and call again after 1, 4 and 16 s while the world fails."""
    for attempt in range(TRIES):
        try:
            return ask()
        except TransientError:
            if attempt == TRIES - 1:
                raise
            time.sleep(4**attempt)
    raise AssertionError("unreachable")
