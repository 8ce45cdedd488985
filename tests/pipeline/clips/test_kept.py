from dataclasses import replace

import pytest

from pipeline.clips.keep import Keep
from pipeline.clips.kept import check_citations
from pipeline.runtime.context import RunContext
from schemas.claims import Cue, Overlooked, Text
from schemas.errors import UsageError
from tests.support.reported import clip

CUE = Cue(by="cues.made@1#0", cue_id="face.smile.1", modality="face", span=None, text="smiles")
TEXT = Text(by="rationale.made@1#0", text_id="r", kind="rationale", text="…", cites=("face.smile.1",))


def test_a_text_that_cites_what_is_there_is_kept():
    check_citations(clip(0, cues=(CUE,), texts=(TEXT, replace(TEXT, text_id="r.1", parent="r"))))
    check_citations(clip(0, cues=(), texts=()))


def test_a_citation_of_nothing_names_its_author_and_the_cue():
    with pytest.raises(UsageError, match=r"rationale\.made@1#0 cites face\.smile\.1 in clip .* there is no such cue"):
        check_citations(clip(0, cues=(), texts=(TEXT,)))


def test_a_text_under_nothing_names_its_author():
    with pytest.raises(UsageError, match=r"rationale\.made@1#0 puts a text under gone in clip"):
        check_citations(clip(0, cues=(CUE,), texts=(replace(TEXT, parent="gone"),)))


def test_a_citation_that_two_cues_answer_to_is_refused():
    other = replace(CUE, by="cues.other@1#0")
    check_citations(clip(0, cues=(CUE, other), texts=()))
    with pytest.raises(UsageError, match=r"cues of .* and .* have that name"):
        check_citations(clip(0, cues=(CUE, other), texts=(TEXT,)))


def test_a_clip_without_a_face_that_was_followed_says_which_were_left_out(tmp_path):
    keep = Keep(RunContext(work=tmp_path, device="cpu", workers=1))
    (letter,) = keep.work(clip(0, speaker=None))
    assert letter.reason == "nobody speaks in it and no face is seen"
    left = Overlooked(by="faces.made@1#0", faces=3, reason="lower than 4 % of the picture")
    (letter,) = keep.work(clip(0, speaker=None, overlooked=(left,)))
    assert letter.reason == "nobody speaks in it, and no face was looked at: 3 lower than 4 % of the picture"
