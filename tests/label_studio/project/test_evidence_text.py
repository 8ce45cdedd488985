from dataclasses import asdict

from label_studio.project.evidence_text import storable, transcript_line
from schemas.claims import Language, Word
from schemas.values import Span
from tests.label_studio.rows import record, row


def words(*texts):
    spans = [Span(start=0.5 * number, end=0.5 * number + 0.4) for number in range(len(texts))]
    return tuple(Word(by="words.made@1#0", span=span, text=text, speaker="S0") for span, text in zip(spans, texts, strict=True))


def test_who_says_what_is_a_line_per_change_of_speaker():
    assert transcript_line(row()) == "S0: well, fine.\nS1: Really?"


def test_a_language_without_spaces_is_written_without_them():
    languages = (Language(by="words.made@1#0", language="zh"),)
    chinese = asdict(record(words=words("你", "好", "吗"), languages=languages))
    assert transcript_line(chinese) == "S0: 你好吗"


def test_without_words_the_transcript_stands_as_it_is():
    assert transcript_line({"words": [], "languages": [], "transcript": "as it was written"}) == "as it was written"
    assert transcript_line({"words": [], "languages": [], "transcript": None}) == ""


def test_what_is_no_text_becomes_visible():
    assert storable("a\x00b\r\nc\x1b") == "a\N{REPLACEMENT CHARACTER}b\nc\N{REPLACEMENT CHARACTER}"
