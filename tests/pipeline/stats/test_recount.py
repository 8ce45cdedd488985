"""What a version says about its splits stands in its rows, and what is withdrawn is withdrawn with all its copies."""

import re
from collections import Counter
from dataclasses import replace

import pyarrow.parquet as pq
import pytest

from pipeline.card.card import card
from pipeline.judge.route import SPENT
from pipeline.report.page import page
from pipeline.rights.withdrawn import read_withdrawn
from pipeline.stats.collect import card_facts
from pipeline.stats.recount import recount
from pipeline.takedown.command import main as takedown
from pipeline.versions.integrity import damages
from pipeline.versions.listing import version_text
from schemas.versions.manifest import read_manifest
from schemas.versions.rows import FOLDERS
from tests.support.carded import sections, tables
from tests.support.grouped import CLIP, FILES, LATE, SHA256, version

ANNA, AGAIN, CLEO, DORA, EMIL = (SHA256[file][:16] for file in FILES)


@pytest.fixture
def made(media_files, tmp_path):
    return version(tmp_path, media_files)


def rows(place):
    """Return all rows of a version with the split of their file."""
    return [
        row | {"split": file.name.partition("-")[0]}
        for folder in FOLDERS.values()
        for file in sorted((place / folder).glob("*.parquet"))
        for row in pq.read_table(file, columns=["clip_id", "source", "requested", "routes", "labels"]).to_pylist()
    ]


def copies(found):
    return [row for row in found if row["routes"][-1]["kept"]]


def start(row):
    return row["requested"]["start"]


def test_a_copy_points_to_its_source_and_second(made):
    found = copies(rows(made))
    assert {row["source"]["source_id"] for row in found} == {AGAIN}
    assert {start(row) for row in found} == {4.0, 8.0, 12.0, 16.0, 20.0, 24.0, 28.0, 32.0, 36.0}
    for row in found:
        route = row["routes"][-1]
        assert route["decision"] == "reject"
        assert route["kept"]["source_id"] == ANNA
        assert route["kept"]["start"] == pytest.approx(max(0, start(row) - LATE), abs=0.2)
        assert re.fullmatch(rf"a copy: the same scene is kept in anna\.mp4 \({ANNA}\), from \d+\.\d s on", route["reasons"][0])


@pytest.mark.parametrize("budget", [None, "3"])
def test_what_a_build_says_is_what_its_rows_say(budget, media_files, tmp_path):
    place = version(tmp_path, media_files, budget)
    manifest = read_manifest(place)
    assert recount(manifest.grouped, manifest.sources, place, None) == manifest.grouped
    assert (SPENT in {row["routes"][-1]["reasons"][0] for row in rows(place)}) == (budget is not None)


def test_groups_and_splits_of_sources_stand_in_the_manifest_and_rows_lie_there(made):
    told = {one["source_id"]: one for one in read_manifest(made).sources}
    assert {source_id: one["group"] for source_id, one in told.items()} == {
        **dict.fromkeys((ANNA, AGAIN), min(ANNA, AGAIN)),
        **dict.fromkeys((CLEO, DORA), min(CLEO, DORA)),
        EMIL: EMIL,
    }
    assert {told[row["source"]["source_id"]]["split"] == row["split"] for row in rows(made)} == {True}
    assert told[ANNA]["split"] == told[AGAIN]["split"]
    assert told[CLEO]["split"] == told[DORA]["split"]


def test_card_report_and_list_say_it(made):
    manifest = read_manifest(made)
    found = rows(made)
    said = sections(card(card_facts(made, manifest, "v1")))["Why the splits do not leak"]
    links, splits = tables(said)
    assert {line[0]: line[1:3] for line in links} == {
        "source, between its clips": (str(sum(n - 1 for n in Counter(alive(found)).values())), "0"),
        "speaker that sources.csv names": ("0", "0"),
        "voice": ("1", "0"),
        "face": ("0", "0"),
        "scene": ("1", "0"),
    }
    assert {line[0]: int(line[3]) for line in splits if line[3] != "0"} == Counter(row["split"] for row in found if counts(row))
    assert sum(int(line[1]) for line in splits) == 5
    assert f"Copies: {len(copies(found))} clips" in said
    assert "are 3 groups, the largest of 2 sources" in said
    html = page(made, manifest, "v1")
    assert "<b>3</b> groups that links hold together" in html
    assert f"<b>{len(copies(found))}</b> copies of scenes kept elsewhere" in html
    assert "          1  scene" in "\n".join(version_text(made, manifest))


def counts(row):
    route = row["routes"][-1]
    return not route["kept"] and (route["decision"] != "reject" or SPENT in route["reasons"])


def alive(found):
    return [row["source"]["source_id"] for row in found if counts(row)]


def test_who_withdraws_a_source_withdraws_its_copies(made):
    out = made.parent
    scenes = {row["clip_id"] for row in copies(rows(made))}
    assert takedown(["--shards", str(out), "--source", "anna.mp4"]) == 0
    left = rows(out / "v2")
    assert scenes.isdisjoint(row["clip_id"] for row in left)
    assert {start(row) for row in left if row["source"]["source_id"] == AGAIN} == {0.0}
    assert {one.clip_id for one in read_withdrawn(out).clips} == scenes
    assert b"anna" not in b"".join(file.read_bytes() for file in sorted((out / "v2").rglob("*")) if file.is_file())
    assert list(damages(out / "v2", deep=True)) == []


def test_who_withdraws_a_copy_withdraws_what_it_is_a_copy_of(made):
    out = made.parent
    assert takedown(["--shards", str(out), "--source", "again.mp4"]) == 0
    # again.mp4 ends with second 34 of it.
    assert {start(row) for row in rows(out / "v2") if row["source"]["source_id"] == ANNA} == {36.0}


def test_who_withdraws_a_clip_withdraws_that_moment_alone(made):
    out = made.parent
    kept = next(row for row in rows(made) if row["source"]["source_id"] == ANNA and start(row) == 3.0 * CLIP)
    assert takedown(["--shards", str(out), "--clip", kept["clip_id"]]) == 0
    left = {row["clip_id"] for row in rows(out / "v2")}
    gone = {(row["source"]["file"], start(row)) for row in rows(made) if row["clip_id"] not in left}
    assert gone == {("anna.mp4", 12.0), ("again.mp4", 16.0), ("again.mp4", 20.0)}


def test_a_part_of_a_version_counts_itself_anew(made):
    out = made.parent
    before = read_manifest(made).grouped
    assert takedown(["--shards", str(out), "--source", "dora.mp4"]) == 0
    manifest = read_manifest(out / "v2")
    after = manifest.grouped
    assert after == recount(before, manifest.sources, out / "v2", "v1")
    assert (after.components, after.largest_sources, after.links_of) == (3, 2, "v1")
    assert sum(one.clips for one in after.splits) == sum(map(counts, rows(out / "v2")))
    assert [replace(one, links=0) for one in after.links] == [replace(one, links=0) for one in before.links]
    assert "counted in" in page(out / "v2", manifest, "v2")
