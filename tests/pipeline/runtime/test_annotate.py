"""What `Annotate` promises to annotators and asks of them, with small annotators made for the purpose."""

import threading
from dataclasses import dataclass, replace
from typing import ClassVar

import apache_beam as beam
import pytest
from apache_beam.testing.util import assert_that, equal_to

from annotators.annotator import Annotator
from pipeline.runtime import patience
from pipeline.runtime.annotate import Annotate, annotated
from pipeline.runtime.context import RunContext
from schemas.claims import Cue, Overlooked
from schemas.errors import ItemError, TransientError
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


@pytest.fixture
def context(tmp_path):
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


def test_any_other_error_is_a_bug_and_stops_the_build(context):
    broken = clip("a", transcript=5)
    with pytest.raises(TypeError), beam.Pipeline(runner="FnApiRunner") as pipeline:
        _ = pipeline | beam.Create([broken]) | Annotate(Counting(), context)


def test_an_annotator_is_asked_anew_when_what_it_uses_changes(context):
    left = Overlooked(by="faces.made@1#0", faces=3, reason="made so")
    for one in (clip("a"), replace(clip("a"), overlooked=(left,)), replace(clip("a"), overlooked=(left,))):
        annotated(Using(), (one,), context)
    assert Counting.calls == ["a", "a"]
