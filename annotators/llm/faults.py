"""What can go wrong between a language model's server and us, and where that server is."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from schemas.errors import TransientError, UsageError


class Fault(TransientError):
    """No answer came. It is caught where texts are made: a build completes, and a later one asks again."""

    def __init__(self, kind: str, text: str, *, again: bool = True, wait: float | None = None) -> None:
        super().__init__(text)
        self.kind, self.again, self.wait = kind, again, wait


class RequestRefused(Fault):
    """The server does not take the request as it is worded."""

    def __init__(self, text: str, said: str, param: str | None) -> None:
        super().__init__("refused request", text, again=False)
        self.said, self.param = said, param


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """A server and the key to it; None: the default of the `openai` package, and no key."""

    base: str | None
    key: str | None = field(repr=False)


def chat_place() -> Where:
    """Return the server that the environment names.

    Raises:
        UsageError: it names none.
    """
    base, key = os.environ.get("OPENAI_BASE_URL") or None, os.environ.get("OPENAI_API_KEY") or None
    if base is None and key is None:
        raise UsageError("no language model can be asked: set OPENAI_BASE_URL (as http://host:port/v1), OPENAI_API_KEY, or both")
    return Where(base=base, key=key)
