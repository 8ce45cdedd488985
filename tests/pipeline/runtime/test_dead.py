"""The dead letter of a record says whose it is, which step gave up, and why."""

from pipeline.runtime.dead import dead_letter
from schemas.errors import ItemError
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
