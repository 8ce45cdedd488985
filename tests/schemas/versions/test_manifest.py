"""A version is whole where its manifest is, newest by its name, and untouched where its seal fits."""

from dataclasses import replace
from pathlib import Path

import pytest

from schemas.errors import UsageError
from schemas.versions.manifest import (
    MANIFEST,
    Counts,
    Manifest,
    WrittenFile,
    intact,
    lacking,
    latest_version,
    order,
    read_manifest,
    sealed,
    versions,
)
from schemas.versions.review_facts import ConflictFacts, ReviewFacts, conflicts_sent

COUNTS = Counts(
    sources=5, copies=1, dead_sources=1, sources_with_clips=3, clips=7, accepted=3, review=2, rejected=1, dead_clips=1
)
MADE = Manifest(
    schema=1,
    affectory="0",
    inputs="i",
    plan={"name": 'with "seal": ""'},
    plan_hash="p",
    ledger=COUNTS,
    reasons={"probe: damaged": 1, "cut: too short": 1, "scan: the same bytes": 1},
    splits={"train": 3},
    seconds=61.4,
    files=(),
    rows_sha256="0" * 64,
    sources=(),
    sums_sha256="",
)


def written(out, name, manifest=MADE):
    (out / name).mkdir(parents=True)
    (out / name / MANIFEST).write_bytes(sealed(manifest))
    return out / name


def test_a_manifest_is_read_as_it_was_written_but_for_its_seal(tmp_path):
    found = read_manifest(written(tmp_path, "v1"))
    assert replace(found, seal="") == MADE
    assert len(found.seal) == 64


def test_the_seal_tells_every_change_of_a_byte():
    data = sealed(MADE)
    assert intact(data)
    for place in range(0, len(data), 7):
        changed = bytes([data[place] ^ 1])
        assert not intact(data[:place] + changed + data[place + 1 :]), place
    assert not intact(data + b" ")
    assert not intact(b"")


def test_versions_stand_in_the_order_of_their_numbers_and_half_ones_are_none(tmp_path):
    for name in ("v10", "v2", "pilot", "v1"):
        written(tmp_path, name)
    (tmp_path / "v11").mkdir()
    assert versions(tmp_path) == ["pilot", "v1", "v2", "v10"]
    assert latest_version(tmp_path) == "v10"
    assert latest_version(tmp_path / "nowhere") is None


@pytest.mark.parametrize(
    ("earlier", "later"), [("v2", "v10"), ("v", "v1"), ("pilot", "pilot-2"), ("2025-9", "2025-10"), ("a", "b"), ("v02", "v3")]
)
def test_names_are_ordered_as_a_person_would(earlier, later):
    assert order(earlier) < order(later)


def test_no_manifest_is_none_and_a_damaged_one_is_named_with_the_field(tmp_path):
    assert read_manifest(tmp_path) is None
    place = written(tmp_path, "v1")
    data = (place / MANIFEST).read_bytes()
    (place / MANIFEST).write_bytes(data.replace(b'"copies": 1', b'"copies": "one"'))
    with pytest.raises(UsageError, match=r"v1/manifest.json cannot be read: ledger.copies: "):
        read_manifest(place)
    (place / MANIFEST).write_bytes(data[:100])
    with pytest.raises(UsageError, match=r"v1/manifest.json cannot be read: Invalid JSON"):
        read_manifest(place)


def test_the_closing_lines_add_up_and_name_every_reason():
    assert MADE.summary(Path("shards/v1")).splitlines() == [
        "shards/v1: 6 clips, 61 s, from 3 of 5 sources",
        "3 accepted, 2 for people to review, 1 rejected",
        "3 dead letters, with the reason of each in shards/v1/dead:",
        "     1  probe: damaged",
        "     1  cut: too short",
        "     1  scan: the same bytes",
    ]


def test_where_nothing_died_nothing_is_said_of_it():
    alive = replace(MADE, ledger=replace(COUNTS, copies=0, dead_sources=0, dead_clips=0), reasons={})
    assert "dead" not in alive.summary(Path("v1"))


def test_the_closing_lines_tell_how_many_conflicts_are_expected_to_be_real_and_how_many_were():
    people = ReviewFacts(answers=9, clips=4, decided=4, disputed=0, open=0, cannot=0, seconds=9.0, fields=(), reviewers=())
    told = replace(
        MADE,
        conflicts=ConflictFacts(clips=2, expected=0.614),
        reviews=replace(people, conflicts=ConflictFacts(clips=4, expected=0.7, real=3)),
    ).summary(Path("v2"))
    assert "2 of those for people because modalities conflict; expected to be real: 61%\n" in told
    assert "of 4 such conflicts that people judged, 3 were real (30% to 95%); expected were 70%\n" in told
    assert "conflict" not in MADE.summary(Path("v2"))


def test_of_conflicts_that_nobody_judged_no_share_is_told():
    assert ConflictFacts(clips=2, expected=0.6).interval is None
    assert conflicts_sent(0, 0.0) is None
    assert conflicts_sent(4, 2.6) == ConflictFacts(clips=4, expected=0.65)


def test_what_a_version_lacks_is_known_by_name_and_size(tmp_path):
    files = tuple(WrittenFile(file=f"data/{name}", rows=1, bytes=3, sha256="0" * 64) for name in "abcd")
    (tmp_path / "data" / "d").mkdir(parents=True)
    (tmp_path / "data" / "a").write_bytes(b"123")
    (tmp_path / "data" / "b").write_bytes(b"12")
    assert lacking(tmp_path, replace(MADE, files=files)) == ["data/b", "data/c", "data/d"]


def test_what_is_on_its_way_is_no_version(tmp_path):
    for name in ("v1", ".coming-v2-0", "pilot"):
        (tmp_path / name).mkdir()
        (tmp_path / name / MANIFEST).write_bytes(sealed(MADE))
    assert versions(tmp_path) == ["pilot", "v1"]
