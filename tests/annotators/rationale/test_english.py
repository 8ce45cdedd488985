"""English as it is written: lists, plurals, sounds that are heard, and times in words."""

import pytest

from annotators.rationale.english import English
from annotators.rationale.wording import Noted, Part
from schemas.claims import Cue, Label
from schemas.values import Span

SAYS = English()


def cue(cue_id, text, start=None, end=None):
    span = None if start is None else Span(start=start, end=start + 0.5 if end is None else end)
    return Cue(by="c@1#0", cue_id=cue_id, modality=cue_id.partition(".")[0], span=span, text=text)


def part(modality, *noted, felt="happiness"):
    label = Label(by=f"labels.{modality}_x@1#0", modality=modality, space="ekman7", names=(felt, "fear"), scores=(0.8, 0.2))
    own = cue(f"{modality}.x.1", f"{ {'face': 'looks', 'voice': 'sounds', 'words': 'reads as'}[modality] } clearly happy")
    return Part(modality=modality, label=label, own=own, noted=tuple(Noted(text=one[0].text, cues=one) for one in noted))


@pytest.mark.parametrize(
    ("span", "told"),
    [
        ((0.1, 0.6), "smiles at the start [face.smile.1]"),
        ((1.0, 1.5), "smiles at 1 second [face.smile.1]"),
        ((2.44, 3.0), "smiles at 2.4 seconds [face.smile.1]"),
        ((9.3, 9.9), "smiles at the end [face.smile.1]"),
        ((3.0, 6.5), "smiles from 3 to 6.5 seconds [face.smile.1]"),
        ((0.0, 9.0), "smiles nearly throughout [face.smile.1]"),
    ],
)
def test_times_are_told_in_words(span, told):
    text = SAYS.part(part("face", (cue("face.smile.1", "smiles", *span),)), 10.0).text
    assert text == f"The face looks clearly happy [face.x.1]: the person {told}."


def test_a_list_joins_doings_and_sounds_as_one_would():
    noted = [
        (cue("voice.crying.1", "crying or sobbing", 2.0), cue("voice.crying.2", "crying or sobbing", 5.0)),
        (cue("voice.loudness.1", "speaks louder than usual", 3.0),),
        (cue("voice.pitch.1", "speaks higher than usual", 0.0),),
    ]
    made = SAYS.part(part("voice", *noted), 10.0)
    assert made.text == (
        "The voice sounds clearly happy [voice.x.1]: crying or sobbing is heard at 2 seconds and at 5 seconds "
        "[voice.crying.1, voice.crying.2], and the person speaks louder than usual at 3 seconds [voice.loudness.1] and "
        "speaks higher than usual at the start [voice.pitch.1]."
    )
    assert made.cites == ("voice.x.1", "voice.crying.1", "voice.crying.2", "voice.loudness.1", "voice.pitch.1")


def test_what_is_said_is_one_thing_and_the_words_are_many():
    face, words = part("face"), part("words")
    assert SAYS.against(words, [face]).text.startswith("The words stand against the face: what is said ")
    assert SAYS.against(face, [words]).text.startswith("The face stands against the words: the face ")
    assert "the words do not contradict it" in SAYS.half([face], [words]).text
    assert SAYS.half([words], [face]).text.startswith("Only the words show an emotion; the face does not contradict it")
    assert SAYS.lean([face, words]).text.startswith(
        "The face and the words lean different ways, too unsurely to contradict each other ["
    )
    bare = Part(
        modality="words", label=None, own=None, noted=(Noted(text="says “no”", cues=(cue("words.phrase.1", "says “no”"),)),)
    )
    assert SAYS.part(bare, 3.0).text == "What is said gives no clear emotion, but the person says “no” [words.phrase.1]."


def test_what_is_not_known_is_said():
    unknown = {"face": ("the face is not seen", False), "voice": ("it is too short", True)}
    made = SAYS.whole([("happiness", 0.8), ("fear", 0.2)], ["words.x.1"], unknown)
    assert made.text == (
        "Taken together, the person is most likely happy (0.80) [words.x.1]. "
        "The face is not seen. The voice has no clear emotion label: it is too short."
    )
    assert (
        SAYS.whole([("happiness", 0.5), ("fear", 0.45)], ["a.b.1"], {}).text
        == "Taken together, the person is happy or afraid [a.b.1]."
    )
    assert SAYS.whole([], ["a.b.1"], {}).text == "Taken together, what the person feels is not known [a.b.1]."
