"""The form says what the schemas say, and can be used by keyboard."""

from collections import Counter
from xml.etree import ElementTree as xml

import pytest

from label_studio.project.form import (
    ADJUDICATE,
    CONFLICT,
    KINDS,
    ORDINARY,
    PREFER,
    SPACE,
    UNCLEAR,
    controls,
    data_keys,
    form,
    form_hash,
    scales,
    truths,
)
from label_studio.project.hotkeys import NO_KEY
from schemas.errors import UsageError
from schemas.vocabulary.modalities import modalities
from schemas.vocabulary.spaces import axes, space, spaces
from tests.support.walking import KEPT, walking

# What Label Studio itself answers to on a page with players, choices and texts.
TAKEN = {"enter", "backspace", "escape", "delete", "ctrl+enter", "ctrl+space", "ctrl+z", "ctrl+b", "ctrl+p"}
HASHES = {CONFLICT: "6eae79f64abb", ORDINARY: "9ca045bc000c", ADJUDICATE: "f2d5bbd21de8", PREFER: "e04e203d3339"}
"""Of all bytes but the style of the forms for ekman7 and the built-in modalities: by them projects on servers are found again."""


def tree(kind, space_name=SPACE):
    return xml.fromstring(form(kind, space_name))


@pytest.fixture
def gait(tmp_path):
    with walking(tmp_path):
        yield


@pytest.mark.parametrize(("kind", "known"), HASHES.items())
def test_the_forms_of_projects_that_are_on_servers_have_not_moved(kind, known):
    assert form_hash(kind) == known


@pytest.mark.parametrize("kind", KINDS)
def test_every_choice_has_a_key_and_no_key_serves_two(kind):
    keys = [choice.get("hotkey") for choice in tree(kind).iter("Choice")]
    assert len(keys) > 7
    assert None not in keys
    assert len(set(keys)) == len(keys)
    assert not TAKEN & set(keys)


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_chosen_beforehand(kind):
    assert not [choice for choice in tree(kind).iter("Choice") if choice.get("selected")]


@pytest.mark.parametrize("kind", KINDS)
def test_controls_label_something_that_is_there(kind):
    root = tree(kind)
    objects = {tag.get("name") for tag in root.iter("HyperText")}
    asked = [*root.iter("Choices"), *root.iter("TextArea")]
    assert {tag.get("toName") for tag in asked} == {"clip"} <= objects
    names = [tag.get("name") for tag in asked]
    assert len(set(names)) == len(names)
    assert {tag.get("whenTagName") for tag in root.iter("View")} - {None} <= set(names)


@pytest.mark.parametrize("kind", KINDS)
def test_only_players_of_ours_are_shown_as_html(kind):
    assert {tag.get("value") for tag in tree(kind).iter("HyperText")} <= {"$clip", "$silent", "$sound"}
    texts = {tag.tag for tag in tree(kind).iter() if (tag.get("value") or "").startswith("$")}
    assert texts <= {"HyperText", "Header", "TextArea"}


def test_labels_are_those_of_the_space_with_a_way_out_for_one_modality_alone():
    asked = controls(CONFLICT)
    labels = space(SPACE).labels
    assert asked["emotion"] == labels
    assert all(asked[name] == (*labels, UNCLEAR) for name in modalities())


def test_scales_reach_from_end_to_end_of_their_range():
    found = {scale.name: [float(value) for value, _ in scale.steps] for scale in scales()}
    assert found["intensity"] == [0, 0.25, 0.5, 0.75, 1]
    for axis in axes():
        if axis.name in found:
            assert (found[axis.name][0], found[axis.name][-1]) == (axis.low, axis.high)
    assert controls(ORDINARY)["valence"] == ("-1", "-0.5", "0", "0.5", "1")


def test_each_stage_waits_for_the_one_before_and_the_machine_for_the_person():
    shown = {view.get("className").split()[-1]: view.get("whenTagName") for view in tree(CONFLICT).iter("View")}
    assert (shown["af-face"], shown["af-voice"], shown["af-words"], shown["af-all"]) == (None, "face", "voice", "words")
    for kind in (CONFLICT, ORDINARY):
        waiting = {view.get("className"): view for view in tree(kind).iter("View") if view.get("whenTagName") == "emotion"}
        inside = {tag.get("value") for view in waiting.values() for tag in view.iter()} - {None}
        assert {"$machine", "$cues", "$rationale"} <= inside
        assert all(form(kind).count(f'"{told}"') == 1 for told in ("$machine", "$cues", "$rationale"))


