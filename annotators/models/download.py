"""Fetch over HTTP with patience: tried again where it can help, taken up where it broke off, never half."""

from __future__ import annotations

import os
import shutil
import ssl
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from http.client import HTTPException
from pathlib import Path
from typing import TypeVar

from schemas.errors import TransientError, UsageError

T = TypeVar("T")
_BLOCK = 2**20
_AGAIN = frozenset({408, 425, 429})


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long to wait for a server."""

    tries: int = 4
    timeout: float = 60.0
    """Seconds without a byte."""
    pause: float = 1.0
    """Seconds before the second try; doubled before each further one."""


PATIENT = Patience()
BRISK = Patience(tries=1, timeout=10.0)
"""For a server that another one can stand in for."""


def download_bytes(address: str, authorisation: str | None = None, patience: Patience = PATIENT) -> tuple[str, bytes]:
    """Return where a page was found after redirects, and its content.

    Raises:
        UsageError: the server does not give it.
        TransientError: the server cannot be reached, or fails at every try.
    """

    def once() -> tuple[str, bytes]:
        with _open(address, authorisation, patience.timeout) as answer:
            return answer.url, answer.read()

    return _tried(address, patience, once)


def download_file(address: str, out: Path, authorisation: str | None = None, patience: Patience = PATIENT) -> None:
    """Write a file to `out`; raise as `download_bytes` does."""
    out.unlink(missing_ok=True)

    def once() -> None:
        have = out.stat().st_size if out.exists() else 0
        with _open(address, authorisation, patience.timeout, have) as answer:
            goes_on = answer.status == 206
            with out.open("ab" if goes_on else "wb") as to:
                shutil.copyfileobj(answer, to, _BLOCK)
            # http.client ends a body that is cut short without a word.
            got, due = out.stat().st_size - (have if goes_on else 0), answer.headers.get("Content-Length")
            if due is not None and got < int(due):
                raise ConnectionError(f"cut short after {got} of {due} bytes")

    _tried(address, patience, once)


def _tried(address: str, patience: Patience, once: Callable[[], T]) -> T:
    # Neither a password nor a signature belongs in a message.
    parts = urllib.parse.urlsplit(address)
    place = f"{parts.hostname}{parts.path}"
    for attempt in range(patience.tries):
        try:
            return once()
        except urllib.error.HTTPError as error:
            if error.code < 500 and error.code not in _AGAIN:
                raise UsageError(f"{place}: the server answers {error.code} {error.reason}") from error
            failure: Exception = error
        except (OSError, HTTPException) as error:
            failure = error
        if attempt < patience.tries - 1:
            time.sleep(patience.pause * 2.0**attempt)
    raise TransientError(f"{place}: {failure}") from failure


def _open(address: str, authorisation: str | None, timeout: float, have: int = 0) -> urllib.request._UrlopenRet:
    scheme = urllib.parse.urlsplit(address).scheme
    if scheme not in {"http", "https"}:
        raise UsageError(f"only http and https are fetched, not {scheme}:")
    request = urllib.request.Request(address, headers={"Accept": "*/*", "User-Agent": "affectory"})  # noqa: S310
    if have:
        request.add_header("Range", f"bytes={have}-")
    if authorisation:
        # Not for the host that a redirect leads to.
        request.add_unredirected_header("Authorization", authorisation)
    return urllib.request.urlopen(request, timeout=timeout, context=_trust())  # noqa: S310 - the scheme is checked above


@cache
def _trust() -> ssl.SSLContext:
    return ssl.create_default_context(cafile=os.environ.get("PIP_CERT") or os.environ.get("SSL_CERT_FILE"))
