"""Chinese as it is written, and what no table translates quoted as it is."""

from annotators.rationale.chinese import Chinese
from annotators.rationale.wording import Noted, Part, phrases
from schemas.claims import Cue, Label
from schemas.values import Span

SAYS = Chinese()


def cue(cue_id, text, start=None, value=None):
    span = None if start is None else Span(start=start, end=start + 0.5)
    return Cue(by="c@1#0", cue_id=cue_id, modality=cue_id.partition(".")[0], span=span, text=text, value=value)


def part(modality, *noted, scores=(0.8, 0.2)):
    label = Label(by=f"labels.{modality}_x@1#0", modality=modality, space="ekman7", names=("sadness", "fear"), scores=scores)
    many = tuple(Noted(text=one.text, cues=(one,)) for one in noted)
    return Part(modality=modality, label=label, own=cue(f"{modality}.x.1", "…"), noted=many)


def test_what_is_done_heard_and_said_has_its_words():
    made = SAYS.part(
        part("voice", cue("voice.crying.1", "crying or sobbing", 2.0), cue("voice.pitch.1", "speaks higher than usual", 0.0)),
        10.0,
    )
    assert (
        made.text
        == "声音听起来明显悲伤[voice.x.1]：在2秒处可以听到哭泣声[voice.crying.1]，此人在开头音调比平时高[voice.pitch.1]。"
    )
    made = SAYS.part(part("words", cue("words.phrase.1", "says “no [x]”", 1.5)), 10.0)
    assert made.text == "话语读起来明显悲伤[words.x.1]：此人在1.5秒处说“no (x)”[words.phrase.1]。"


def test_a_text_that_no_table_knows_is_quoted():
    assert "有“shrugs”的表现[face.shrug.1]" in SAYS.part(part("face", cue("face.shrug.1", "shrugs")), 3.0).text
    assert SAYS.part(part("gait", scores=(0.6, 0.4)), 3.0).text == "“gait”显得比较悲伤[gait.x.1]。"


def test_how_modalities_stand_to_each_other():
    face, voice, words = part("face"), part("voice"), part("words")
    assert SAYS.against(voice, [face, words]).text.startswith("声音与面部和话语相矛盾：声音听起来明显悲伤，而面部")
    assert SAYS.disagree([face, voice]).text.startswith("面部和声音不一致：")
    assert (
        SAYS.half([face], [voice, words]).text == "只有面部流露出情绪，声音和话语与之并不矛盾[face.x.1, voice.x.1, words.x.1]。"
    )
    assert SAYS.lean([face, voice]).text.startswith("面部和声音的倾向不同")
    assert SAYS.alike([face, voice, words], True).text == "面部、声音和话语一致[face.x.1, voice.x.1, words.x.1]。"


def test_what_is_not_known_is_said():
    unknown = {"face": ("the face is not seen", False), "voice": ("it is too short", True)}
    made = SAYS.whole([("sadness", 0.8), ("fear", 0.2)], ["words.x.1"], unknown)
    assert made.text == "综合来看，此人最可能是悲伤（0.80）[words.x.1]。没有看到此人的面部。声音没有明确的情绪标签。"
    silent = Part(modality="voice", label=None, own=cue("voice.x.1", "…", value=-0.6), noted=())
    assert SAYS.part(silent, 3.0).text == "声音听起来平缓，没有明确的情绪[voice.x.1]。"


def test_all_that_the_built_in_annotators_can_say_is_translated():
    from annotators.face.moves import _EXPRESSIONS
    from annotators.voice.cues_yamnet import EVENTS

    told = phrases()
    assert {shape.text for shape in _EXPRESSIONS} <= told["done"].keys()
    assert {event.text for event in EVENTS} <= told["heard"].keys()
