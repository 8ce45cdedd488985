"""Slicing what was heard into clip time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.clips import clip_id, transcript
from pipeline.segment import Request
from schemas.claims import Language, Word
from schemas.record import Origin, Source
from schemas.values import Span

ORIGIN = Origin(source_id="0" * 16, sha256="0" * 64, file="a.mp4", duration=60.0, streams="audio")


def words(*texts):
    return [Word(by="w@1#0", span=Span(start=k, end=k + 1), text=text) for k, text in enumerate(texts)]


@pytest.mark.parametrize(
    ("texts", "language", "written"),
    [
        (("the", "X-59,", "we've"), "en", "the X-59, we've"),
        (("你", "好"), "zh", "你好"),
        ((), "en", None),
    ],
)
def test_a_transcript_reads_as_people_write(texts, language, written):
    assert transcript(words(*texts), [Language(by="w@1#0", language=language)]) == written


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.sampled_from(["S0", "S1", None]))
def test_the_id_of_a_clip_depends_on_content_span_and_speaker_and_not_on_the_path(start, length, speaker):
    span = Span(start=start / 1000, end=(start + length) / 1000)
    one, moved = (Source(source=ORIGIN, path=path) for path in ("/a", "/b"))
    request = Request(span=span, speaker=speaker)
    assert clip_id(one, request) == clip_id(moved, request)
    assert clip_id(one, request) != clip_id(one, Request(span=span, speaker="S2"))
