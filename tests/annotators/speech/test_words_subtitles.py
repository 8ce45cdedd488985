"""Words, names and sounds of a source out of the subtitles that are in the language that is spoken."""

from pathlib import Path

import pytest

from annotators.speech.words_subtitles import SubtitleWords, chosen, written
from schemas.claims import Cue, Language, SpeakerName, Turn, Word
from schemas.errors import ItemError
from schemas.record import Origin, Source, Subtitles
from schemas.values import Span
from schemas.vocabulary.sidecars import SidecarMarks, marks_of
from tests.support.media import media

SRT = "1\n00:00:01,000 --> 00:00:03,000\nHello there\n\n2\n00:00:04,000 --> 00:00:05,000\nGeneral\n"


def beside(path):
    return Subtitles(path=str(path), sha256="1" * 64, marks=marks_of(path, "a"))


def source(*paths, duration=60.0, language=None, turns=()):
    origin = Origin(source_id="0" * 16, sha256="0" * 64, file="a.mp4", duration=duration, streams="audio", language=language)
    return Source(source=origin, path="a.mp4", subtitles=tuple(map(beside, paths)), turns=turns)


def said(text, tmp_path, name="a.srt", **more):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    annotator = SubtitleWords()
    return annotator.annotate(annotator.load("cpu"), [source(path, **more)])[0]


def words(claims):
    return [(claim.text, claim.span.start, claim.span.end) for claim in claims if isinstance(claim, Word)]


def marked(*names):
    return [Subtitles(path=f"/x/{name}", sha256=name, marks=marks_of(Path(name), "a")) for name in names]


def unasked():
    raise AssertionError("nobody needs to listen")


def test_a_cue_is_shared_out_among_its_words_by_their_length(tmp_path):
    assert words(said(SRT, tmp_path)) == [("Hello", 1.0, 2.0), ("there", 2.0, 3.0), ("General", 4.0, 5.0)]


def test_without_subtitles_nothing_is_said():
    annotator = SubtitleWords()
    assert annotator.annotate(annotator.load("cpu"), [source()]) == [()]


def test_the_name_of_the_file_tells_the_language_before_the_table_does(tmp_path):
    assert [c.language for c in said(SRT, tmp_path, "a.en.srt") if isinstance(c, Language)] == ["en"]
    assert [c.language for c in said(SRT, tmp_path, language="en") if isinstance(c, Language)] == ["en"]
    assert not [c for c in said(SRT, tmp_path) if isinstance(c, Language)]
    assert said(SRT, tmp_path, "a.fr.srt", language="en") == (), "a translation is not what is said"


def test_words_carry_the_speaker_whose_turn_it_is(tmp_path):
    span = Span(start=0.5, end=3.2)
    turn = Turn(by="t", span=span, speaker="S0", floor=(span,))
    claims = said(SRT, tmp_path, turns=(turn,))
    assert [c.speaker for c in claims] == ["S0", "S0", None]
    assert {c.probability for c in claims} == {None}


def test_names_are_joined_with_whoever_has_the_floor_and_sounds_become_cues_with_a_time(tmp_path):
    floor = Span(start=0.5, end=3.2)
    turn = Turn(by="t", span=floor, speaker="S0", floor=(floor,))
    text = "1\n00:00:01,000 --> 00:00:03,000\nANN: Hello there\n\n2\n00:00:04,000 --> 00:00:05,000\n[laughs]\nBOB: General\n"
    claims = said(text, tmp_path, turns=(turn,))
    names = [(c.name, c.speaker, c.span.start, c.span.end) for c in claims if isinstance(c, SpeakerName)]
    assert names == [("ANN", "S0", 1.0, 3.0), ("BOB", None, 4.0, 5.0)]
    (cue,) = [c for c in claims if isinstance(c, Cue)]
    assert (cue.cue_id, cue.modality, cue.text) == ("voice.noted.1", "voice", "noted in the subtitles: laughs")
    assert cue.span == Span(start=4.0, end=5.0)
    assert [word for word, _, _ in words(claims)] == ["Hello", "there", "General"]


