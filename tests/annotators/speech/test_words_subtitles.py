"""Subtitles as they are found in the wild."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotators.speech.subtitles import LARGEST, parse, read_subtitles
from annotators.speech.words_subtitles import SubtitleWords
from schemas.claims import Language, Turn, Word
from schemas.errors import ItemError
from schemas.record import Origin, Source
from schemas.values import Span

SRT = "1\n00:00:01,000 --> 00:00:03,000\nHello there\n\n2\n00:00:04,000 --> 00:00:05,000\nGeneral\n"


def source(path, duration=60.0, language=None, turns=()):
    origin = Origin(source_id="0" * 16, sha256="0" * 64, file="a.mp4", duration=duration, streams="audio", language=language)
    return Source(source=origin, path="a.mp4", subtitles=str(path) if path else None, turns=turns)


def said(text, tmp_path, name="a.srt", **more):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return SubtitleWords().annotate(None, [source(path, **more)])[0]


def words(claims):
    return [(claim.text, claim.span.start, claim.span.end) for claim in claims if isinstance(claim, Word)]


def texts(text):
    return [" ".join(cue.words) for cue in parse(text)]


def test_a_cue_is_shared_out_among_its_words_by_their_length(tmp_path):
    assert words(said(SRT, tmp_path)) == [("Hello", 1.0, 2.0), ("there", 2.0, 3.0), ("General", 4.0, 5.0)]


def test_without_subtitles_nothing_is_said():
    assert SubtitleWords().annotate(None, [source(None)]) == [()]


def test_the_name_of_the_file_tells_the_language_before_the_table_does(tmp_path):
    assert [c.language for c in said(SRT, tmp_path, "a.fr.srt", language="en") if isinstance(c, Language)] == ["fr"]
    assert [c.language for c in said(SRT, tmp_path, language="en") if isinstance(c, Language)] == ["en"]
    assert not [c for c in said(SRT, tmp_path) if isinstance(c, Language)]


def test_words_carry_the_speaker_whose_turn_it_is(tmp_path):
    span = Span(start=0.5, end=3.2)
    turn = Turn(by="t", span=span, speaker="S0", floor=(span,))
    claims = said(SRT, tmp_path, turns=(turn,))
    assert [c.speaker for c in claims] == ["S0", "S0", None]
    assert {c.probability for c in claims} == {None}


@pytest.mark.parametrize("mark", ["\r\n", "\r", "\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_line_ends_and_byte_order_marks_do_not_matter(tmp_path, mark, encoding):
    assert len(words(said(SRT.replace("\n", mark).encode(encoding), tmp_path))) == 3


def test_text_that_is_not_utf8_is_read_in_the_code_page_of_its_language(tmp_path):
    text = "1\n00:00:01,000 --> 00:00:03,000\n{}\n"
    assert words(said(text.format("déjà").encode("latin-1"), tmp_path))[0][0] == "déjà"
    assert words(said(text.format("привет").encode("cp1251"), tmp_path, "a.ru.srt"))[0][0] == "привет"


def test_markup_sounds_and_names_are_not_words():
    text = (
        "00:01.000 --> 00:02.000 align:start\n<v Ann><i>Yes</i> &amp; <c.red>no</c>\n"
        "- {\\an8}[DOOR SLAMS] (sighs)\nJOHN: Go! ♪ la ♪ -\n"
    )
    assert texts("WEBVTT\n\nNOTE --\nnothing\n\n" + text) == ["Yes no Go! la"]


def test_rolling_captions_say_each_line_once_and_a_repeated_word_stays():
    rolling = (
        "WEBVTT\n\n00:00.000 --> 00:02.000\n \none two\n\n00:02.000 --> 00:02.010\none two\n\n"
        "00:02.010 --> 00:04.000\none two\nthree<00:00:03.000><c> four</c>\n\n"
    )
    blank_kept = rolling.replace("\n \n", "\n")
    assert texts(blank_kept) == ["one two", "three four"]
    assert texts("00:01.000 --> 00:02.000\nNo!\n\n00:02.000 --> 00:03.000\nNo!\n") == ["No!", "No!"]


def test_overlapping_cues_give_words_in_order_of_time(tmp_path):
    text = "2\n00:00:02,000 --> 00:00:04,000\nthree four\n\n1\n00:00:01,000 --> 00:00:05,000\none two\n"
    assert [word for word, _, _ in words(said(text, tmp_path))] == ["one", "three", "two", "four"]


def test_impossible_times_are_left_out_and_late_words_are_cut(tmp_path):
    back, late = "00:00:03,000 --> 00:00:01,000\nback\n\n", "00:00:20,000 --> 00:00:21,000\nlate\n"
    text = back + "00:00:09,000 --> 00:00:11,000\naa bb cc dd\n\n" + late
    assert words(said(text, tmp_path, duration=10.2)) == [("aa", 9.0, 9.5), ("bb", 9.5, 10.0), ("cc", 10.0, 10.2)]


def test_cues_without_blank_lines_between_them_are_told_apart():
    assert texts("1\n00:00:01,000 --> 00:00:02,000\none\n2\n00:00:02,500 --> 00:00:03,000\n7\n") == ["one", "7"]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"just some text\n", "no line has the times"),
        (b"\x00\x01\x02\x03" * 9, "not text"),
        (b"1\n00:01:40,000 --> 00:01:41,000\nx\n", "all 1 subtitles lie after"),
        (b"x" * (LARGEST + 1), "too large"),
    ],
)
def test_a_file_that_cannot_be_used_is_named_with_the_reason(tmp_path, data, reason):
    with pytest.raises(ItemError, match=rf"a\.srt.*{reason}"):
        said(data, tmp_path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ItemError, match=r"gone\.srt"):
        read_subtitles(tmp_path / "gone.srt", None)


@given(st.text(max_size=400))
def test_whatever_the_text_the_parser_ends_and_words_are_not_empty(text):
    hostile = "1\n00:00:01,000 --> 00:00:03,000\n" + text
    assert all(word.strip() for cue in parse(hostile) for word in cue.words)
