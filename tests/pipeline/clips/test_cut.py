"""Slicing what was heard into clip time, and files that change meanwhile."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotators.media.cutting import CutSettings
from annotators.scene.shots_content import ContentShots
from pipeline.clips.cut import CutClips, WantedClip, clip_id, transcript
from pipeline.clips.segment import CutRequest
from pipeline.ingest.probe import Probe
from pipeline.ingest.sources import find_sources
from pipeline.runtime.annotate import annotated
from pipeline.runtime.context import RunContext
from schemas.claims import Language, Word
from schemas.errors import ItemError
from schemas.record import DeadLetter, Origin, Source
from schemas.values import Span
from tests.support import making

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
    request = CutRequest(span=span, speaker=speaker)
    assert clip_id(one, request) == clip_id(moved, request)
    assert clip_id(one, request) != clip_id(one, CutRequest(span=span, speaker="S2"))


def test_what_is_read_of_another_file_is_not_kept_under_the_hash_of_the_first(tmp_path):
    (tmp_path / "raw").mkdir()
    path = making.video(tmp_path / "raw" / "a.mp4")
    found = find_sources(path.parent)[0][0]
    first, second = (RunContext(work=tmp_path / name, device="cpu", workers=1) for name in ("first", "second"))
    source, _ = Probe(first).work(found)
    making.video(tmp_path / "other.mp4", seconds=2.0).replace(path)
    wanted = WantedClip(source=source, request=CutRequest(span=Span(start=0, end=1), speaker=None))
    for letters in (Probe(second).work(found), CutClips(CutSettings(), second).work(wanted)):
        (letter,) = letters
        assert isinstance(letter, DeadLetter) and "was changed while it was read" in letter.reason
    with pytest.raises(ItemError, match="was changed while it was read"):
        annotated(ContentShots(), (source,), second)
    assert not list((tmp_path / "second").rglob("*.json"))
