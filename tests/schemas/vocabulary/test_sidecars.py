from pathlib import Path

import pytest

from schemas.vocabulary.sidecars import SidecarMarks, marks_of


@pytest.mark.parametrize(
    ("name", "marks"),
    [
        ("talk.srt", {}),
        ("TALK.SRT", {}),
        ("talk.en.srt", {"language": "en"}),
        ("talk.eng.vtt", {"language": "en"}),
        ("talk.English.srt", {"language": "en"}),
        ("talk.pt-BR.vtt", {"language": "pt"}),
        ("talk.zh_Hant.srt", {"language": "zh"}),
        ("talk.en.sdh.srt", {"language": "en", "deaf": True}),
        ("talk.en.hi.srt", {"language": "en", "deaf": True}),
        ("talk.hi.srt", {"language": "hi"}),
        ("talk.cc.srt", {"deaf": True}),
        ("talk.en.forced.srt", {"language": "en", "forced": True}),
        ("talk.default.en.srt", {"language": "en"}),
        ("talk.en-orig.vtt", {"language": "en", "original": True}),
    ],
)
def test_a_name_says_language_and_kind(name, marks):
    assert marks_of(Path(name), "talk") == SidecarMarks(**marks)


@pytest.mark.parametrize("name", ["talks.srt", "talk.part2.srt", "other.en.srt", "talk.en.de.srt", "tal.srt"])
def test_what_is_of_another_source_is_none(name):
    assert marks_of(Path(name), "talk") is None
