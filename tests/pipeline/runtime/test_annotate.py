"""What `Annotate` promises to annotators and asks of them, with small annotators made for the purpose."""

import math
import re
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import apache_beam as beam
import pytest
from apache_beam.testing.util import assert_that, equal_to

from annotators.annotator import SPEED, Annotator
from pipeline.runtime import patience
from pipeline.runtime.annotate import Annotate, annotated, annotated_each
from pipeline.runtime.context import RunContext
from schemas.claims import Cue, Overlooked
from schemas.errors import BugError, ItemError, StoppedError, TransientError
from schemas.record import Clip, Origin
from schemas.values import Span

ORIGIN = Origin(source_id="0" * 16, sha256="0" * 64, file="a.mp4", duration=9.0, streams="audio")


def clip(name, transcript="hello"):
    return Clip(source=ORIGIN, clip_id=name, requested=Span(start=0, end=9), transcript=transcript)


@dataclass(frozen=True, kw_only=True)
class Counting(Annotator[Clip, object]):
    """Says the length of the transcript; refuses the transcript "bad"."""

    name: ClassVar[str] = "cues.counting"
    version: ClassVar[str] = "1"
    requires: ClassVar[tuple[str, ...]] = ("transcript",)
    provides: ClassVar[tuple[str, ...]] = ("cues",)
    factor: int = 1
    calls: ClassVar[list[str]] = []
    loads: ClassVar[list[int]] = []

    def load(self, device):
        self.loads.append(threading.get_ident())
        return object()

    def annotate(self, model, records):
        said = []
        for record in records:
            self.calls.append(record.clip_id)
            if record.transcript == "bad":
                raise ItemError("the transcript is bad")
            length = float(len(record.transcript or "") * self.factor)
            said.append((Cue(by=self.key, cue_id="c", modality="words", span=None, text="length", value=length),))
        return said


@dataclass(frozen=True, kw_only=True)
class Using(Counting):
    name: ClassVar[str] = "cues.using"
    uses: ClassVar[tuple[str, ...]] = ("overlooked",)


@dataclass(frozen=True, kw_only=True)
class Flaky(Counting):
    name: ClassVar[str] = "cues.flaky"
    failures: ClassVar[list[int]] = []

    def annotate(self, model, records):
        if len(self.failures) < 2:
            self.failures.append(1)
            raise TransientError("the world is down")
        return super().annotate(model, records)


def cue(**changed):
    return Cue(**{"by": Answering().key, "cue_id": "c", "modality": "words", "span": None, "text": "t", "value": 1.0, **changed})


@dataclass(frozen=True, kw_only=True)
class Answering(Counting):
    name: ClassVar[str] = "cues.answering"
    answer: Any = field(default=None, metadata=SPEED)

    def annotate(self, model, records):
        return self.answer


@dataclass(frozen=True, kw_only=True)
class Hungry(Counting):
    name: ClassVar[str] = "cues.hungry"
    sizes: ClassVar[list[int]] = []
    most: int = 1

    def annotate(self, model, records):
        self.sizes.append(len(records))
        if len(records) > self.most:
            raise RuntimeError("CUDA out of memory. Tried to allocate 80.00 GiB")
        return super().annotate(model, records)


@pytest.fixture
def context(tmp_path):
    Hungry.sizes.clear()
    Counting.calls.clear()
    Counting.loads.clear()
    Flaky.failures.clear()
    return RunContext(work=tmp_path, device="cpu", workers=3)


def test_a_bad_clip_becomes_a_dead_letter_and_the_others_survive(context):
    clips = [clip("a"), clip("b", "bad"), clip("c")]
    with beam.Pipeline(runner="FnApiRunner") as pipeline:
        out = pipeline | beam.Create(clips) | Annotate(Counting(), context)
        assert_that(out["records"] | beam.Map(lambda c: (c.clip_id, c.cues[0].value)), equal_to([("a", 5.0), ("c", 5.0)]))
        assert_that(
            out["dead"] | beam.Map(lambda letter: (letter.clip_id, letter.step, letter.reason)),
            equal_to([("b", "cues.counting", "the transcript is bad")]),
            label="dead",
        )


def test_an_answer_is_worked_out_once_and_then_read_without_loading_anything(context):
    (first,) = annotated(Counting(), (clip("a"),), context)
    (again,) = annotated(Counting(), (clip("a"),), context)
    assert first == again
    assert Counting.calls == ["a"]


def test_a_record_that_carries_the_author_passes_untouched(context):
    (said,) = annotated(Counting(), (clip("a"),), context)
    (same,) = annotated(Counting(), (said,), replace(context, work=context.work / "elsewhere"))
    assert same is said
    assert Counting.calls == ["a"]


