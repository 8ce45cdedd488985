"""Slicing what was heard into clip time, files that change meanwhile, and clips of films with few pictures."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotators.media import decoder
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
from tests.support.media import media

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


def whole(path, spans, folder):
    """Say that every clip of the file holds its span, its sound being the file's own to the sample."""
    context = RunContext(work=folder / "work", device="cpu", workers=1)
    source, _ = Probe(context).work(find_sources(path.parent)[0][0])
    for span in spans:
        wanted = WantedClip(source=source, request=CutRequest(span=span, speaker="S0"))
        (made,) = CutClips(CutSettings(), context).work(wanted)
        assert -0.001 < span.start - made.actual.start <= 0.04
        assert abs(made.actual.end - span.end) <= 0.04
        heard, said = decoder.audio(Path(made.audio.path)), decoder.audio(path, made.actual)
        assert np.abs(heard - said).max() < 0.001
        pictured = decoder.audio(Path(made.video.path))
        assert len(pictured) == pytest.approx(len(heard), abs=342)  # a packet of AAC
        shared = min(len(pictured), len(heard))
        assert np.corrcoef(pictured[:shared], heard[:shared])[0, 1] > 0.98


SAID = (Span(start=0.787, end=2.731), Span(start=3.761, end=5.052), Span(start=8.618, end=11.053))
"""Where three pieces of the delayed address are."""


def delayed():
    return ("-i", media("jfk"), "-af", "adelay=500,apad=whole_dur=12", "-map", "1:a")


def test_case_13_one_picture_a_second_cuts_no_speech(tmp_path):
    (tmp_path / "raw").mkdir()
    whole(making.slides(tmp_path / "raw" / "slides.mp4", delayed(), rate=1, seconds=12), SAID, tmp_path)


def test_case_35_slow_pictures_cut_no_speech(tmp_path):
    (tmp_path / "raw").mkdir()
    whole(making.slides(tmp_path / "raw" / "five.mp4", delayed(), rate=5, seconds=12), SAID, tmp_path)


def test_case_35_of_two_who_speak_in_turn_neither_is_cut_off_by_a_slow_picture(tmp_path):
    (tmp_path / "raw").mkdir()
    one, two = (f"[{k}:a]aresample=16000,aformat=channel_layouts=mono,atrim=end={end}" for k, end in ((1, 6.6), (2, 7.43)))
    joined = f"{one}[a];{two},asetpts=PTS-STARTPTS[b];[a][b]concat=n=2:v=0:a=1[s]"
    turns = ("-i", media("man"), "-i", media("jfk"), "-filter_complex", joined, "-map", "[s]")
    path = making.slides(tmp_path / "raw" / "turns.mp4", turns, rate=1, seconds=14.03)
    whole(path, (Span(start=0.42, end=6.6), Span(start=6.6, end=14.03)), tmp_path)
