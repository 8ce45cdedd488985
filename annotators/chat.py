"""Ask an OpenAI-compatible endpoint with patience, and never pay twice for the same question.

Answers lie in the cache of models (`answers/`), named by the hash of the request: they outlive work folders and versions, and a
build that was killed asks only what had no answer yet. Neither address nor key of the endpoint is in them.
"""

from __future__ import annotations

import email.utils
import json
import logging
import os
import random
import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import TypeAdapter

from annotators import models
from annotators.store import WorkStore
from schemas.errors import TransientError, UsageError
from schemas.provenance import digest

KEY, ADDRESS = "OPENAI_API_KEY", "OPENAI_BASE_URL"
LONGEST_PAUSE = 120.0
"""Seconds; a server that asks for more is asked again sooner."""
_log = logging.getLogger(__name__)
_AGAIN = {408: "timeout", 409: "conflict", 425: "too early", 429: "rate limit"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the server said."""

    text: str
    finish: str
    refusal: str | None
    tokens_in: int
    tokens_out: int
    seconds: float


_ANSWER = TypeAdapter(Answer)


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How to treat the server; nothing of this changes an answer."""

    tries: int = 5
    seconds: float = 120.0
    """For one answer, however slowly it drips."""
    per_minute: float | None = None
    """Requests per minute at most."""
    pause: float = 1.0
    """Seconds before the second try; doubled before each further one, and varied by half."""


@dataclass
class Chat:
    """A connection to one endpoint, for all threads."""

    patience: Patience
    counts: Counter[str] = field(default_factory=Counter)
    """Requests, answers out of the cache, tokens, and each kind of failure."""
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _next: float = 0.0

    def __post_init__(self) -> None:
        """Connect.

        Raises:
            UsageError: no key is set.
        """
        import openai  # noqa: PLC0415

        if not os.environ.get(KEY):
            raise UsageError(
                f"{KEY} is not set; for a server of your own without keys set it to any word, and {ADDRESS} to its address"
            )
        self.openai = openai
        self.client = openai.OpenAI(max_retries=0, timeout=self.patience.seconds)
        self.store = WorkStore(models.cache() / "answers")

    def ask(self, request: Mapping[str, Any], sample: int) -> Answer:
        """Return the answer to a request (the body of a chat completion); `sample` tells apart several answers to one.

        Raises:
            TransientError: the server fails at every try.
            UsageError: the server does not let us in, or does not know the model.
        """
        key = digest([request, sample])
        kept = self.store.get("chat", key, _ANSWER)
        if kept is not None:
            self.count("from the cache")
            return kept
        answer = self._patiently(request)
        self.store.put("chat", key, answer, _ANSWER)
        self.count("answers")
        self.count("tokens in", answer.tokens_in)
        self.count("tokens out", answer.tokens_out)
        return answer

    def count(self, what: str, n: int = 1) -> None:
        """Add to a count."""
        with self._lock:
            self.counts[what] += n

    def _patiently(self, request: Mapping[str, Any]) -> Answer:
        failure = ""
        for attempt in range(self.patience.tries):
            self._pace()
            self.count("requests")
            try:
                return self._once(request)
            except _Again as again:
                failure = again.kind
                self.count(again.kind)
                wait = min(LONGEST_PAUSE, again.wait if again.wait is not None else self._pause(attempt))
                _log.warning("the language model's server: %s; try %d of %d", failure, attempt + 1, self.patience.tries)
            if attempt < self.patience.tries - 1:
                time.sleep(wait)
        raise TransientError(f"the language model's server failed {self.patience.tries} times, at last by: {failure}")

    def _pause(self, attempt: int) -> float:
        return self.patience.pause * 2.0**attempt * random.uniform(0.5, 1.5)  # noqa: S311 - spreads clients, hides nothing

    def _pace(self) -> None:
        """Wait for the next place under the rate limit."""
        if self.patience.per_minute is None:
            return
        with self._lock:
            now = time.monotonic()
            mine, self._next = max(now, self._next), max(now, self._next) + 60.0 / self.patience.per_minute
        time.sleep(mine - now)

    def _once(self, request: Mapping[str, Any]) -> Answer:
        import httpx2  # noqa: PLC0415 - what the client itself runs on

        begun = time.monotonic()
        try:
            with self.client.chat.completions.with_streaming_response.create(**request) as response:
                data = b""
                for part in response.iter_bytes():
                    data += part
                    if time.monotonic() - begun > self.patience.seconds:
                        raise _Again("slow")
        except self.openai.APITimeoutError as error:
            raise _Again("timeout") from error
        except self.openai.APIConnectionError as error:
            raise _Again("connection") from error
        except httpx2.TimeoutException as error:
            raise _Again("timeout") from error
        except httpx2.HTTPError as error:
            raise _Again("connection") from error
        except self.openai.APIStatusError as error:
            raise self._refused(error) from error
        return _read(data, time.monotonic() - begun)

    def _refused(self, error: Any) -> Exception:
        status = error.status_code
        if status in {401, 403}:
            return UsageError(f"the language model's server does not let us in ({status}): check {KEY}")
        if status == 404:
            return UsageError(
                f"the language model's server does not know the address or the model (404): check {ADDRESS} and the plan"
            )
        if status in _AGAIN:
            return _Again(_AGAIN[status], _asked_to_wait(error.response.headers))
        if status >= 500:
            return _Again("server error", _asked_to_wait(error.response.headers))
        return RefusedError(f"the server refuses the request ({status})")


class RefusedError(Exception):
    """The server will not answer this request, however often it is asked."""


class _Again(Exception):
    def __init__(self, kind: str, wait: float | None = None) -> None:
        super().__init__(kind)
        self.kind, self.wait = kind, wait


def _asked_to_wait(headers: Mapping[str, str]) -> float | None:
    """Return the seconds of a Retry-After header, which holds seconds or a date; None without one."""
    told = headers.get("retry-after")
    if told is None:
        return None
    try:
        return max(0.0, float(told))
    except ValueError:
        pass
    try:
        return max(0.0, email.utils.parsedate_to_datetime(told).timestamp() - time.time())
    except ValueError:
        return None


def _read(data: bytes, seconds: float) -> Answer:
    try:
        body = json.loads(data)
        choice, usage = body["choices"][0], body.get("usage") or {}
        message = choice["message"]
        return Answer(
            text=message.get("content") or "",
            finish=choice.get("finish_reason") or "",
            refusal=message.get("refusal"),
            tokens_in=int(usage.get("prompt_tokens") or 0),
            tokens_out=int(usage.get("completion_tokens") or 0),
            seconds=round(seconds, 3),
        )
    except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        raise _Again("malformed") from error
