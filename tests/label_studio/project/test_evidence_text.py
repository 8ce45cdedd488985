from dataclasses import replace

from label_studio.project.evidence_text import cues, labels, storable, transcript_line
from schemas.claims import Language, Word
from schemas.values import Span
from tests.label_studio.rows import label, record


def words(*texts):
    spans = [Span(start=0.5 * number, end=0.5 * number + 0.4) for number in range(len(texts))]
    return tuple(Word(by="words.made@1#0", span=span, text=text, speaker="S0") for span, text in zip(spans, texts, strict=True))


def test_who_says_what_is_a_line_per_change_of_speaker():
    assert transcript_line(record()) == "S0: well, fine.\nS1: Really?"


def test_a_language_without_spaces_is_written_without_them():
    languages = (Language(by="words.made@1#0", language="zh"),)
    assert transcript_line(record(words=words("你", "好", "吗"), languages=languages)) == "S0: 你好吗"


def test_without_words_the_transcript_stands_as_it_is():
    assert transcript_line(record(words=(), transcript="as it was written")) == "as it was written"
    assert transcript_line(record(words=(), transcript=None)) == ""


def test_the_whole_comes_first_then_modalities_in_their_order_then_unknown_ones_by_their_own_name():
    gait, face, whole = (label(name, "sadness") for name in ("gait", "face", "all"))
    assert labels(record(labels=(gait, replace(face, scores=(0.5, 0.5)), whole))).splitlines() == [
        "All: sadness 90% · fear 10%",
        "Face: fear 50% · sadness 50%",
        "Voice: no label, because the voice cannot be read",
        "Words: no label, because the words are in a language that cannot be read here",
        "Gait: sadness 90% · fear 10%",
    ]
    assert labels(record(labels=(replace(whole, scores=()),))).splitlines()[0] == "All: sadness, fear"
    assert labels(record(labels=())) == ""


def test_a_label_that_is_withheld_is_told_with_its_reason_and_its_arousal():
    held = replace(label("voice", "fear"), names=(), scores=(), arousal=-0.4, withheld="the speech is like none that it knows")
    told = labels(record(labels=(label("face", "sadness"), held))).splitlines()
    assert told[1] == "Voice: no label, because the speech is like none that it knows, arousal -0.40"


def test_cues_come_in_order_of_time_those_of_the_whole_clip_first():
    cue = record().cues[0]
    steps = replace(cue, cue_id="gait.steps.1", modality="gait", span=None, text="slows down")
    assert cues(record(cues=(cue, steps))) == "throughout  gait slows down\n0.5–0.9 s  face smiles"


def test_what_is_no_text_becomes_visible():
    assert storable("a\x00b\r\nc\x1b") == "a\N{REPLACEMENT CHARACTER}b\nc\N{REPLACEMENT CHARACTER}"
