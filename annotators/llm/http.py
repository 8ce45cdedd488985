"""One HTTP request to a server of the OpenAI kind, and what it means when it fails. Messages never hold the key."""

from __future__ import annotations

import email.utils
import logging
import math
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
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


class ChatServer:
    """A server of the OpenAI kind; safe to share between threads."""

    def __init__(self, where: Where, timeout: float) -> None:
        self.where, self._timeout = where, timeout
        limit = openai.Timeout(timeout, connect=min(timeout, 10.0))
        self.api = openai.OpenAI(api_key=where.key or "none", base_url=where.base, max_retries=0, timeout=limit)

    def ask(self, payload: dict[str, Any]) -> Completion:
        """Return the answer to one chat request.

        Raises:
            Fault: there is none; `again` tells whether another try may help.
            UsageError: no request to this server can work.
        """
        with self.faults(f"model {payload['model']!r}: check `chat` in the plan or OPENAI_MODEL, and OPENAI_BASE_URL"):
            body = self._body(payload)
        # What a server says is kept: should it repeat the key, that is not.
        return completion(self.without_key(body.decode("utf-8", "replace")))

    @contextmanager
    def faults(self, wanted: str) -> Iterator[None]:
        """Raise what errors of the library mean; `wanted` says what is missing where nothing is found, and what to do."""
        try:
            yield
        except (openai.APIError, httpx2.HTTPError) as error:
            raise self._fault(error, wanted) from None

    def without_key(self, text: str) -> str:
        """Return the text with the key taken out."""
        return text.replace(self.where.key, "…") if self.where.key else text

    def _body(self, payload: dict[str, Any]) -> bytes:
        """Return what the server sends; a limit on each read alone would let a drip go on for ever."""
        deadline, body = time.monotonic() + self._timeout, bytearray()
        with self.api.chat.completions.with_streaming_response.create(**payload) as response:
            for chunk in response.iter_bytes():
                body += chunk
                if time.monotonic() > deadline:
                    raise Fault("timeout", "the server was too slow")
        return bytes(body)

    def _fault(self, error: openai.APIError | httpx2.HTTPError, wanted: str) -> Fault | UsageError:
        if isinstance(error, openai.APITimeoutError | httpx2.TimeoutException):
            return Fault("timeout", "the server was too slow")
        if not isinstance(error, openai.APIStatusError):
            return Fault("connection", "the connection failed")
        if error.status_code in (401, 403, 404):
            return self._hopeless(error.status_code, wanted)
        return self._answered(error)

    def _answered(self, error: openai.APIStatusError) -> Fault:
        status, code = error.status_code, re.sub(r"[^A-Za-z0-9_.-]", "", self.without_key(error.code or ""))[:60]
        wait = seconds_asked(error.response.headers)
        if code == "insufficient_quota":
            return Fault("quota", "the account of OPENAI_API_KEY has nothing left", again=False)
        if status == 429:
            return Fault("rate limited", "the server answered 429", wait=wait)
        if status in (408, 409) or status >= 500:
            return Fault("server error", f"the server answered {status}", wait=wait)
        said = self.without_key(error.message)
        _LOG.warning("the server refused a request (%d): %s", status, said[:300])
        return RequestRefused(
            f"the server refused the request ({' '.join(filter(None, (str(status), code)))})", said, error.param
        )

    def _hopeless(self, status: int, wanted: str) -> UsageError:
        place = self.where.base or "the default server"
        if status != 404:
            return UsageError(f"{place} does not accept the key in OPENAI_API_KEY ({status})")
        return UsageError(f"{place} answers 404 and so has no {wanted}")


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
