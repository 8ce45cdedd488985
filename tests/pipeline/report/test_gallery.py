"""Which clips a page shows, with which media, and what a card says of labels and citations."""

import base64
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.report.gallery import CLIPS, MEDIA_BYTES, SHARES, SHOWN, ClipChoice, Piece, cards
from pipeline.report.page import REPORT
from schemas.claims import ABSENT, NOT_LOOKED, UNSURE, Label, Route, Target, Text
from schemas.versions.rows import read_clips
from schemas.vocabulary.spaces import space
from tests.support.reported import CLIPS_MADE, clip, written


def test_media_end_where_the_budget_ends_and_the_page_says_so(felt_version):
    found = {one.clip_id: one.image for one in read_clips(felt_version, ("image",))}
    ids = sorted(found)
    stills = sum(len(image.bytes) for image in found.values() if image)
    small = cards(felt_version, ids, stills + 100_000)
    held = [card for card in small if card.media]
    assert len(small) == CLIPS_MADE > len(held) > 0
    assert sum(len(base64.b64decode(card.media[1].partition(",")[2])) for card in held) <= 100_000
    assert all(card.still or not card.clip.frames for card in small)
    assert sum(card.media is not None for card in cards(felt_version, ids, MEDIA_BYTES)) == CLIPS_MADE


PLAIN = clip(0)
decided = st.lists(st.tuples(st.sampled_from(list(SHARES)), st.floats(0, 1)), max_size=200)


@given(decided)
def test_the_gallery_holds_the_most_informative_of_review_and_some_of_all(found):
    clips = {f"{n:016x}": one for n, one in enumerate(found)}
    choice = ClipChoice()
    for clip_id, (decision, priority) in clips.items():
        route = Route(by="route@1#0", decision=decision, reasons=(), priority=priority)
        choice.add(replace(PLAIN, clip_id=clip_id, routes=(route,)))
    chosen = choice.clip_ids()
    assert len(set(chosen)) == len(chosen) == min(CLIPS, len(clips))
    sizes = Counter(decision for decision, _ in found)
    shown = Counter(clips[clip_id][0] for clip_id in chosen)
    assert all(shown[decision] >= min(share, sizes[decision]) for decision, share in SHARES.items())
    reviewed = sorted((p for decision, p in found if decision == "review"), reverse=True)
    assert sorted((clips[c][1] for c in chosen if clips[c][0] == "review"), reverse=True) == reviewed[: shown["review"]]


def test_a_card_names_the_likeliest_labels_and_of_equals_the_first_by_name(tmp_path):
    names = space("ekman7").labels
    scores = tuple(0.04 if name == "neutral" else 0.16 for name in names)
    flat = Label(by="labels.face_made@1#0", modality="face", space="ekman7", names=names, scores=scores, valence=0.5)
    bare = clip(0, video=None, audio=None, image=None, frames=(), labels=(flat, replace(flat, modality="all", scores=())))
    route = Route(by="route@1#0", decision="accept", reasons=("made so",), priority=0.5)
    (card,) = cards(written([replace(bare, routes=(route,))], tmp_path, tmp_path), [bare.clip_id])
    plain, face, *silent = card.said
    assert [(one.modality, one.withheld) for one in silent] == [
        ("voice", "the voice cannot be read"),
        ("words", "the words are in a language that cannot be read here"),
    ]
    assert (plain.modality, plain.scores, plain.others, card.felt) == ("all", (), 0, "")
    assert [name for name, _ in face.scores] == ["anger", "disgust", "fear", "happiness", "sadness"][:SHOWN]
    assert (round(face.others, 2), face.valence) == (0.2, 0.5)


def test_what_is_cited_is_told_apart_in_the_sentence_and_what_is_not_named_in_it_comes_last(tmp_path):
    told = Text(by="r@1#0", text_id="r", kind="rationale", text="She smiles [a.b.1], a.b.10.", cites=("a.b.1", "gone.1"))
    bare = clip(0, video=None, audio=None, image=None, frames=(), texts=(told,))
    route = Route(by="route@1#0", decision="accept", reasons=("made so",), priority=0.5)
    (card,) = cards(written([replace(bare, routes=(route,))], tmp_path, tmp_path), [bare.clip_id])
    assert card.rationales[0].sentences == (
        (Piece(text="She smiles ["), Piece(text="a.b.1", cue=""), Piece(text="], a.b.10."), Piece(text="gone.1", cue="")),
    )


@pytest.mark.parametrize(("state", "unseen"), [(ABSENT, True), (NOT_LOOKED, False), (UNSURE, False)])
def test_a_person_is_not_called_unseen_while_faces_were_not_looked_at(state, unseen, tmp_path):
    target = Target(by="targets.made@1#0", speaker="S0", track=None, score=None, reason="made so", state=state)
    route = Route(by="route@1#0", decision="accept", reasons=("made so",), priority=0.5)
    bare = clip(0, video=None, audio=None, image=None, frames=(), persons=(), targets=(target,), routes=(route,))
    version = written([bare], tmp_path, tmp_path)
    (card,) = cards(version, [bare.clip_id])
    assert card.unseen is unseen
    assert f"<dt>person</dt><dd>{'not seen' if unseen else 'not known'}" in (version / REPORT).read_text()
