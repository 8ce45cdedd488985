"""What each process holds for a run: found again by whatever step is sent to it, and by no other run."""

import pickle
import threading
from dataclasses import replace

import pytest

from pipeline.runtime.context import HOPELESS, RunContext
from pipeline.runtime.isolation import ClosedError, WorkerLimits
from schemas.errors import UsageError


@pytest.fixture
def context(tmp_path):
    return RunContext(work=tmp_path, device="cpu", workers=2)


def test_a_step_that_was_sent_over_finds_the_counts_of_its_run(context):
    sent = pickle.loads(pickle.dumps(context))
    sent.counts.worked("cut")
    assert context.counts.counted == {"worked cut": 1}
    assert sent == context


def test_another_run_in_the_same_process_counts_for_itself(context, tmp_path):
    mine, other = context.process, RunContext(work=tmp_path, device="cpu", workers=2).process
    mine.counts.worked("cut")
    assert other.counts.counted == {}
    assert context.process is mine


def test_the_same_run_elsewhere_is_the_same_run(context, tmp_path):
    assert replace(context, work=tmp_path / "other").process is context.process


def test_where_annotators_work_is_the_same_for_all_steps_and_ends_with_the_run(context):
    limits = WorkerLimits(memory=2**33)
    apart = context.process.isolation(2, limits)
    assert context.process.isolation(2, limits) is apart
    context.process.close()
    with pytest.raises(ClosedError):
        apart.ask(None, [], "cpu")


def test_an_annotator_that_fails_on_all_that_it_is_asked_first_stops_the_build(context):
    for _ in range(HOPELESS - 1):
        context.process.failed("cues.poor", "it raised")
    with pytest.raises(UsageError, match=f"cues.poor failed on each of its first {HOPELESS} records; the last: it raised"):
        context.process.failed("cues.poor", "it raised")


def test_one_that_has_answered_once_may_fail_as_often_as_the_plan_allows(context):
    context.process.answered("cues.good")
    for _ in range(2 * HOPELESS):
        context.process.failed("cues.good", "it raised")


def test_steps_share_one_pool_of_threads_and_one_that_waits_has_its_own(context):
    pool = context.process.pool
    assert pool("", 2) is pool("", 2)
    assert pool("rationale.llm", 8) is not pool("", 2)
    assert pool("rationale.llm", 8).submit(lambda: threading.current_thread().name).result().startswith("affectory rationale.llm")