def test_a_changed_setting_or_input_is_worked_out_again_and_an_unread_field_is_not(context):
    annotated(Counting(), (clip("a"),), context)
    annotated(Counting(factor=2), (clip("a"),), context)
    annotated(Counting(), (clip("a", "other"),), context)
    annotated(Counting(), (replace(clip("a"), overlap=3.0),), context)
    assert Counting.calls == ["a", "a", "a"]


def test_the_world_may_fail_for_a_while(context, monkeypatch):
    monkeypatch.setattr(patience.time, "sleep", lambda seconds: None)
    (said,) = annotated(Flaky(), (clip("a"),), context)
    assert said.cues[0].value == 5.0


def test_each_thread_has_a_model_of_its_own_unless_it_can_be_shared(context):
    clips = [clip(f"{k:02d}") for k in range(20)]
    with beam.Pipeline(runner="FnApiRunner") as pipeline:
        _ = pipeline | beam.Create(clips) | Annotate(Counting(factor=7), context)
    assert len(Counting.loads) == len(set(Counting.loads)) <= 3


def test_any_other_error_puts_the_record_aside_and_it_is_not_asked_about_again(context):
    broken = clip("a", transcript=5)
    (first,) = annotated_each(Counting(), (broken,), context)
    assert isinstance(first, BugError)
    assert re.fullmatch(
        r"cues\.counting raised TypeError: object of type 'int' has no len\(\) \(test_annotate\.py:\d+\)", str(first)
    )
    assert "Traceback" in first.trace
    assert Counting.calls == ["a", "a"]
    (again,) = annotated_each(Counting(), (broken,), context)
    assert (str(again), Counting.calls) == (str(first), ["a", "a"])


@pytest.mark.parametrize(
    "answer",
    [
        None,
        [],
        ["nonsense"],
        [()] * 2,
        [(cue(value=math.nan),)],
        [(cue(value="1"),)],
        [(cue(by="cues.other@1#0"),)],
        [(cue(span=3),)],
    ],
)
def test_an_answer_that_is_none_is_held_against_the_annotator(context, answer):
    (outcome,) = annotated_each(Answering(answer=answer), (clip("a"),), context)
    assert isinstance(outcome, BugError)
    assert "cues.answering gave an answer that is none" in str(outcome)


def test_looking_at_answers_leaves_the_filters_of_warnings_alone(context):
    before = list(warnings.filters)
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda n: annotated_each(Counting(), [clip(f"{n:03d}")], context), range(60)))
    assert list(warnings.filters) == before


def test_what_was_not_in_the_work_store_is_counted_once_however_often_it_is_asked_about(context):
    annotated_each(Hungry(most=1), tuple(clip(name) for name in "abcde"), context)
    assert context.counts.counted["worked cues.hungry"] == 5


def test_records_are_asked_about_together_and_kept_each_for_itself(context):
    clips = tuple(clip(name) for name in "abc")
    together = annotated_each(Counting(), clips, context)
    assert Counting.calls == list("abc")
    for one, said in zip(clips, together, strict=True):
        assert annotated_each(Counting(), (one,), context) == [said]
    assert Counting.calls == list("abc")


def test_of_records_asked_about_together_the_one_that_is_to_blame_fails(context):
    clips = (clip("a"), clip("b", "bad"), clip("c", transcript=5), clip("d"))
    first, bad, broken, last = annotated_each(Counting(), clips, context)
    assert (first.cues[0].value, last.cues[0].value) == (5.0, 5.0)
    assert (str(bad), type(broken)) == ("the transcript is bad", BugError)


def test_what_is_too_much_for_the_memory_is_asked_about_in_halves(context):
    clips = tuple(clip(name) for name in "abcdefg")
    found = annotated_each(Hungry(most=2), clips, context)
    assert [one.cues[0].value for one in found] == [5.0] * 7
    assert max(Hungry.sizes) == 7
    assert all(size <= 2 for size in Hungry.sizes if size not in (7, 3))


def test_where_there_is_not_the_memory_for_one_the_world_is_to_blame(context, monkeypatch):
    monkeypatch.setattr(patience.time, "sleep", lambda seconds: None)
    (found,) = annotated_each(Hungry(most=0), (clip("a"),), context)
    assert isinstance(found, StoppedError)
    assert "CUDA out of memory. Tried to allocate 80.00 GiB" in str(found)


def test_an_annotator_is_asked_anew_when_what_it_uses_changes(context):
    left = Overlooked(by="faces.made@1#0", faces=3, reason="made so")
    for one in (clip("a"), replace(clip("a"), overlooked=(left,)), replace(clip("a"), overlooked=(left,))):
        annotated(Using(), (one,), context)
    assert Counting.calls == ["a", "a"]
