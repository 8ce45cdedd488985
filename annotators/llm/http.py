"""One HTTP request to a server of the OpenAI kind, and what it means when it fails.

A request has a limit in all: of seconds, from the first to the last byte, and of bytes, as they come and unpacked. Messages never
hold the key; the text of an answer is never touched.
"""

from __future__ import annotations

import email.utils
import logging
import math
import re
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

import httpx2
import openai
from pydantic import TypeAdapter, ValidationError

from annotators.llm.faults import Fault, RequestRefused, Where
from schemas.errors import UsageError

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What a model wrote; `refusal` where it would not."""

    content: str | None = None
    refusal: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CompletionChoice:
    """One way in which a model went on."""

    message: Message
    finish_reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenUsage:
    """Tokens read and written."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """The part of an answer that is read here."""

    choices: tuple[CompletionChoice, ...]
    model: str | None = None
    usage: TokenUsage | None = None


_COMPLETION = TypeAdapter(Completion)
LONGEST_ANSWER, LONGEST_FILE = 8 << 20, 512 << 20
"""Bytes: the most of one answer, and of a file of a batch's answers."""
_GZIP_OR_ZLIB = 47
_MODERATED = re.compile(r"(?i)moderat|flagged|content.?(policy|filter)|safety")
"""What a server says that refuses this request, and not us."""


class ChatServer:
    """A server of the OpenAI kind; safe to share between threads."""

    def __init__(self, where: Where, timeout: float) -> None:
        self.where, self._timeout = where, timeout
        self.api = self._connected(LONGEST_FILE)
        self._idle: list[openai.OpenAI] = []
        self._answers = False

    def ask(self, payload: dict[str, Any]) -> Completion:
        """Return the answer to one chat request.

        Raises:
            Fault: there is none; `again` tells whether another try may help.
            UsageError: no request to this server can work.
        """
        with self.faults(f"model {payload['model']!r}: check `chat` in the plan or OPENAI_MODEL, and OPENAI_BASE_URL"):
            body = self._body(payload).decode("utf-8", "replace")
        if self.holds_secret(body):
            raise Fault("malformed response", "the server repeated the key in its answer, which is not kept", again=False)
        found = completion(body)
        self._answers = True
        return found

    @contextmanager
    def faults(self, wanted: str) -> Iterator[None]:
        """Raise what errors of the library mean; `wanted` says what is missing where nothing is found, and what to do."""
        try:
            yield
        except (openai.APIError, httpx2.HTTPError) as error:
            if isinstance(error.__cause__, Fault):
                raise error.__cause__ from None
            raise self._fault(error, wanted) from None

    def holds_secret(self, text: str) -> bool:
        """Tell whether the key or a password stands in a text."""
        return any(secret in text for secret in self.where.secrets)

    def _without_secrets(self, message: str) -> str:
        for secret in self.where.secrets:
            message = message.replace(secret, "…")
        return message

    def _connected(self, longest: int) -> openai.OpenAI:
        """Return a connection over which at most so many bytes come in one answer, as they come and unpacked."""
        limit = openai.Timeout(self._timeout, connect=min(self._timeout, 10.0))
        http = openai.DefaultHttpxClient(
            auth=self.where.login,
            headers={"Accept-Encoding": "identity"},
            event_hooks={"response": [partial(_bound, longest=longest)]},
        )
        base, key = self.where.base, self.where.key or "none"
        return openai.OpenAI(api_key=key, base_url=base, max_retries=0, timeout=limit, http_client=http)

    def _body(self, payload: dict[str, Any]) -> bytes:
        """Return what the server sends.

        Limits on each read would let a drip go on for ever, of the head as of the body: a connection that took too long in all is
        closed under whoever reads from it. So each request has its own, and leaves it to the next where it went well.
        """
        try:
            api = self._idle.pop()
        except IndexError:
            api = self._connected(LONGEST_ANSWER)
        watch = _Watch(api, self._timeout)
        try:
            with api.chat.completions.with_streaming_response.create(**payload) as response:
                body = b"".join(response.iter_bytes())
        except Exception:
            late = watch.ended()
            api.close()
            if late:
                raise Fault("timeout", "the server was too slow") from None
            raise
        if not watch.ended():
            self._idle.append(api)
        return body

    def _fault(self, error: openai.APIError | httpx2.HTTPError, wanted: str) -> Fault | UsageError:
        if isinstance(error, openai.APITimeoutError | httpx2.TimeoutException):
            return Fault("timeout", "the server was too slow")
        if not isinstance(error, openai.APIStatusError):
            return Fault("connection", "the connection failed")
        moderated = error.status_code == 403 and _MODERATED.search(f"{error.code} {error.type} {error.message}") is not None
        if error.status_code in (401, 403, 404) and not moderated:
            return self._hopeless(error.status_code, wanted)
        return self._answered(error)

    def _answered(self, error: openai.APIStatusError) -> Fault:
        status, code = error.status_code, re.sub(r"[^A-Za-z0-9_.-]", "", self._without_secrets(str(error.code or "")))[:60]
        wait = seconds_asked(error.response.headers)
        if code == "insufficient_quota":
            return Fault("quota", "the account of OPENAI_API_KEY has nothing left", again=False)
        if status == 429:
            return Fault("rate limited", "the server answered 429", wait=wait)
        if status in (408, 409) or status >= 500:
            return Fault("server error", f"the server answered {status}", wait=wait)
        said = self._without_secrets(error.message)
        _LOG.warning("the server refused a request (%d): %s", status, said[:300])
        return RequestRefused(
            f"the server refused the request ({' '.join(filter(None, (str(status), code)))})", said, error.param
        )

    def _hopeless(self, status: int, wanted: str) -> Fault | UsageError:
        """Return that the server refuses us: nothing can be asked; but from one that has answered before, later builds may."""
        place = self.where.base or "the default server"
        said = f"{place} does not accept the key in OPENAI_API_KEY ({status})"
        if status == 404:
            said = f"{place} answers 404 and so has no {wanted}"
        return Fault("refused us", f"{said}; it answered before", again=False) if self._answers else UsageError(said)


