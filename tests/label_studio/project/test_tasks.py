"""Tasks from rows: what is shown, and what is refused before the server sees it."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from label_studio.project.annotation import MAX_TEXT
from label_studio.project.evidence_text import reviewers, storable
from label_studio.project.form import ADJUDICATE, CONFLICT, KINDS, ORDINARY, data_keys, form_hash
from label_studio.project.players import NO_PICTURE, NO_SOUND, SILENT, is_player, player
from label_studio.project.tasks import COLUMNS, NO_WORDS, Prediction, adjudication, check, preferences, task
from schemas.errors import ItemError
from schemas.versions.rows import read_clips
from tests.label_studio.reviewers import answer
from tests.label_studio.rows import Files, record
from tests.support.reported import EVIL, hostile, written
from tests.support.walking import walking

FILES = Files()


def made(**more):
    return task(record(**more), "v1", FILES)


def changed(one, **data):
    return replace(one, data={**one.data, **data})


def test_a_row_whose_modalities_disagree_is_asked_blind_and_another_is_not():
    assert made(probability=0.8).kind == CONFLICT
    assert made(probability=0.1).kind == ORDINARY
    assert made(probability=None).kind == ORDINARY
    assert task(record(probability=0.8), "v1", FILES, disagree=0.9).kind == ORDINARY
    assert made(assessments=()).kind == ORDINARY


def test_a_task_tells_who_says_what_and_names_itself():
    one = made()
    clip_id = record().clip_id
    assert one.data["affectory_id"] == f"conflict:{clip_id}"
    assert (one.data["clip_id"], one.data["version"], one.data["form"]) == (clip_id, "v1", form_hash(CONFLICT))
    assert one.data["transcript"] == "S0: well, fine.\nS1: Really?"
    assert one.data["words"] == "sentence number 0"
    assert one.data["machine"].splitlines()[:2] == ["All: happiness 90% · fear 10%", "Face: happiness 90% · fear 10%"]
    assert one.data["cues"] == "0.5–0.9 s  face smiles"
    assert (one.data["label"], one.data["rationale_id"]) == ("happiness", "rationale.r0")
    assert (one.data["fps"], one.priority) == (25.0, 0.7)
    assert one.predictions == ()


def test_the_silent_picture_is_a_file_of_its_own_and_the_sound_has_no_picture():
    one = made()
    assert f"{record().clip_id}.{SILENT}" in one.data["silent"]
    assert " muted " in one.data["silent"]
    assert one.data["sound"].startswith("<audio ")
    assert ".mp4" not in one.data["sound"]


def test_what_a_clip_lacks_is_said_and_not_invented():
    heard = made(video=None, fps=None)
    assert heard.data["silent"] == NO_PICTURE
    assert "fps" not in heard.data
    assert "video" not in heard.data
    assert heard.data["clip"].startswith("<audio ")
    seen = made(audio=None, words=(), transcript=None, texts=(), labels=(), cues=())
    assert (seen.data["sound"], seen.data["words"], seen.data["transcript"]) == (NO_SOUND, NO_WORDS, NO_WORDS)
    assert seen.data["rationale"] == ""
    assert not {"label", "rationale_id", "audio"} & set(seen.data)


def test_a_rationale_that_knew_the_answer_is_not_shown():
    old = record(texts=("honest", "told"))
    told = (old.texts[0], replace(old.texts[1], label_conditioned=True))
    assert made(texts=("honest",)).data["rationale"] == "honest"
    assert task(replace(old, texts=told), "v1", FILES).data["rationale"] == "honest"


def test_two_rationales_are_compared_in_both_orders():
    one, two = preferences(record(texts=("first", "second")), "v1", FILES)
    assert (one.data["first"], one.data["a1"], one.data["a2"]) == ("rationale.r0", "first", "second")
    assert (two.data["first"], two.data["a1"], two.data["a2"]) == ("rationale.r1", "second", "first")
    assert one.data["affectory_id"] != two.data["affectory_id"]
    assert preferences(record(texts=("only",)), "v1", FILES) == ()
    assert preferences(record(texts=("same", "same")), "v1", FILES) == ()


def test_who_decides_between_answers_sees_them_by_pseudonym():
    said = [
        answer("c", "r2", face="fear", all="anger", valence=-0.5, intensity=1.0, truth="face"),
        answer("c", "r1", cannot="several"),
    ]
    one = adjudication(record(), "v1", FILES, said)
    assert one.kind == ADJUDICATE
    assert one.data["answers"] == reviewers(said)
    assert one.data["answers"].splitlines() == [
        "r1: cannot judge (several)",
        "r2: anger (valence -0.5, intensity 1) · face fear; truth in face",
    ]


def test_the_columns_are_all_that_a_task_needs(tmp_path):
    whole = replace(record(), image=None, frames=(), video=None)
    (tmp_path / "a.flac").write_bytes(b"sound")
    (part,) = read_clips(written([whole], tmp_path, tmp_path), COLUMNS)
    assert part.source.file == ""
    assert task(part, "v1", FILES) == task(whole, "v1", FILES)


@pytest.mark.parametrize("key", data_keys(CONFLICT))
def test_a_missing_key_would_refuse_the_whole_batch_and_is_refused_here(key):
    one = made()
    with pytest.raises(ItemError, match=key):
        check(replace(one, data={name: value for name, value in one.data.items() if name != key}))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"form": "0" * 12}, "another form"),
        ({"kind": "long"}, "no kind"),
        ({"clip_id": ""}, "clip_id is missing"),
        ({"words": "x" * (MAX_TEXT + 1)}, "words has"),
        ({"fps": float("nan")}, "fps is nan"),
        ({"clip": "<b>hi</b>"}, "no player"),
        ({"sound": '<audio src="/a" onerror="alert(1)"></audio>'}, "no player"),
        ({"silent": f"{player('/a', SILENT)}<script>alert(1)</script>"}, "no player"),
    ],
)
def test_wrong_data_are_refused(data, message):
    with pytest.raises(ItemError, match=message):
        check(changed(made(), **data))


@pytest.mark.parametrize(
    ("prediction", "message"),
    [
        (Prediction(model="m", score=1.5, choices=(("emotion", "fear"),)), "1.5"),
        (Prediction(model="m", score=0.5, choices=()), "says nothing"),
        (Prediction(model="m", score=0.5, choices=(("mood", "fear"),)), "'mood'"),
        (Prediction(model="m", score=0.5, choices=(("emotion", "joy"),)), "'joy'"),
    ],
)
def test_wrong_predictions_are_refused(prediction, message):
    with pytest.raises(ItemError, match=message):
        check(replace(made(), predictions=(prediction,)))


def test_a_right_prediction_passes():
    check(replace(made(), predictions=(Prediction(model="m", score=0.5, choices=(("face", "unclear"),)),)))


@pytest.mark.parametrize("url", ["javascript:alert(1)", '/a" onerror="x', "/a b", "", "file:///etc/passwd", "//<b>", "data:x"])
def test_an_address_that_is_none_or_leaves_its_place_is_refused(url):
    with pytest.raises(ItemError, match="no address"):
        player(url, SILENT)


def test_hostile_rows_give_valid_tasks_that_keep_their_text():
    evil = hostile(1)
    one = task(record(transcript=evil.transcript, words=(), cues=evil.cues), "v1", FILES)
    assert one.data["words"] == storable(EVIL)
    assert "<script>" in one.data["words"]
    assert is_player(one.data["clip"])


@given(st.text(max_size=400), st.text(max_size=400))
def test_any_text_gives_a_valid_task(transcript, rationale):
    one = made(transcript=transcript, words=(), texts=(rationale,))
    check(one)
    assert one.data["rationale"] == storable(rationale)
    assert one.kind in KINDS


@given(st.text())
def test_what_is_shown_has_no_control_characters_and_stays_so(text):
    clean = storable(text)
    assert not {char for char in clean if (ord(char) < 32 and char not in "\n\t") or 127 <= ord(char) < 160}
    assert storable(clean) == clean


def test_a_second_modality_that_is_heard_has_a_player_that_waits_its_turn(tmp_path):
    with walking(tmp_path, stage="sound"):
        heard, mute = made().data, made(audio=None).data
    assert heard["sound_again"] == heard["sound"].replace(' tabindex="1"', "")
    assert mute["sound_again"] == NO_SOUND
    assert "sound_again" not in made().data