def test_overlapping_cues_give_words_in_order_of_time(tmp_path):
    text = "2\n00:00:02,000 --> 00:00:04,000\nthree four\n\n1\n00:00:01,000 --> 00:00:05,000\none two\n"
    assert [word for word, _, _ in words(said(text, tmp_path))] == ["one", "three", "two", "four"]


def test_late_words_are_cut(tmp_path):
    text = "00:00:09,000 --> 00:00:11,000\naa bb cc dd\n\n00:00:20,000 --> 00:00:21,000\nlate\n"
    assert words(said(text, tmp_path, duration=10.2)) == [("aa", 9.0, 9.5), ("bb", 9.5, 10.0), ("cc", 10.0, 10.2)]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("1\n00:01:40,000 --> 00:01:41,000\nx\n", "all 1 subtitles lie after the end"),
        ("1\n00:00:01,000 --> 00:00:02,000\n[laughs]\n", "no words in it"),
        ("", "no words in it"),
        ("WEBVTT\n\n", "no words in it"),
        ("just some text", "no line has the times"),
    ],
)
def test_subtitles_that_are_of_no_use_are_named_with_the_reason(tmp_path, text, reason):
    (tmp_path / "a.srt").write_text(text)
    with pytest.raises(ItemError, match=rf"^a\.srt: .*{reason}"):
        written(beside(tmp_path / "a.srt"), None, 60.0)


@pytest.mark.parametrize(
    ("names", "stated", "used"),
    [
        (["a.de.srt", "a.en.srt"], "en", "a.en.srt"),
        (["a.de.srt", "a.srt"], "en", "a.srt"),
        (["a.de.srt"], "en", None),
        (["a.de.srt"], None, "a.de.srt"),
        (["a.de.vtt", "a.en-orig.vtt"], None, "a.en-orig.vtt"),
        (["a.en.forced.srt", "a.en.srt"], "en", "a.en.srt"),
        (["a.en.forced.srt"], "en", "a.en.forced.srt"),
        (["a.en.sdh.srt", "a.en.srt"], None, "a.en.srt"),
        (["a.en.srt", "a.srt"], None, "a.en.srt"),
        ([], "en", None),
    ],
)
def test_of_several_subtitles_those_in_the_language_that_is_stated_are_used(names, stated, used):
    found = chosen(marked(*names), stated, unasked)
    assert (found.name if found else None) == used


@pytest.mark.parametrize(("heard", "used"), [("en", "a.en.srt"), ("de", "a.de.srt"), ("fr", None), (None, None)])
def test_where_no_language_is_stated_those_in_the_language_that_is_heard_are_used(heard, used):
    found = chosen(marked("a.de.srt", "a.en.srt"), None, lambda: heard)
    assert (found.name if found else None) == used


def test_what_lies_beside_a_source_comes_before_a_stream_in_it():
    inside = Subtitles(path="/x/a.mkv", sha256="2", marks=SidecarMarks(language="en"), stream=2)
    assert chosen([inside, *marked("a.en.sdh.srt")], "en", unasked).name == "a.en.sdh.srt"
    assert chosen([inside], "en", unasked).name == "stream 2 of a.mkv"


@pytest.mark.slow
def test_the_language_that_is_heard_is_told_by_whisper(tmp_path):
    (tmp_path / "a.de.srt").write_text(SRT.replace("General", "Deutsch"))
    (tmp_path / "a.en.srt").write_text(SRT.replace("General", "English"))
    annotator = SubtitleWords()
    spoken = source(tmp_path / "a.de.srt", tmp_path / "a.en.srt", duration=11.0)
    spoken = type(spoken)(source=spoken.source, path=str(media("jfk")), subtitles=spoken.subtitles)
    (claims,) = annotator.annotate(annotator.load("cpu"), [spoken])
    assert words(claims)[-1][0] == "English"
