"""What differs between two versions is told clip by clip, with its cause (`pipeline.versions.difference_text`)."""

import json
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.judge.route import SPENT, RouteSettings
from pipeline.versions.causes import Authors
from pipeline.versions.change import KINDS
from pipeline.versions.command import main
from pipeline.versions.listing import _size
from schemas.claims import Text
from schemas.provenance import ModelRef, Provenance
from schemas.record import DeadLetter
from schemas.values import Span
from tests.support.versioned import PLAN, bare, routed, says, source, version

CLIPS = [replace(bare(k), cues=(), texts=()) for k in range(24)]


def differences(out, capsys, old="v1", new="v2"):
    """Return what `diff --json` says, after the text has been seen to say the same numbers."""
    assert main(["diff", old, new, "--shards", str(out)]) == 0
    text = capsys.readouterr().out
    assert main(["diff", old, new, "--shards", str(out), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["counts"] == {kind: sum(change["kind"] == kind for change in told["changes"]) for kind in KINDS}
    for kind, count in told["counts"].items():
        assert (f"\n{count} {kind}\n" in text) == (count > 0)
    return told, text


def only(told):
    (change,) = told["changes"]
    return change


def edited(number, **more):
    """Return the clips with one of them replaced."""
    return [replace(one, **more) if k == number else one for k, one in enumerate(CLIPS)]


def test_the_same_clips_in_the_same_files_differ_in_nothing(tmp_path, capsys):
    version(tmp_path, "v1", CLIPS)
    version(tmp_path, "v2", CLIPS[::-1])
    told, text = differences(tmp_path, capsys)
    assert told["changes"] == []
    assert "no clip differs" in text
    assert told["from"]["rows_sha256"] == told["to"]["rows_sha256"]


def test_clips_of_a_new_source_are_added_and_those_of_a_lost_one_removed(tmp_path, capsys):
    version(tmp_path, "v1", [one for one in CLIPS if one.source.file != "b.mp4"])
    version(tmp_path, "v2", [one for one in CLIPS if one.source.file != "a.mp4"])
    told, text = differences(tmp_path, capsys)
    expected = {one.clip_id: ("added", "its source is new: b.mp4") for one in CLIPS if one.source.file == "b.mp4"}
    expected |= {one.clip_id: ("removed", "its source is gone: a.mp4") for one in CLIPS if one.source.file == "a.mp4"}
    assert {change["clip_id"]: (change["kind"], *change["why"]) for change in told["changes"]} == expected
    assert told["sources"] == {"added": ["b" * 16], "removed": ["a" * 16]}
    assert "sources: 2 to 2, 1 added, 1 removed" in text


def test_a_clip_or_source_that_is_a_dead_letter_now_says_its_reason(tmp_path, capsys):
    version(tmp_path, "v1", CLIPS)
    gone = CLIPS[0]
    withdrawn = DeadLetter(
        source_id=gone.source.source_id, file="a.mp4", clip_id=gone.clip_id, step="takedown", reason="withdrawn by the person"
    )
    lost = DeadLetter(source_id="b" * 16, file="b.mp4", clip_id=None, step="probe", reason="it breaks off")
    copy = DeadLetter(source_id="a" * 16, file="copy.mp4", clip_id=None, step="scan", reason="the same bytes as a.mp4")
    kept = [one for one in CLIPS[1:] if one.source.file != "b.mp4"]
    version(tmp_path, "v2", kept, dead=(withdrawn, lost), sources=[source(CLIPS[1])], copies=(copy,))
    told, _ = differences(tmp_path, capsys)
    why = {change["clip_id"]: change["why"] for change in told["changes"] if change["kind"] == "removed"}
    assert why[gone.clip_id] == ["dead letter: takedown: withdrawn by the person"]
    assert Counter(map(tuple, why.values())) == {
        ("dead letter: takedown: withdrawn by the person",): 1,
        ("dead letter of its source: probe: it breaks off",): 8,
    }
    back, _ = differences(tmp_path, capsys, "v2", "v1")
    assert ["before, dead letter: takedown: withdrawn by the person"] in [one["why"] for one in back["changes"]]


def test_clips_that_are_cut_anew_name_the_setting(tmp_path, capsys):
    version(tmp_path, "v1", CLIPS)
    plan = replace(PLAN, segment=replace(PLAN.segment, max_seconds=9.0))
    moved = replace(CLIPS[3], clip_id="f" * 16, requested=Span(start=1.0, end=2.0))
    version(tmp_path, "v2", [moved if one is CLIPS[3] else one for one in CLIPS], plan=plan)
    told, text = differences(tmp_path, capsys)
    how = f"segment.max_seconds {PLAN.segment.max_seconds} to 9.0"
    assert {(change["kind"], change["clip_id"], *change["why"]) for change in told["changes"]} == {
        ("removed", CLIPS[3].clip_id, f"clips are cut anew: {how}"),
        ("added", "f" * 16, f"clips are cut anew: {how}"),
    }
    assert f"plan: {how}" in text


def test_a_label_changed_by_another_annotator_names_what_of_it_changed(tmp_path, capsys):
    old, new = (
        Provenance(
            name="labels.face_made", version="1", config=f'{{"rate":{rate}}}', models=(ModelRef(name="net", sha256=sha * 64),)
        )
        for rate, sha in ((5, "a"), (10, "b"))
    )
    authors = Authors(before={old.key: old}, after={new.key: new})
    assert authors.told(old.key, new.key) == f"labels.face_made changed: rate 5 to 10; model net {'a' * 12} to {'b' * 12}"
    version(tmp_path, "v1", edited(5, labels=(says(old.key, "anger"),)))
    version(tmp_path, "v2", edited(5, labels=(says(new.key, "fear"),)))
    change = only(differences(tmp_path, capsys)[0])
    assert (change["kind"], change["what"], change["before"], change["after"]) == ("labelled anew", "face", "anger", "fear")
    assert change["why"] == [f"labels.face_made changed: {old.key} to {new.key}"]


def test_an_author_in_the_files_is_resolved(tmp_path, capsys):
    plan = replace(PLAN, route=RouteSettings(conflict=0.25))
    one = routed(CLIPS[4], "accept")
    version(tmp_path, "v1", [replace(one, routes=(replace(one.routes[-1], by=PLAN.judge.author.key),))])
    two = routed(CLIPS[4], "review", "face and voice disagree: 0.29 (0.25)")
    version(tmp_path, "v2", [replace(two, routes=(replace(two.routes[-1], by=plan.judge.author.key),))], plan=plan)
    told, text = differences(tmp_path, capsys)
    change = only(told)
    assert (change["kind"], change["before"], change["after"]) == ("re-routed", "accept", "review")
    assert change["why"] == ["route changed: conflict 0.5 to 0.25"]
    assert change["reasons"] == ["face and voice disagree: 0.29 (0.25)"]
    assert "accept to review, because route changed: conflict 0.5 to 0.25; face and voice disagree: … (…)" in text


def test_people_who_decided_are_named_and_their_label_counts_before_the_machines(tmp_path, capsys):
    one = replace(CLIPS[6], labels=(says("assess@1#0", "happiness", "all"), says("labels.face_made@1#0", "anger")))
    version(tmp_path, "v1", edited(6, labels=one.labels))
    people = (
        says("person.p1@1#a", "sadness", "all"),
        says("person.p2@1#a", "fear", "all"),
        says("decision.reviews@1#b", "sadness", "all"),
    )
    version(tmp_path, "v2", edited(6, labels=(*people, *one.labels)))
    told, text = differences(tmp_path, capsys)
    change = only(told)
    assert (change["kind"], change["what"], change["before"], change["after"]) == ("labelled anew", "all", "happiness", "sadness")
    assert change["why"] == ["decision.reviews decided", "person.p1 answered", "person.p2 answered"]
    assert "all: happiness to sadness, because decision.reviews decided" in text
    back, _ = differences(tmp_path, capsys, "v2", "v1")
    assert only(back)["why"][0] == "what decision.reviews said is not counted any more"


def test_a_change_spreads_from_its_cause_and_a_changed_author_that_says_the_same_is_none(tmp_path, capsys):
    fused = says("assess@1#0", "anger", "all")
    before = (says("labels.face_made@1#0", "anger"), says("labels.voice_made@1#0", "fear", "voice"), fused)
    after = (
        says("labels.face_made@2#0", "fear"),
        says("labels.voice_made@2#0", "fear", "voice"),
        replace(fused, scores=before[1].scores),
    )
    version(tmp_path, "v1", edited(7, labels=before))
    version(tmp_path, "v2", edited(7, labels=after))
    told, _ = differences(tmp_path, capsys)
    why = ["labels.face_made changed: labels.face_made@1#0 to labels.face_made@2#0"]
    assert [(change["what"], change["why"]) for change in told["changes"]] == [("all", why), ("face", why)]


def test_scores_texts_terms_and_splits_are_told_apart(tmp_path, capsys):
    label = says("labels.face_made@1#0", "anger")
    version(tmp_path, "v1", edited(8, labels=(label,)))
    text = Text(by="rationale.llm@1#0", text_id="t", kind="rationale", text="she smiles")
    changed = replace(
        CLIPS[8],
        labels=(says("labels.face_made@2#0", "anger", score=0.8),),
        texts=(*CLIPS[8].texts, text),
        authors=(*CLIPS[8].authors, "rationale.llm@1#0"),
        source=replace(CLIPS[8].source, licence="CC BY 4.0", split="test"),
    )
    version(tmp_path, "v2", [changed if one is CLIPS[8] else one for one in CLIPS])
    told, _ = differences(tmp_path, capsys)
    found = {change["kind"]: (change["what"], change["before"], change["after"]) for change in told["changes"]}
    assert found == {
        "in another split": (None, "train", "test"),
        "under other terms": ("licence, split", None, None),
        "scored anew": ("face", None, None),
        "said anew": ("texts", None, None),
    }
    assert next(one for one in told["changes"] if one["kind"] == "said anew")["why"] == ["rationale.llm is new"]


def test_a_spent_budget_is_the_reason_of_a_clip_that_it_does_not_reach(tmp_path, capsys):
    version(tmp_path, "v1", [routed(CLIPS[2], "review")])
    version(tmp_path, "v2", [routed(CLIPS[2], "reject", SPENT)])
    change = only(differences(tmp_path, capsys)[0])
    assert change["reasons"] == [SPENT]
    assert change["why"] == ["no author of this clip changed"]


@settings(max_examples=15)
@given(st.data())
def test_any_planted_changes_are_found_and_no_others(tmp_path_factory, data):
    out = tmp_path_factory.mktemp("any")
    fates = data.draw(st.lists(st.sampled_from(["same", "gone", "new", "routed", "told"]), min_size=24, max_size=24))
    old = [one for one, fate in zip(CLIPS, fates, strict=True) if fate != "new"]
    new = [one for one, fate in zip(CLIPS, fates, strict=True) if fate not in {"gone", "routed", "told"}]
    routes = {one.clip_id: data.draw(st.sampled_from(["accept", "review", "reject"])) for one in CLIPS}
    new += [routed(one, routes[one.clip_id]) for one, fate in zip(CLIPS, fates, strict=True) if fate == "routed"]
    new += [replace(one, transcript="else") for one, fate in zip(CLIPS, fates, strict=True) if fate == "told"]
    version(out, "v1", old)
    version(out, "v2", new)
    expected = {("added", one.clip_id) for one, fate in zip(CLIPS, fates, strict=True) if fate == "new"}
    expected |= {("removed", one.clip_id) for one, fate in zip(CLIPS, fates, strict=True) if fate == "gone"}
    moved = [one for one, fate in zip(CLIPS, fates, strict=True) if fate == "routed"]
    expected |= {("re-routed", one.clip_id) for one in moved if one.routes[-1].decision != routes[one.clip_id]}
    expected |= {("said anew", one.clip_id) for one, fate in zip(CLIPS, fates, strict=True) if fate == "told"}
    from pipeline.versions.differences import differences as found
    from pipeline.versions.membership import Version
    from schemas.versions.rows import opened

    told = found(*(Version(*opened(out, name)) for name in ("v1", "v2")))
    assert sorted((change.kind, change.clip_id) for change in told) == sorted(expected)


def test_list_and_show_say_what_the_manifest_says(felt_version, tmp_path, capsys):
    version(tmp_path, "v1", CLIPS[:3])
    version(tmp_path, "v2", CLIPS)
    version(tmp_path, "v10", CLIPS[:5])
    assert main(["list", "--shards", str(tmp_path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["version", "v1", "v2", "v10"]
    counted = Counter(one.routes[-1].decision for one in CLIPS)
    assert lines[2].split()[1:5] == [str(counted[decision]) for decision in ("accept", "review", "reject")] + ["0"]
    assert f"embedded {PLAN.hash}" in lines[2]
    assert main(["show", "--shards", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert f"{tmp_path / 'v10'}  20 s of clips" in said
    for author in PLAN.authors:
        assert f"  {author.key}\n" in said
        assert all(f"    model {ref.name} {ref.sha256}\n" in said for ref in author.models)
    assert main(["show", "--shards", str(felt_version.parent)]) == 0
    assert "cut: it ends at … s" in capsys.readouterr().out


def test_what_a_terminal_should_not_be_told_is_escaped(evil_version, capsys):
    assert main(["show", "--shards", str(evil_version.parent)]) == 0
    assert main(["list", "--shards", str(evil_version.parent)]) == 0
    assert all(line.isprintable() for line in capsys.readouterr().out.splitlines())


@pytest.mark.parametrize(("count", "said"), [(0, "0 B"), (999, "999 B"), (1000, "1.0 KB"), (61e5, "6.1 MB"), (2e15, "2000.0 TB")])
def test_sizes_are_said_in_units_of_a_thousand(count, said):
    assert _size(count) == said
