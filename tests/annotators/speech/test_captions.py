"""Of what is shown, words are said once, names of speakers are names, and noted sounds are neither."""

import pytest

from annotators.speech.captions import read_cues
from annotators.speech.subtitles import ShownText
from schemas.values import Span


def cues(*texts, gap=0.0, seconds=2.0):
    shown = [
        ShownText(Span(start=k * (seconds + gap), end=k * (seconds + gap) + seconds), tuple(text.split("\n")))
        for k, text in enumerate(texts)
    ]
    return read_cues(shown)


def said(*texts, **more):
    return [" ".join(cue.words) for cue in cues(*texts, **more) if cue.words]


@pytest.mark.parametrize(
    ("text", "name", "words"),
    [
        ("Speaker 0: And so", "Speaker 0", "And so"),
        ("SPEAKER_01: my fellow", "SPEAKER_01", "my fellow"),
        ("RENÉ: Americans", "RENÉ", "Americans"),
        ("JOHN:\nask not", "JOHN", "ask not"),
        ("MAN #1: what your", "MAN #1", "what your"),
        ("MAN (ON TV): country", "MAN (ON TV)", "country"),
        ("- ANN: Yes", "ANN", "Yes"),
        (">> DR. LEE: Well", "DR. LEE", "Well"),
        ("[JOHN]: hello", "JOHN", "hello"),
        ("（田中）こんにちは", "田中", "こんにちは"),
        ("Interviewer: Hm", None, "Interviewer: Hm"),
        ("Remember this: the door", None, "Remember this: the door"),
        ("opens at 9:30 and closes: never", None, "opens at 9:30 and closes: never"),
        ("A: an answer", None, "A: an answer"),
    ],
)
def test_labels_of_speakers_are_names_and_not_words(text, name, words):
    (cue,) = cues(text)
    assert (cue.speaker, " ".join(cue.words)) == (name, words)


def test_names_with_small_letters_are_names_where_they_come_again():
    found = cues("Ann: hello", "Bob: hi", "Ann: and then", "Remember: never", "Bob: yes", "Ann: so", "Bob: no")
    assert [cue.speaker for cue in found] == ["Ann", "Bob", "Ann", None, "Bob", "Ann", "Bob"]


def test_in_a_file_of_capitals_only_what_comes_again_is_a_name():
    found = cues("I SAY ONE THING: NO", "ANN: YES", "ANN: WELL", "ANN: OH")
    assert [cue.speaker for cue in found] == [None, "ANN", "ANN", "ANN"]


def test_two_speakers_of_one_cue_share_its_time_by_their_words():
    first, second = cues("ANN: abc\nBOB: abcdefgh")
    assert (first.speaker, first.words, second.speaker, second.words) == ("ANN", ("abc",), "BOB", ("abcdefgh",))
    assert first.span.end == second.span.start == pytest.approx(2.0 * 4 / 13)


@pytest.mark.parametrize(
    ("text", "notes", "words"),
    [
        ("[laughs] Yes (sighs)", ("laughs", "sighs"), "Yes"),
        ("(door slams)", ("door slams",), ""),
        ("[door\nslams] Hey", ("door slams",), "Hey"),
        ("（拍手）", ("拍手",), ""),
        ("（笑）ありがとう", ("笑",), "ありがとう"),
        ("【音楽】", ("音楽",), ""),
        ("♪", ("music",), ""),
        ("♪ la la\nla ♪ Go!", ("music: la la la",), "Go!"),
        ("# sing a song #", ("music: sing a song",), ""),
        ("We are # 1", (), "We are 1"),
        ("[ ] - …", (), ""),
    ],
)
def test_sounds_are_noted_with_a_time_and_are_not_words(text, notes, words):
    found = cues(text)
    assert tuple(note for cue in found for note in cue.notes) == notes
    assert " ".join(word for cue in found for word in cue.words) == words
    assert all(cue.span == Span(start=0.0, end=2.0) for cue in found)


def test_rolling_captions_say_each_line_once():
    assert said("one two", "one two\nthree four", "three four\nfive", "five\nsix") == ["one two", "three four", "five", "six"]
    assert said("one", "one\ntwo", "one\ntwo\nthree", "two\nthree\nfour") == ["one", "two", "three", "four"]


def test_captions_that_grow_word_by_word_say_each_word_once():
    assert said("and", "and so", "and so my", "and so my fellow") == ["and", "so", "my", "fellow"]


def test_rolling_captions_that_blink_say_each_line_once():
    shown = [
        ShownText(Span(start=0.24, end=3.01), ("and so",)),
        ShownText(Span(start=3.01, end=3.02), ("and so",)),
        ShownText(Span(start=3.02, end=6.5), ("and so", "ask not")),
        ShownText(Span(start=6.5, end=6.51), ("ask not",)),
    ]
    assert [cue.words for cue in read_cues(shown)] == [("and", "so"), ("ask", "not")]


@pytest.mark.parametrize(
    "texts",
    [
        ["I love you."] * 7,
        ["No!", "No!"],
        ["- Yes.\n- Are you sure?", "- Yes.\n- Good."],
        ["Are you sure?\nYes.", "Yes.\nGood."],
        ["Go, go, go!\nGo!", "Go!"],
        ["I am.", "I am here.", "Who is it?", "Me.", "Come in.", "No."],
    ],
)
@pytest.mark.parametrize("gap", [0.0, 0.083])
def test_what_is_said_twice_stays_twice(texts, gap):
    assert " ".join(said(*texts, gap=gap)) == " ".join(texts).replace("- ", "").replace("\n", " ")
