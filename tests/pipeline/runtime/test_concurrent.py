"""A step that works on several elements at once: nothing is lost, order and time do not matter, counts come back."""

import threading
import time

import apache_beam as beam
import pytest
from apache_beam.testing.util import assert_that, equal_to

from pipeline.flow import summed
from pipeline.runtime.concurrent import DEAD, ConcurrentDoFn
from pipeline.runtime.context import RunContext
from schemas.record import DeadLetter


def letter(number):
    return DeadLetter(source_id="0" * 16, file="a.mp4", clip_id=str(number), step="test", reason="odd")


class Doubling(ConcurrentDoFn):
    """Doubles even numbers; odd ones die."""

    def work(self, element):
        with self.context.counts.time("double"):
            time.sleep(0.05 if element == 0 else 0)
            return (letter(element),) if element % 2 else (2 * element, threading.current_thread().name)


class Failing(ConcurrentDoFn):
    def work(self, element):
        raise ZeroDivisionError("a bug")


@pytest.fixture
def context(tmp_path):
    return RunContext(work=tmp_path, device="cpu", workers=3)


def test_every_element_comes_out_once_by_its_output(context):
    with beam.Pipeline(runner="FnApiRunner") as pipeline:
        out = pipeline | beam.Create(range(100)) | beam.ParDo(Doubling(context)).with_outputs(DEAD, main="out")
        numbers = out["out"] | beam.Filter(lambda one: isinstance(one, int))
        assert_that(numbers, equal_to(list(range(0, 200, 4))))
        assert_that(out[DEAD] | beam.Map(lambda dead: int(dead.clip_id)), equal_to(list(range(1, 100, 2))), label="dead")


def test_what_workers_count_comes_back_by_the_metrics_of_the_runner(context):
    pipeline = beam.Pipeline(runner="FnApiRunner")
    first = pipeline | beam.Create(range(10)) | "one" >> beam.ParDo(Doubling(context)).with_outputs(DEAD, main="out")
    even = first["out"] | beam.Filter(lambda one: isinstance(one, int))
    _ = even | "two" >> beam.ParDo(Doubling(context)).with_outputs(DEAD, main="out")
    result = pipeline.run()
    result.wait_until_finish()
    assert summed(result)["done double"] == 10 + 5
    assert summed(result)["microseconds double"] >= 50_000


def test_a_step_with_a_pool_of_its_own_works_in_its_own_threads(context):
    step = Doubling(context, 2, "waiting")
    step.setup()
    step.start_bundle()
    names = [one for number in range(0, 8, 2) for one in step.process(number)]
    names += [one.value for one in step.finish_bundle()]
    assert {name.rpartition("_")[0] for name in names if isinstance(name, str)} == {"affectory waiting"}


def test_no_more_is_under_way_than_twice_the_workers(context):
    step = Doubling(context, 1)
    step.setup()
    step.start_bundle()
    for number in range(0, 40, 2):
        list(step.process(number))
        assert len(step._under_way) <= 2
    list(step.finish_bundle())


def test_a_bug_stops_the_run(context):
    with pytest.raises(ZeroDivisionError, match="a bug"), beam.Pipeline(runner="FnApiRunner") as pipeline:
        _ = pipeline | beam.Create([1]) | beam.ParDo(Failing(context)).with_outputs(DEAD, main="out")
