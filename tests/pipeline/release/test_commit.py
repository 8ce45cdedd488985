"""A version appears whole, under a name that comes after all others, and what went in is what came out."""

import os
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.ingest.sources import SCAN, Found, Terms
from pipeline.plan import read_plan
from pipeline.release.commit import DEAD, commit, earlier, fingerprint, following, next_name
from pipeline.release.ledger import Grouped, Ledger
from schemas.errors import UsageError
from schemas.record import DeadLetter, Subtitles
from schemas.versions.manifest import MANIFEST, intact, order, read_manifest
from schemas.vocabulary.sidecars import SidecarMarks
from tests.support.versioned import bare, routed, version

PLAN = read_plan("embedded")


def found(file="a.mp4", sha="a", **more):
    return Found(path="", file=file, sha256=sha * 64, terms=Terms(file=file, **more))


def letter(step="probe", file="d.mp4", clip=None):
    return DeadLetter(source_id="d" * 16, file=file, clip_id=clip, step=step, reason="no sound")


def key(sources=None, copies=(), media="embed", people="", plan=PLAN):
    return fingerprint(plan, (found(),) if sources is None else sources, copies, media, people)


def test_whatever_changes_a_version_changes_its_fingerprint_and_nothing_else_does():
    changed = (
        key((found(sha="b"),)),
        key((found("b.mp4"),)),
        key((found(licence="CC0"),)),
        key((found(), found("b.mp4", "b"))),
        key((replace(found(), subtitles=(Subtitles(path="a.srt", sha256="1" * 64, marks=SidecarMarks()),)),)),
        key(copies=(letter(SCAN),)),
        key(media="files"),
        key(people="somebody answered"),
        key(plan=replace(PLAN, route=replace(PLAN.route, audit=0.5))),
    )
    assert len({key(), *changed}) == 10
    assert key((replace(found(), path="/elsewhere/a.mp4"),)) == key()


def test_the_next_version_has_a_free_name_after_all_others(tmp_path):
    assert next_name(tmp_path) == "v1"
    version(tmp_path, "v9", [bare(0)])
    assert next_name(tmp_path) == "v10"
    (tmp_path / "v10").mkdir()
    assert next_name(tmp_path) == "v11"


@pytest.mark.parametrize(
    ("name", "then"),
    [("v1", "v2"), ("v9", "v10"), ("pilot", "pilot-2"), ("1.0", "1.1"), ("2025-09", "2025-10"), ("a1b", "a1b-2"), ("v09", "v10")],
)
def test_names_go_on_as_they_began(name, then):
    assert following(name) == then


@given(st.text(min_size=1))
def test_a_following_name_is_later(name):
    assert order(following(name)) > order(name)


def test_sources_and_clips_that_went_in_are_those_that_came_out(tmp_path):
    clips = [routed(bare(0), "accept"), routed(bare(3), "review"), routed(bare(6), "reject"), routed(bare(1), "accept")]
    dead = (letter(), letter("cut", "a.mp4", "1" * 16))
    copies = (letter(SCAN, "copy of a.mp4"),)
    place = version(
        tmp_path,
        "v1",
        clips,
        dead=dead,
        sources=[Found(path="", file="d.mp4", sha256="d" * 64, terms=Terms(file="d.mp4"))],
        copies=copies,
    )
    manifest = read_manifest(place)
    counts = manifest.ledger
    assert (counts.accepted, counts.review, counts.rejected, counts.dead_clips, counts.clips) == (2, 1, 1, 1, 5)
    assert (counts.sources, counts.copies, counts.dead_sources, counts.sources_with_clips) == (4, 1, 1, 2)
    assert sum(manifest.reasons.values()) == 3
    assert manifest.splits == {"train": 2}
    assert intact((place / MANIFEST).read_bytes())
    assert (place / DEAD).is_file()


def test_a_place_that_was_taken_meanwhile_is_left_as_it_is(tmp_path):
    place = version(tmp_path, "v1", [bare(0)])
    before = {file: file.read_bytes() for file in place.rglob("*") if file.is_file()}
    with pytest.raises(UsageError, match=f"{place} was written by somebody else meanwhile"):
        version(tmp_path, "v1", [bare(1)])
    assert {file: file.read_bytes() for file in place.rglob("*") if file.is_file()} == before


def test_a_place_that_cannot_be_written_to_leaves_no_version(tmp_path):
    if os.geteuid() == 0:
        place = tmp_path / "file"
        place.write_text("not a folder")
    else:
        place = tmp_path / "closed"
        place.mkdir(mode=0o500)
    staging = tmp_path / "staging"
    with pytest.raises(OSError, match=str(place)):
        commit(staging, place / "v1", plan=PLAN, inputs="0", found=(), copies=(), ledger=Ledger(shards=(), dead=()))
    assert not list(tmp_path.glob(f"{place.name}/*/{MANIFEST}"))


def test_splits_of_the_newest_version_are_kept_by_the_next(tmp_path):
    assert earlier(tmp_path) == {}
    for name, split in (("v1", "test"), ("v2", "train")):
        grouped = Grouped(splits={"a" * 16: split}, groups={"a" * 16: "a" * 16}, facts=None)
        sources = [found(), found("b.mp4", "b")]
        ledger = Ledger(shards=(), dead=(), grouped=grouped)
        commit(tmp_path / ".s", tmp_path / name, plan=PLAN, inputs=name, found=sources, copies=(), ledger=ledger)
    assert earlier(tmp_path) == {"a" * 16: "train"}
