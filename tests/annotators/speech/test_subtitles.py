"""Subtitle files as they are found in the wild: what is shown when, whatever format, encoding and bad habits they have."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotators.speech.subtitles import LARGEST, read_subtitles, shown_texts
from schemas.errors import ItemError

SRT = "1\n00:00:01,000 --> 00:00:03,000\nHello there\n\n2\n00:00:04,000 --> 00:00:05,000\nGeneral\n"
ASS = """[Script Info]
ScriptType: v4.00+

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
Dialogue: 1,0:00:01.00,0:00:03.50,Default,ANN,0,0,0,,{\\pos(3,4)}Hello,\\N{\\i1}there{\\i0}
Dialogue: 0,0:00:01.00,0:00:03.50,Default,ANN,0,0,0,,{\\blur4}Hello,\\Nthere
Comment: 0,0:00:01.00,0:00:03.50,Default,,0,0,0,,a comment
Dialogue: 0,0:00:04.00,0:00:05.00,Default,,0,0,0,,{\\p1}m 0 0 l 100 0 100 100{\\p0}
"""
TTML = """<?xml version="1.0" encoding="UTF-16"?>
<tt xmlns="http://www.w3.org/ns/ttml" xmlns:ttp="http://www.w3.org/ns/ttml#parameter" ttp:frameRate="25" ttp:tickRate="1000">
<body><div begin="10s">
<p begin="00:00:01.000" end="00:00:02.500">Hello<br/>there</p>
<p begin="00:00:03:10" dur="1s"><span>frames</span> &amp; more</p>
<p begin="5000t" end="6000t">ticks</p>
<p begin="7s" end="9s"><span end="0.5s">one</span> <span begin="1.5s">two</span></p>
</div></body></tt>"""


def shown(text):
    return [(one.span.start, one.span.end, *one.lines) for one in shown_texts(text)]


@pytest.mark.parametrize("mark", ["\r\n", "\r", "\n", "\r\r\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_line_ends_encodings_and_byte_order_marks_do_not_matter(tmp_path, mark, encoding):
    (tmp_path / "a.srt").write_bytes(SRT.replace("\n", mark).encode(encoding))
    assert shown(read_subtitles(tmp_path / "a.srt", None)) == [(1.0, 3.0, "Hello there"), (4.0, 5.0, "General")]


def test_text_that_is_not_utf8_is_read_in_the_code_page_of_its_language(tmp_path):
    (tmp_path / "a.srt").write_bytes(SRT.replace("Hello", "déjà").encode("latin-1"))
    assert "déjà" in read_subtitles(tmp_path / "a.srt", None)
    (tmp_path / "a.srt").write_bytes(SRT.replace("Hello", "привет").encode("cp1251"))
    assert "привет" in read_subtitles(tmp_path / "a.srt", "ru")


def test_blank_lines_inside_a_cue_end_it_no_sooner_than_the_next_times():
    text = "1\n00:00:01,000 --> 00:00:02,000\none\n\n \ntwo\n\n2\n00:00:03,000 --> 00:00:04,000\nthree\n"
    assert shown(text) == [(1.0, 2.0, "one", "two"), (3.0, 4.0, "three")]


def test_a_number_that_ends_a_cue_is_text_and_the_number_of_the_next_cue_is_none():
    text = "1\n00:00:01,000 --> 00:00:02,000\nThe answer is\n42\n\n2\n00:00:03,000 --> 00:00:04,000\n7\n"
    assert shown(text) == [(1.0, 2.0, "The answer is", "42"), (3.0, 4.0, "7")]
    assert shown("1\n00:00:01,000 --> 00:00:02,000\none\n2\n00:00:02,500 --> 00:00:03,000\n7\n") == [
        (1.0, 2.0, "one"),
        (2.5, 3.0, "7"),
    ]
    assert shown("WEBVTT\n\n00:01.000 --> 00:02.000\n42\n\n00:02.000 --> 00:03.000\nyes\n") == [
        (1.0, 2.0, "42"),
        (2.0, 3.0, "yes"),
    ]


def test_what_webvtt_says_beside_its_cues_is_not_shown():
    text = (
        "WEBVTT - title\nKind: captions\n\nNOTE\nof the maker\n\nSTYLE\n::cue { color: red }\n\nfirst\n00:01.000 --> 00:02.000 "
        "align:start\n<v.loud Ann Lee>Yes</v> &amp; <c.red>no</c>\n\nNOTE all\nthat\n\nsecond one\n00:03.000 --> 00:04.000\n"
        "k<00:03.100><c>a</c><00:03.200><c>raoke</c>\n"
    )
    assert shown(text) == [(1.0, 2.0, "Yes & no"), (3.0, 4.0, "karaoke")]
    assert [one.voice for one in shown_texts(text)] == ["Ann Lee", None]


@pytest.mark.parametrize(
    ("times", "span"),
    [
        ("00:00:01,000 --> 00:00:02,000", (1.0, 2.0)),
        ("00:01.000 --> 00:02.000 position:10%", (1.0, 2.0)),
        ("0:0:1,5 --> 0:0:2,25", (1.5, 2.25)),
        ("  00:00:01.000-->00:00:02.000  X1:1 X2:2", (1.0, 2.0)),
        ("00:00:01 -> 00:00:02", (1.0, 2.0)),
        ("100:00:01,000 --> 100:00:02,000", (360001.0, 360002.0)),
    ],
)
def test_times_are_read_as_they_are_written(times, span):
    assert shown(f"1\n{times}\nyes\n") == [(*span, "yes")]


def test_impossible_times_are_left_out_and_the_rest_comes_in_order_of_time():
    text = "00:00:03,000 --> 00:00:01,000\nback\n\n00:00:09,000 --> 00:00:11,000\nlate\n\n00:00:01,000 --> 00:00:02,000\nearly\n"
    assert shown(text) == [(1.0, 2.0, "early"), (9.0, 11.0, "late")]


def test_substation_alpha_gives_lines_and_names_without_comments_drawings_and_layers():
    assert shown(ASS) == [(1.0, 3.5, "Hello,", "there")]
    assert [one.voice for one in shown_texts(ASS)] == ["ANN"]


def test_ttml_counts_in_seconds_frames_and_ticks_from_where_its_parts_begin():
    assert shown(TTML) == [
        (11.0, 12.5, "Hello", "there"),
        (13.4, 14.4, "frames & more"),
        (15.0, 16.0, "ticks"),
        (17.0, 17.5, "one"),
        (18.5, 19.0, "two"),
    ]
    assert shown(TTML.replace("http://www.w3.org/ns/ttml", "http://www.w3.org/2006/10/ttaf1")) == shown(TTML)


@pytest.mark.parametrize("text", ["", "\n\n", "WEBVTT\n\n", "WEBVTT\nKind: captions\n"])
def test_nothing_is_shown_by_a_file_without_cues(text):
    if "Kind" in text:
        with pytest.raises(ItemError, match="no line has the times"):
            shown(text)
    else:
        assert shown(text) == []


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("just some text\n", "no line has the times"),
        ("<tt><body>", "not TTML"),
        ("<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b 'c'>]><tt>&b;</tt>", "entities of its own"),
        ("<?xml version='1.0'?><other/>", "TTML"),
    ],
)
def test_text_that_is_no_subtitles_is_named_with_the_reason(text, reason):
    with pytest.raises(ItemError, match=rf"^a\.srt: .*{reason}"):
        shown_texts(text, "a.srt")


@pytest.mark.parametrize(("data", "reason"), [(b"\x00\x01\x02\x03" * 9, "not text"), (b"x" * (LARGEST + 1), "too large")])
def test_a_file_that_is_no_text_is_named(tmp_path, data, reason):
    (tmp_path / "a.srt").write_bytes(data)
    with pytest.raises(ItemError, match=rf"a\.srt.*{reason}"):
        read_subtitles(tmp_path / "a.srt", None)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ItemError, match=r"gone\.srt"):
        read_subtitles(tmp_path / "gone.srt", None)


@given(st.text(max_size=400), st.sampled_from(["1\n00:00:01,000 --> 00:00:03,000\n", "[Script Info]\n", "<tt>", "WEBVTT\n\n"]))
def test_whatever_the_text_it_is_read_or_refused_in_words(text, begin):
    try:
        assert all(line.strip() for one in shown_texts(begin + text) for line in one.lines)
    except ItemError as error:
        assert str(error).startswith("subtitles: ")
