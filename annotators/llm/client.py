"""A language model behind any server of the OpenAI kind, asked patiently and never twice for the same.

Answers are kept in the cache by the hash of their request, as they come, so that no paid call is repeated: not after a kill, not
in the next version, not where the work folder is gone. Faults of the world are counted, tried again and never kept.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import TypeAdapter

from annotators.llm.calls import Calls
from annotators.llm.faults import Fault, RequestRefused, chat_place
from annotators.llm.request import ChatRequest, Dialect
from annotators.llm.usage import Cost, UsageMeter
from annotators.store import WorkStore
from schemas.cache import cache
from schemas.errors import AffectoryError

if TYPE_CHECKING:
    from annotators.llm.batch import Batches
    from annotators.llm.http import ChatServer, Completion

_LOG = logging.getLogger(__name__)
_KIND = "chat"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a model answered, as it is kept."""

    content: str
    refusal: str | None
    finish_reason: str | None
    model: str | None
    """Which model the server says it was."""
    cost: Cost


_REPLY = TypeAdapter(Reply)


def answers() -> WorkStore:
    """Return the store of all answers that were ever given."""
    return WorkStore(cache() / "answers")


class LlmClient:
    """Asks one server on behalf of all threads of a process."""

    def __init__(self, calls: Calls) -> None:
        from annotators.llm.http import ChatServer  # noqa: PLC0415

        self.calls, self.store, self.meter = calls, answers(), UsageMeter()
        self._server = ChatServer(chat_place(), calls.timeout)
        self._batches = _batches(self._server, self) if calls.batch else None
        self._pace = Pace(calls.per_minute)
        self._free = threading.BoundedSemaphore(calls.concurrency)
        self._dialect = Dialect()
        self._lock = threading.Lock()
        self._under_way: dict[str, Future[Reply]] = {}

    def ask(self, request: ChatRequest) -> Reply:
        """Return the answer, from the cache where it has been given before.

        Raises:
            Fault: there is none for now.
            UsageError: no request to this server can work.
        """
        key = request.key
        mine: Future[Reply] = Future()
        with self._lock:
            answer = self._under_way.setdefault(key, mine)
        if answer is mine:
            try:
                mine.set_result(self._kept(key) or self._paid(request, key))
            except AffectoryError as error:
                mine.set_exception(error)
            finally:
                mine.cancel()  # after a bug, which others must not wait for
                with self._lock:
                    del self._under_way[key]
        return answer.result()

    def _kept(self, key: str) -> Reply | None:
        reply = self.store.get(_KIND, key, _REPLY)
        if reply is not None:
            self.meter.reuse(reply.cost)
        return reply

    def _paid(self, request: ChatRequest, key: str) -> Reply:
        if self._batches is not None:
            reply = self._reply(*self._batches.ask(key, request.payload(Dialect())))
        else:
            with self._free:
                reply = self._patiently(request, key)
        self.store.put(_KIND, key, reply, _REPLY)
        self.meter.pay(reply.cost)
        return reply

    def _patiently(self, request: ChatRequest, key: str) -> Reply:
        dialect, attempt = self._dialect, 1
        while True:
            self._pace.wait()
            try:
                reply = self._once(request, dialect)
            except Fault as fault:
                self.meter.fault(fault.kind)
                _LOG.info("request %s, try %d of %d: %s", key[:12], attempt, self.calls.tries, fault)
                other = dialect.after(fault.said, fault.param) if isinstance(fault, RequestRefused) else None
                if other is None:
                    self._sleep_or_give_up(fault, attempt, key)
                    attempt += 1
                dialect = other or dialect
            else:
                self._dialect = dialect
                return reply

    def _once(self, request: ChatRequest, dialect: Dialect) -> Reply:
        started = time.monotonic()
        found = self._server.ask(request.payload(dialect))
        return self._reply(found, time.monotonic() - started)

    def _reply(self, found: Completion, seconds: float) -> Reply:
        choice, usage = found.choices[0], found.usage
        tokens_in, tokens_out = (usage.prompt_tokens, usage.completion_tokens) if usage else (None, None)
        return Reply(
            content=choice.message.content or "",
            refusal=choice.message.refusal,
            finish_reason=choice.finish_reason,
            model=found.model,
            cost=Cost(
                tokens_in=tokens_in,
                tokens_out=tokens_out,
                seconds=round(seconds, 3),
                price=self.calls.price(tokens_in, tokens_out),
            ),
        )

    def _sleep_or_give_up(self, fault: Fault, attempt: int, key: str) -> None:
        if not fault.again:
            raise fault
        if fault.wait is not None and fault.wait > self.calls.longest_wait:
            raise Fault(fault.kind, f"{fault} and asks to wait for {fault.wait:.0f} s", again=False)
        if attempt >= self.calls.tries:
            raise Fault(fault.kind, f"{fault}, {attempt} times" if attempt > 1 else str(fault), again=False)
        self._pace.hold(fault.wait or 0.0)
        time.sleep(backoff(self.calls.backoff, attempt, key))


def _batches(server: ChatServer, client: LlmClient) -> Batches:
    from annotators.llm.batch import Batches  # noqa: PLC0415

    return Batches(server, client.store, client.calls, client.meter)


def backoff(first: float, attempt: int, key: str) -> float:
    """Return the seconds to wait after the given try (from 1): doubled each time, less up to a half, drawn from `key`."""
    draw = int(key[:8], 16) / 2**32
    return first * 2.0 ** (attempt - 1) * (1.0 - draw / 2)


class Pace:
    """Holds all threads back to a number of requests per minute, and for as long as the server asks."""

    def __init__(
        self, per_minute: int | None, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._gap = 60.0 / per_minute if per_minute else 0.0
        self._clock, self._sleep, self._next = clock, sleep, 0.0
        self._lock = threading.Lock()

    def wait(self) -> None:
        """Return when the next request may begin."""
        with self._lock:
            now = self._clock()
            begin = max(now, self._next)
            self._next = begin + self._gap
        if begin > now:
            self._sleep(begin - now)

    def hold(self, seconds: float) -> None:
        """Let no request begin for that long."""
        with self._lock:
            self._next = max(self._next, self._clock() + seconds)