class _Watch:
    """Closes a connection under whoever reads from it for too long."""

    def __init__(self, api: openai.OpenAI, seconds: float) -> None:
        self._api, self._lock = api, threading.Lock()
        self._over = self._late = False
        self._timer = threading.Timer(seconds, self._ring)
        self._timer.daemon = True
        self._timer.start()

    def ended(self) -> bool:
        """Watch no longer; return whether it was too late."""
        self._timer.cancel()
        with self._lock:
            self._over = True
            return self._late

    def _ring(self) -> None:
        with self._lock:
            if not self._over:
                self._late = True
                self._api.close()


class _Bounded(httpx2.SyncByteStream):
    """What comes over a connection, unpacked, until it is too much."""

    def __init__(self, stream: httpx2.SyncByteStream, packed: bool, longest: int) -> None:
        self._stream, self._left = stream, longest
        self._unpack = zlib.decompressobj(_GZIP_OR_ZLIB) if packed else None

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._stream:
            part = chunk if self._unpack is None else self._unpack.decompress(chunk, self._left + 1)
            self._left -= len(part)
            if self._left < 0:
                raise Fault("malformed response", "the server sent more than an answer can hold")
            yield part

    def close(self) -> None:
        self._stream.close()


def _bound(response: httpx2.Response, longest: int) -> None:
    """Let no more than so many bytes out of a response, however it is packed.

    Raises:
        Fault: it is packed in a way that was not asked for and that cannot be unpacked a part at a time.
    """
    packed = response.headers.pop("content-encoding", "identity").strip().lower()
    if packed not in ("identity", "", "gzip", "x-gzip", "deflate"):
        raise Fault("malformed response", "the server packed its answer in a way that it was not asked for")
    if not isinstance(response.stream, httpx2.SyncByteStream):
        raise TypeError(f"{type(response.stream).__name__} cannot be read")
    response.stream = _Bounded(response.stream, packed not in ("identity", ""), longest)


def completion(body: str) -> Completion:
    """Return the answer in the body of a response, or raise Fault where it holds none."""
    try:
        found = _COMPLETION.validate_json(body)
    except ValidationError:
        raise Fault("malformed response", "the server sent something else than an answer") from None
    if not found.choices:
        raise Fault("malformed response", "the server sent no answer")
    return found


def seconds_asked(headers: httpx2.Headers, now: datetime | None = None) -> float | None:
    """Return for how long Retry-After (seconds or an HTTP date, RFC 9110) asks to wait; None where it does not say."""
    text = headers.get("retry-after", "").strip()
    try:
        seconds = float(text)
    except ValueError:
        seconds = _until(text, now or datetime.now(UTC))
    return max(0.0, seconds) if math.isfinite(seconds) else None


def _until(text: str, now: datetime) -> float:
    try:
        date = email.utils.parsedate_to_datetime(text)
    except ValueError:
        return math.nan
    return ((date if date.tzinfo else date.replace(tzinfo=UTC)) - now).total_seconds()
