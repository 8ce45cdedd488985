from dataclasses import replace

import numpy as np

from pipeline.clips.naming import with_final_names
from schemas.claims import Speaker, Target, Turn, Voice, Word
from schemas.record import Clip, Origin
from schemas.values import Span

SPAN = Span(start=0, end=4)
ORIGIN = Origin(source_id="0" * 16, sha256="0" * 64, file="a.mp4", duration=60, streams="audio+video")


def said(speaker, *, cut=SPAN):
    return Turn(by="t@1#0", span=cut, speaker=speaker, floor=())


CLIP = Clip(
    source=ORIGIN,
    clip_id="1" * 16,
    requested=SPAN,
    speaker="S1",
    turns=(said("S1"), said("S0", cut=Span(start=1, end=2))),
    words=(Word(by="w@1#0", span=SPAN, text="oh", speaker="S1"), Word(by="w@1#0", span=SPAN, text="ah", speaker=None)),
    speakers=(
        Speaker(by="t@1#0", speaker="S0", seconds=3.0, embedding=(1.0, 0.0)),
        Speaker(by="t@1#0", speaker="S1", seconds=1.0, embedding=(0.0, 1.0)),
    ),
    targets=(Target(by="j@1#0", speaker="S1", track="F0", score=1.0, reason="made"),),
    overlap=1.0,
)


def voice(heard, speaker):
    return Voice(by="j@1#0", heard=heard, speaker=speaker, person="P0", reason="made")


def test_everybody_stands_under_the_final_name_and_two_who_are_one_are_one_speaker():
    named = with_final_names(replace(CLIP, voices=(voice("S0", "S0"), voice("S1", "S0"))))
    assert named.speaker == "S0"
    assert {turn.speaker for turn in named.turns} == {"S0"}
    assert [word.speaker for word in named.words] == ["S0", None]
    assert named.targets[0].speaker == "S0"
    (speaker,) = named.speakers
    assert (speaker.speaker, speaker.seconds) == ("S0", 4.0)
    np.testing.assert_allclose(speaker.embedding, np.asarray([3, 1]) / np.sqrt(10), atol=1e-6)
    assert named.overlap == 0.0


def test_names_that_stay_leave_the_clip_as_it_is_and_naming_again_changes_nothing():
    kept = replace(CLIP, voices=(voice("S0", "S0"), voice("S1", "S1")))
    assert with_final_names(kept) is kept
    once = with_final_names(replace(CLIP, voices=(voice("S1", "S0"),)))
    assert with_final_names(once) == once