def test_a_stage_shows_one_modality_only():
    views = {view.get("className"): view for view in tree(CONFLICT).iter("View")}
    shown = {
        name: {tag.get("value") for tag in views[f"af-stage af-blind af-{name}"].iter() if (tag.get("value") or "")[:1] == "$"}
        for name in modalities()
    }
    assert shown == {"face": {"$silent"}, "voice": {"$sound"}, "words": {"$words"}}


@pytest.fixture
def anew():
    """Forget the forms that are kept, before and after."""

    def forget():
        for kept in KEPT:
            kept.cache_clear()

    forget()
    yield forget
    forget()


def test_the_hash_changes_with_what_is_asked_and_not_with_the_looks(anew, monkeypatch):
    before = form_hash(ORDINARY)
    assert len({form_hash(kind) for kind in KINDS}) == len(KINDS)
    anew()
    monkeypatch.setattr("label_studio.project.form._style", lambda: ".af { color: red; }")
    assert form_hash(ORDINARY) == before
    anew()
    monkeypatch.setattr("label_studio.project.form.CANNOT", dict.fromkeys("abcde", "no"))
    assert form_hash(ORDINARY) != before


def test_the_style_survives_an_html_sanitizer():
    assert not set(tree(PREFER).find("Style").text) & set("<>&")


def test_data_keys_are_those_that_the_page_shows():
    assert data_keys(PREFER) == ("a1", "a2", "clip", "transcript")
    assert {"silent", "sound", "words", "rationale", "machine", "cues"} < set(data_keys(CONFLICT))


def test_an_unknown_kind_is_refused():
    with pytest.raises(UsageError, match="no form 'long'"):
        form("long")


def test_a_modality_of_another_package_has_a_stage_of_its_own_behind_the_others(gait):
    root = tree(CONFLICT)
    shown = {view.get("className").split()[-1]: view for view in root.iter("View")}
    stage, whole = shown["af-gait"], shown["af-all"]
    assert (stage.get("whenTagName"), whole.get("whenTagName")) == ("words", "gait")
    heads = [tag.get("value") for tag in stage.iter("Header")]
    assert heads == ["4", "Gait", "what does the gait alone show?"]
    assert [tag.get("value") for tag in stage.iter("HyperText")] == ["$clip"]
    assert controls(CONFLICT)["gait"] == (*space(SPACE).labels, UNCLEAR)
    assert controls(ADJUDICATE)["truth"] == ("face", "voice", "words", "gait", "all", "none") == tuple(truths())
    assert form_hash(CONFLICT) != HASHES[CONFLICT]
    assert [form_hash(kind) for kind in (ORDINARY, PREFER)] == [HASHES[kind] for kind in (ORDINARY, PREFER)]
    keys = [choice.get("hotkey") for choice in root.iter("Choice")]
    assert len(set(keys)) == len(keys)
    assert NO_KEY not in keys


@pytest.mark.parametrize(("stage", "shown"), [("silent", "$silent"), ("sound", "$sound_again"), ("text", "$words")])
def test_a_modality_is_judged_by_what_it_asks_for(tmp_path, stage, shown):
    with walking(tmp_path, stage=stage, question="look at the legs"):
        views = {view.get("className").split()[-1]: view for view in tree(CONFLICT).iter("View")}
        values = [tag.get("value") for tag in views["af-gait"].iter() if tag.tag in {"HyperText", "Header"}]
        names = Counter(tag.get("name") for tag in tree(CONFLICT).iter("HyperText"))
    assert values[2:] == ["look at the legs", shown]
    assert set(names.values()) == {1}


def test_a_modality_cannot_bear_the_name_of_another_part_of_the_form(tmp_path):
    with walking(tmp_path, name="truth"), pytest.raises(UsageError, match="no modality can be named 'truth'"):
        form(CONFLICT)


@pytest.mark.parametrize("kind", [CONFLICT, ORDINARY, ADJUDICATE])
@pytest.mark.parametrize("name", sorted(one.name for one in spaces()))
def test_any_label_space_can_be_asked_about_and_no_key_serves_two(kind, name):
    asked = controls(kind, name)
    keys = Counter(choice.get("hotkey") for choice in tree(kind, name).iter("Choice"))
    assert asked["emotion"] == space(name).labels
    assert form_hash(kind, name) != form_hash(kind) or name == SPACE
    assert {count for key, count in keys.items() if key != NO_KEY} == {1}
    assert all(("<kbd>" in one.get("html")) == (one.get("hotkey") != NO_KEY) for one in tree(kind, name).iter("Choice"))
