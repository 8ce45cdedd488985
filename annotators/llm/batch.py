"""Requests through a provider's batch API: cheaper, and answered within a day.

A job has a name of our own that is kept before anything is sent and travels in its metadata. A build that is killed finds the
job again, by its id or by that name, and waits for it: nothing is submitted twice.
"""

from __future__ import annotations

import json
import queue
import secrets
import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from annotators.llm.faults import Fault
from annotators.llm.http import ChatServer, Completion, completion
from annotators.llm.usage import UsageMeter
from annotators.store import WorkStore
from schemas.errors import AffectoryError
from schemas.provenance import digest

if TYPE_CHECKING:
    from openai.types import Batch

    from annotators.llm.calls import Calls

_NAME = "affectory_job"
_OVER = ("failed", "completed", "expired", "cancelled")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """Which job a request went out with; "" after a job that left it unanswered."""

    job: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchJob:
    """A batch as the provider knows it; None while it is being submitted."""

    batch: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request on its way."""

    key: str
    payload: dict[str, Any]
    answer: Future[tuple[Completion, float]]


_TICKET, _JOB = TypeAdapter(Ticket), TypeAdapter(BatchJob)


class Batches:
    """Gathers the requests of all threads into jobs and waits for these."""

    def __init__(self, server: ChatServer, store: WorkStore, calls: Calls, meter: UsageMeter) -> None:
        self._server, self._store, self._calls, self._meter = server, store, calls, meter
        self._waiting: queue.SimpleQueue[Asked] = queue.SimpleQueue()
        threading.Thread(target=self._run, daemon=True, name="batches").start()

    def ask(self, key: str, payload: dict[str, Any]) -> tuple[Completion, float]:
        """Return the answer to a request and the seconds that its job took; waits for as long as the provider needs.

        Raises:
            Fault: the job ended without it, or cannot be reached.
            UsageError: no request to this server can work.
        """
        asked = Asked(key=key, payload=payload, answer=Future())
        self._waiting.put(asked)
        return asked.answer.result()

    def _run(self) -> None:
        while True:
            gathered = [self._waiting.get()]
            while len(gathered) < self._calls.concurrency:
                try:
                    gathered.append(self._waiting.get(timeout=self._calls.gather))
                except queue.Empty:
                    break
            jobs: dict[str, list[Asked]] = defaultdict(list)
            for asked in gathered:
                ticket = self._store.get("tickets", self._place(asked), _TICKET)
                jobs[ticket.job if ticket else ""].append(asked)
            for name, members in jobs.items():
                threading.Thread(target=self._job, args=(name, members), daemon=True, name="batch").start()

    def _job(self, name: str, members: Sequence[Asked]) -> None:
        """See one job through to its end; whatever happens, every member hears of it."""
        try:
            batch = self._finished(self._found(name, members))
            answers = self._answers(batch)
        except AffectoryError as error:
            if isinstance(error, Fault):
                self._meter.fault(error.kind)
            for asked in members:
                asked.answer.set_exception(error)
            return
        except BaseException as error:
            for asked in members:
                asked.answer.set_exception(error)
            raise
        seconds = float(max(0, (batch.completed_at or batch.created_at) - batch.created_at))
        for asked in members:
            self._tell(asked, answers, batch, seconds)

    def _tell(self, asked: Asked, answers: Mapping[str, Any], batch: Batch, seconds: float) -> None:
        try:
            asked.answer.set_result((_answer(answers.get(asked.key), batch), seconds))
        except Fault as fault:
            self._meter.fault(fault.kind)
            self._store.put("tickets", self._place(asked), Ticket(job=""), _TICKET)
            asked.answer.set_exception(fault)

    def _found(self, name: str, members: Sequence[Asked]) -> str:
        """Return the id of the job: the one known by its name, else a new one."""
        job = self._store.get("jobs", name, _JOB) if name else None
        if job is not None and job.batch is not None:
            return job.batch
        submitted = self._listed(name) if name else None
        if submitted is None:
            name = secrets.token_hex(32)
            self._store.put("jobs", name, BatchJob(batch=None), _JOB)
            for asked in members:
                self._store.put("tickets", self._place(asked), Ticket(job=name), _TICKET)
            submitted = self._submitted(name, members)
        self._store.put("jobs", name, BatchJob(batch=submitted), _JOB)
        return submitted

    def _submitted(self, name: str, members: Iterable[Asked]) -> str:
        lines = (
            {"custom_id": asked.key, "method": "POST", "url": "/v1/chat/completions", "body": asked.payload} for asked in members
        )
        data = "".join(json.dumps(line) + "\n" for line in lines).encode()
        api = self._server.api
        with self._faults():
            file = api.files.create(file=("requests.jsonl", data), purpose="batch")
            made = api.batches.create(
                input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h", metadata={_NAME: name}
            )
        return made.id

    def _listed(self, name: str) -> str | None:
        with self._faults():
            return next(
                (one.id for one in self._server.api.batches.list(limit=100) if (one.metadata or {}).get(_NAME) == name), None
            )

    def _finished(self, batch_id: str) -> Batch:
        failed = 0
        while True:
            try:
                with self._faults():
                    batch = self._server.api.batches.retrieve(batch_id)
            except Fault as fault:
                failed += 1
                if not fault.again or failed >= self._calls.tries:
                    raise
            else:
                failed = 0
                if batch.status in _OVER:
                    return batch
            time.sleep(self._calls.poll)

    def _answers(self, batch: Batch) -> dict[str, Any]:
        """Return what came of each request, by its key."""
        found: dict[str, Any] = {}
        for file in (batch.output_file_id, batch.error_file_id):
            if file:
                with self._faults():
                    text = self._server.api.files.content(file).text
                if self._server.holds_secret(text):
                    raise Fault(
                        "malformed response", "the server repeated the key in its answers, which are not kept", again=False
                    )
                found |= _lines(text)
        return found

    def _faults(self) -> Any:
        return self._server.faults("batches: leave `batch` out of `calls`")

    def _place(self, asked: Asked) -> str:
        """Return the name of a ticket; another server knows nothing of it."""
        return digest([self._server.where.base, asked.key])


def _lines(text: str) -> dict[str, Any]:
    try:
        return {told["custom_id"]: told for told in map(json.loads, filter(None, text.splitlines()))}
    except (ValueError, KeyError, TypeError):
        raise Fault("malformed response", "the server sent a file that holds something else than answers") from None


def _answer(told: Mapping[str, Any] | None, batch: Batch) -> Completion:
    response = (told or {}).get("response") or {}
    if response.get("status_code") == 200:
        return completion(json.dumps(response.get("body")))
    why = f"answered {response['status_code']}" if response else f"ended the batch as {batch.status}, without this answer"
    raise Fault("batch", f"the server {why}")
