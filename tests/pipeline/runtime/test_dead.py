"""The dead letter of a record says whose it is, which step gave up, and why."""

import pytest

from pipeline.runtime.context import RunContext
from pipeline.runtime.dead import UNSETTLED, dead_letter, parked
from schemas.errors import ItemError, StoppedError
from schemas.record import Clip, Origin, Source
from schemas.values import Span

ORIGIN = Origin(source_id="a" * 16, sha256="a" * 64, file="día 1/été.mp4", duration=9.0, streams="audio")


def test_of_a_clip_it_names_the_clip_and_the_span_that_was_asked_for():
    clip = Clip(source=ORIGIN, clip_id="c" * 16, requested=Span(start=1, end=2.5))
    letter = dead_letter(clip, "cues.x", ItemError("no sound in it"))
    assert (letter.source_id, letter.file, letter.clip_id) == ("a" * 16, "día 1/été.mp4", "c" * 16)
    assert (letter.step, letter.reason, letter.span) == ("cues.x", "no sound in it", Span(start=1, end=2.5))


def test_of_a_source_it_names_no_clip():
    letter = dead_letter(Source(source=ORIGIN, path="/a.mp4", stamps=()), "turns.x", ItemError("silent"))
    assert (letter.source_id, letter.clip_id, letter.span) == ("a" * 16, None, None)


@pytest.mark.parametrize(("error", "notes"), [(ItemError("no sound"), 0), (StoppedError("ended by the system"), 1)])
def test_what_the_world_ended_is_noted_once_for_the_next_build(tmp_path, error, notes):
    context = RunContext(work=tmp_path, device="cpu", workers=1)
    letter = dead_letter(Source(source=ORIGIN, path="/a.mp4", stamps=()), "turns.x", error)
    for _ in range(2):
        assert parked(letter, error, context) == letter
    assert len(list((tmp_path / UNSETTLED).rglob("*.json"))) == notes
