"""What each process holds for a run: found again by whatever step is sent to it, and by no other run."""

import pickle
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import ClassVar

import pytest

from annotators.annotator import Annotator
from pipeline.runtime.context import RunContext
from schemas.record import Clip


@dataclass(frozen=True, kw_only=True)
class Own(Annotator[Clip, object]):
    name: ClassVar[str] = "cues.own"
    version: ClassVar[str] = "1"
    depth: int = 1

    def load(self, device):
        return object()

    def annotate(self, model, records):
        return [() for _ in records]


@dataclass(frozen=True, kw_only=True)
class Common(Own):
    name: ClassVar[str] = "cues.common"
    shared: ClassVar[bool] = True


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


def in_threads(count, ask):
    """Return what `count` threads get that ask at once."""
    together = threading.Barrier(count)

    def one(_):
        together.wait()
        return ask()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def test_a_shared_model_is_loaded_once_whoever_asks_first(context):
    found = in_threads(4, lambda: context.process.model(Common(), "cpu", object))
    assert len({id(model) for model in found}) == 1


def test_a_model_that_is_not_shared_is_loaded_once_in_each_thread(context):
    found = in_threads(4, lambda: [context.process.model(Own(), "cpu", object) for _ in range(2)])
    assert all(first is second for first, second in found)
    assert len({id(model) for model, _ in found}) == 4


def test_another_setting_or_device_has_another_model(context):
    process = context.process
    models = [process.model(*one, object) for one in ((Common(), "cpu"), (Common(depth=2), "cpu"), (Common(), "cuda"))]
    assert len({id(model) for model in models}) == 3


def test_what_could_not_be_loaded_is_loaded_when_it_is_asked_for_again(context):
    def fail():
        raise OSError("no such file")

    with pytest.raises(OSError, match="no such file"):
        context.process.model(Common(), "cpu", fail)
    assert context.process.model(Common(), "cpu", lambda: "loaded") == "loaded"


def test_steps_share_one_pool_of_threads_and_one_that_waits_has_its_own(context):
    pool = context.process.pool
    assert pool("", 2) is pool("", 2)
    assert pool("rationale.llm", 8) is not pool("", 2)
    assert pool("rationale.llm", 8).submit(lambda: threading.current_thread().name).result().startswith("affectory rationale.llm")
