"""What can go wrong between a language model's server and us, and where that server is."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit, urlunsplit

from schemas.errors import TransientError, UsageError

_SECRET = 8
"""A shorter key is none: servers of one's own take `none`, `EMPTY`, `x`."""


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
    """Its address, without name and password."""
    key: str | None = field(repr=False)
    login: tuple[str, str] | None = field(default=None, repr=False)
    """Name and password that the address holds, for HTTP's basic authentication in place of the key."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """Return what must be in no message: the key and the password, unless they are so short that they are none."""
        return tuple(one for one in (self.key, self.login and self.login[1]) if one and len(one) >= _SECRET)


def chat_place() -> Where:
    """Return the server that the environment names.

    Raises:
        UsageError: it names none.
    """
    base, key = os.environ.get("OPENAI_BASE_URL") or None, os.environ.get("OPENAI_API_KEY") or None
    if base is None and key is None:
        raise UsageError("no language model can be asked: set OPENAI_BASE_URL (as http://host:port/v1), OPENAI_API_KEY, or both")
    place, login = _without_login(base) if base else (None, None)
    return Where(base=place, key=key, login=login)


def _without_login(address: str) -> tuple[str, tuple[str, str] | None]:
    """Return an address without name and password, and these.

    Raises:
        UsageError: it is none.
    """
    try:
        parts = urlsplit(address)
        bare = parts._replace(netloc=parts.netloc.rpartition("@")[2])
        named = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        named = False
    if not named:
        raise UsageError("OPENAI_BASE_URL is no address: it looks like http://host:port/v1")
    if parts.username is None and parts.password is None:
        return address, None
    return urlunsplit(bare), (unquote(parts.username or ""), unquote(parts.password or ""))
