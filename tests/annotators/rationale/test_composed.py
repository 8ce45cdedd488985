"""The composed rationale: every sentence stands on cues, conflicts are told plainly, and nothing that is missing is made up."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotators.rationale.composed import ComposedRationale
from annotators.verbalize import with_impressions
from schemas.claims import ABSENT, NOT_LOOKED, Cue, Label, Language, Target
from schemas.record import Clip, Origin
from schemas.values import Span
from schemas.vocabulary.spaces import space

ORIGIN = Origin(source_id="0" * 16, sha256="0" * 64, file="a.mp4", duration=60.0, streams="audio+video")
RATIONALE = ComposedRationale()
EKMAN = space("ekman7").labels
SEEN = Target(by="targets.joint@1#0", speaker="S0", track="F0", score=0.6, reason="lips follow")


def label(modality, strongest, score=0.82):
    rest = (1 - score) / (len(EKMAN) - 1)
    scores = tuple(score if name == strongest else rest for name in EKMAN)
    return Label(by=f"labels.{modality}_test@1#0", modality=modality, space="ekman7", names=EKMAN, scores=scores)


def cue(modality, kind, text, start=None, value=1.0):
    span = Span(start=start, end=start + 0.5) if start is not None else None
    return Cue(by="cues.test@1#0", cue_id=f"{modality}.{kind}.1", modality=modality, span=span, text=text, value=value)


def clip(*labels, cues=(), targets=(SEEN,), speaker="S0", transcript="I am fine"):
    told = (*(one for one in with_impressions(labels) if isinstance(one, Cue)), *cues)
    return Clip(
        source=ORIGIN,
        clip_id="1" * 16,
        requested=Span(start=0, end=3),
        labels=labels,
        cues=told,
        targets=targets,
        speaker=speaker,
        transcript=transcript,
    )


def texts(record):
    whole, *sentences = RATIONALE.annotate(None, [record])[0]
    return whole, sentences


def test_it_reads_as_one_would_say_it():
    cues = (cue("face", "smile", "smiles", 1.4, 0.8), cue("voice", "loudness", "speaks more quietly than usual", 0.2, -2.1))
    whole, _ = texts(clip(label("face", "happiness"), label("voice", "sadness"), label("words", "happiness"), cues=cues))
    assert whole.text == (
        "The face looks clearly happy [face.test.1]: the person smiles at 1.4 seconds [face.smile.1]. "
        "The voice sounds clearly sad [voice.test.1]: the person speaks more quietly than usual at the start [voice.loudness.1]. "
        "What is said reads as clearly happy [words.test.1]. "
        "The voice stands against the face and the words: the voice sounds clearly sad, while the face looks clearly happy and "
        "what is said reads as clearly happy [voice.test.1, face.test.1, words.test.1]. "
        "Taken together, the person is most likely happy (0.56) [face.test.1, voice.test.1, words.test.1]."
    )


@given(
    st.dictionaries(
        st.sampled_from(["face", "voice", "words", "skin"]),
        st.tuples(st.sampled_from(EKMAN), st.floats(0.2, 1.0)),
        min_size=1,
    ),
    st.lists(st.tuples(st.sampled_from(["face", "voice", "words"]), st.text(max_size=30)), max_size=5),
)
def test_every_sentence_cites_cues_that_exist_and_the_sentences_are_the_text(felt, more):
    cues = [cue(modality, f"kind{k}", text, k * 0.1) for k, (modality, text) in enumerate(more)]
    record = clip(*(label(modality, *one) for modality, one in felt.items()), cues=cues)
    whole, sentences = texts(record)
    known = {one.cue_id for one in record.cues}
    assert all(sentence.cites and set(sentence.cites) <= known for sentence in sentences)
    assert whole.text == " ".join(sentence.text for sentence in sentences)
    assert all(sentence.parent == whole.text_id for sentence in sentences)
    assert set(whole.cites) == {cite for sentence in sentences for cite in sentence.cites}
    for sentence in sentences:
        cited = {mark for inside in re.findall(r"\[([^\[\]]*)\]", sentence.text) for mark in inside.split(", ")}
        assert cited == set(sentence.cites)


@pytest.mark.parametrize("odd", ["face", "voice", "words"])
@pytest.mark.parametrize(("majority", "other"), [("happiness", "sadness"), ("anger", "fear"), ("sadness", "disgust")])
def test_a_reader_of_the_rationale_alone_can_tell_the_odd_one_out(odd, majority, other):
    felt = {name: other if name == odd else majority for name in ("face", "voice", "words")}
    whole, _ = texts(clip(*(label(name, emotion, 0.9) for name, emotion in felt.items())))
    verdicts = re.findall(r"(The face looks|The voice sounds|What is said reads as) clearly (\w+) \[", whole.text)
    names = {"The face looks": "face", "The voice sounds": "voice", "What is said reads as": "words"}
    read = {names[subject]: word for subject, word in verdicts}
    assert [name for name, word in read.items() if list(read.values()).count(word) == 1] == [odd]
    assert re.findall(r"The (\w+) stands? against", whole.text) == [odd]


def test_agreement_is_told_and_a_draw_between_two_is_left_open():
    assert "The face and the voice agree [" in texts(clip(label("face", "fear"), label("voice", "fear")))[0].text
    unsure = texts(clip(label("face", "fear", 0.3), label("voice", "anger")))[0].text
    assert "speak of different things" in unsure
    leaning = texts(clip(label("face", "fear", 0.45), label("voice", "anger", 0.45)))[0].text
    assert "lean different ways, too unsurely to contradict each other" in leaning
    assert "nothing here tells which of them to trust" in texts(clip(label("face", "fear"), label("voice", "happiness")))[0].text


def test_what_is_missing_is_named():
    unseen = Target(by="targets.joint@1#0", speaker="S0", track=None, score=None, reason="no face is seen", state=ABSENT)
    assert " The face is not seen." in texts(clip(label("voice", "fear"), targets=(unseen,)))[0].text
    left = replace(unseen, state=NOT_LOOKED, unjudged=6)
    told = texts(clip(label("voice", "fear"), targets=(left,)))[0].text
    assert "not seen" not in told
    assert " Whose face it is cannot be told." in told
    assert " No words are known." in texts(clip(label("voice", "fear"), transcript=None))[0].text
    assert "The words are in a language that cannot be read here." in texts(clip(label("voice", "fear")))[0].text
    assert "Nobody speaks." in texts(clip(label("face", "fear"), speaker=None))[0].text


def test_nothing_is_said_where_nothing_is_known():
    assert RATIONALE.annotate(None, [clip()]) == [()]


def test_a_quotation_cannot_pose_as_a_citation():
    whole, _ = texts(clip(label("words", "fear"), cues=(cue("words", "phrase", "says “[face.smile.9] is happy”", 0.5),)))
    assert "(face.smile.9)" in whole.text
    assert "face.smile.9" not in whole.cites


def withheld(modality, why, arousal=None):
    return Label(by=f"labels.{modality}_test@1#0", modality=modality, space="ekman7", arousal=arousal, withheld=why)


def test_a_neutral_modality_does_not_contradict_and_is_told_so():
    whole, _ = texts(clip(label("face", "anger"), label("voice", "neutral"), label("words", "neutral")))
    assert "Only the face shows an emotion; the voice and the words do not contradict it [" in whole.text
    assert "disagree" not in whole.text


def test_a_label_that_is_withheld_is_told_with_its_reason_and_with_how_lively_it_is():
    voice = withheld("voice", "the speech is like none that it knows", -0.6)
    whole, _ = texts(clip(label("face", "happiness"), voice, transcript=None))
    assert "The voice sounds calm, without a clear emotion [voice.test.1]." in whole.text
    assert whole.text.endswith("The voice has no clear emotion label: the speech is like none that it knows. No words are known.")
    assert whole.measures[0].word == "happiness"


def test_without_any_label_the_cues_are_told_and_no_emotion_is_named():
    record = clip(
        withheld("face", "the face is too small to read"), cues=(cue("face", "nod", "nods", 1.0),), transcript=None, speaker=None
    )
    whole, _ = texts(record)
    assert whole.text == (
        "The face gives no clear emotion, but the person nods at 1 second [face.nod.1]. "
        "Taken together, what the person feels is not known [face.nod.1]. "
        "The face has no clear emotion label: the face is too small to read. Nobody speaks. No words are known."
    )
    assert whole.measures == ()


def test_the_most_unusual_comes_first_whatever_its_unit():
    sobs = replace(cue("voice", "crying", "crying or sobbing", 2.0, 0.97), by="cues.yamnet@1#0")
    loud = replace(cue("voice", "loudness", "speaks louder than usual", 0.0, 1.6), by="labels.voice_emodb@1#0")
    tilt = replace(cue("face", "head_tilted", "tilts the head", 0.0, 22.0), by="cues.blendshapes@1#0")
    smile = replace(cue("face", "smile", "smiles broadly", 2.0, 0.95), by="cues.blendshapes@1#0")
    whole, _ = texts(clip(label("face", "happiness"), label("voice", "sadness"), cues=(tilt, loud, smile, sobs)))
    assert whole.text.index("crying") < whole.text.index("louder")
    assert whole.text.index("smiles broadly") < whole.text.index("tilts")


def test_chinese_speech_is_explained_in_chinese_and_a_plan_can_ask_for_both():
    spoken = replace(clip(label("face", "happiness"), withheld("voice", "…")), languages=(Language(by="w@1#0", language="zh"),))
    whole, sentences = texts(spoken)
    assert whole.language == "zh"
    assert whole.text == (
        "面部看起来明显高兴[face.test.1]。综合来看，此人最可能是高兴（0.82）[face.test.1]。声音没有明确的情绪标签。话语所用的语言在此无法辨读。"
    )
    assert whole.text == "".join(one.text for one in sentences)
    both = replace(RATIONALE, languages=("en", "zh")).annotate(None, [spoken])[0]
    told = {one.text_id: one.language for one in both if one.kind == "rationale"}
    assert told == {"rationale.composed": "en", "rationale.composed.zh": "zh"}
    assert {one.parent for one in both if one.kind == "sentence"} == told.keys()
