"""The report: its numbers are those of the rows, and nothing in the data can do anything on the page."""

import base64
import hashlib
import re
from collections import Counter
from dataclasses import replace

import pyarrow.parquet as pq
import pytest

from pipeline.plan import read_plan
from pipeline.report.page import REPORT, main, page
from schemas.errors import UsageError
from schemas.versions.manifest import read_manifest
from schemas.versions.rows import FOLDERS
from tests.support.feeling import felt
from tests.support.reported import CLIPS_MADE, EVIL, IMAGE, SCRIPT, clip, tree, visible, written
from tests.support.walking import gait, walking


@pytest.fixture(scope="module")
def shown(felt_version):
    return tree((felt_version / REPORT).read_text())


def rows(version):
    return [row for folder in FOLDERS.values() for file in version.glob(f"{folder}/*") for row in pq.read_table(file).to_pylist()]


def section(shown, name):
    return next(one for one in shown.all("section") if one.attrs["id"] == name)


def fused(row):
    (label,) = [label for label in row["labels"] if label["modality"] == "all"]
    return max(zip(label["scores"], label["names"], strict=True))[1]


def test_the_funnel_says_what_the_manifest_says(felt_version, shown):
    ledger = read_manifest(felt_version).ledger
    said = {stage.one("h3").text: int(stage.one(".big").text) for stage in section(shown, "funnel").all(".stage")}
    assert said == {
        "sources": ledger.sources,
        "clips": ledger.clips,
        "accepted": ledger.accepted,
        "for review": ledger.review,
        "rejected": ledger.rejected,
        "dead letters": ledger.dead_clips + ledger.dead_sources + ledger.copies,
    }
    assert ledger.clips == CLIPS_MADE + 2


def test_reasons_are_counted_without_their_numbers(felt_version, shown):
    stages = {stage.one("h3").text: stage for stage in section(shown, "funnel").all(".stage")}
    assert [item.text for item in stages["dead letters"].all("li")] == ["2cut: it ends at … s"]
    reviewed = [row["routes"][0]["reasons"] for row in rows(felt_version) if row["routes"][0]["decision"] == "review"]
    expected = Counter(reason for reasons in reviewed for reason in {re.sub(r"\d+(\.\d+)?", "…", one) for one in reasons})
    for item in list(stages["for review"].all("li"))[:3]:
        assert expected[item.one("bdi").text] == int(item.one("b").text)


def test_labels_are_counted_for_each_modality_over_all_rows(felt_version, shown):
    panels = {panel.one("h3").text.split()[0]: panel for panel in section(shown, "labels").all(".panel")}
    assert set(panels) == {"all", "face", "voice", "words"}
    for name, panel in panels.items():
        found = [label for row in rows(felt_version) for label in row["labels"] if label["modality"] == name]
        likeliest = Counter(max(zip(label["scores"], label["names"], strict=True))[1] for label in found)
        mean = {n: sum(dict(zip(f["names"], f["scores"], strict=True))[n] for f in found) / len(found) for n in found[0]["names"]}
        lines = {row.one("th").text: [cell.text for cell in row.all("td.n")] for row in panel.one("tbody").all("tr")}
        for label, (clips, share) in lines.items():
            assert int(clips) == likeliest[label]
            assert float(share) == pytest.approx(mean[label], abs=0.006)


def test_conflicts_are_counted_by_category_pair_and_label(felt_version, shown):
    assessed = [row["assessments"][0] for row in rows(felt_version) if row["assessments"]]
    panels = list(section(shown, "conflicts").all(".panel"))
    lines = {row.one("th").text.replace(" ", "_"): int(row.one(".n").text) for row in panels[0].one("tbody").all("tr")}
    assert +Counter(lines) == Counter(one["category"] for one in assessed)
    for panel in panels[1:]:
        first, second = panel.one("h3").text.split()[0:3:2]
        apart = [c for one in assessed for c in one["conflicts"] if (c["first"], c["second"]) == (first, second)]
        heights = [int(bar.one("title").text.split(": ")[1]) for bar in panel.one(".histogram").all("rect")]
        assert sum(heights) == sum(c["probability"] is not None for c in apart)
        assert sum(heights[5:]) == sum(c["probability"] is not None and c["probability"] >= 0.5 for c in apart)
        cells = [int(cell.text or 0) for line in panel.one(".heat").one("tbody").all("tr") for cell in line.all("td")]
        assert sum(cells) == sum({first, second} <= {label["modality"] for label in row["labels"]} for row in rows(felt_version))


def test_each_clip_has_a_card_with_what_its_row_says(felt_version, shown):
    found = {card.one("h3").one("code").text: card for card in shown.all("article")}
    assert set(found) == {row["clip_id"] for row in rows(felt_version)}
    for row in rows(felt_version):
        card = found[row["clip_id"]]
        assert card.one("blockquote").text == row["transcript"]
        assert card.one(".badge").text == row["routes"][0]["decision"]
        assert [reason.text for reason in card.one(".why").all("li")] == row["routes"][0]["reasons"]
        assert card.attrs["data-felt"] == (fused(row) if row["assessments"] else "")
        kind = "video" if row["video"] else "audio"
        assert base64.b64decode(card.one(kind).attrs["src"].partition(",")[2]) == row[kind]["bytes"]
        assert {mark.attrs["data-cue"] for mark in card.all(".mark")} == {cue["cue_id"] for cue in row["cues"]}
        assert "P7" in card.one("dl").text or row["video"] is None
        spoken = [text["text"] for text in row["texts"] if text["kind"] == "rationale"]
        assert [" ".join(one.text for one in told.all(".sentence")) for told in card.all(".rationale")] == spoken


def test_every_citation_leads_to_its_cue_in_the_same_card(felt_version, shown):
    cited = 0
    for card in shown.all("article"):
        marks = {mark.attrs["id"]: mark.attrs["data-cue"] for mark in card.all(".mark")}
        for cite in card.all(".cite"):
            assert marks[cite.attrs["href"].removeprefix("#")] == cite.text
            cited += 1
        assert not list(card.all(".lost"))
    assert cited == sum(len(text["cites"]) for row in rows(felt_version) for text in row["texts"] if text["kind"] == "sentence")
    names = [node.attrs["id"] for node in shown.all("") if "id" in node.attrs]
    assert len(names) == len(set(names))


def test_cards_come_in_order_of_priority(shown):
    priorities = [float(card.attrs["data-priority"]) for card in shown.all("article")]
    assert priorities == sorted(priorities, reverse=True)


def test_the_same_version_gives_the_same_bytes_and_the_command_the_page_of_the_build(felt_version, tmp_path, capsys):
    built = (felt_version / REPORT).read_bytes()
    assert page(felt_version, read_manifest(felt_version), "v1").encode() == built
    assert main(["--shards", str(felt_version.parent), "--out", str(tmp_path / "again.html")]) == 0
    assert (tmp_path / "again.html").read_bytes() == built
    assert main(["--shards", str(felt_version.parent), "--version", "v1"]) == 0
    assert capsys.readouterr().out.encode() == built
    assert main(["--shards", str(tmp_path)]) == 2
    assert "holds no version" in capsys.readouterr().err


def test_media_beside_the_shards_give_the_same_page_and_none_from_elsewhere_is_read(felt_version, media_files, tmp_path):
    judge = replace(read_plan("embedded").judge, judged=True)
    beside = written([felt(clip(k), judge) for k in range(CLIPS_MADE)], media_files, tmp_path / "beside", media="reference")
    players = [[one.attrs["src"] for one in tree((v / REPORT).read_text()).all("video")] for v in (felt_version, beside)]
    assert players[0] == players[1] != []
    secret = tmp_path / "secret"
    secret.write_text("secret")
    for file in beside.glob("media/*.mp4"):
        file.unlink()
        file.symlink_to(secret)
    with pytest.raises(UsageError, match="lies outside the version"):
        page(beside, read_manifest(beside), "v1")


def test_a_version_without_labels_has_a_good_page(media_files, tmp_path):
    judge = read_plan("embedded").judge
    shown = tree((written([judge(clip(k)) for k in range(4)], media_files, tmp_path) / REPORT).read_text())
    assert "No clip has a label" in section(shown, "labels").text
    assert len(list(shown.all("article"))) == len(list(shown.all("audio"))) + len(list(shown.all("video"))) == 4
    assert not list(shown.all(".timeline"))


def test_a_modality_of_no_package_here_has_its_own_name_and_a_registered_one_its_colour_and_place(tmp_path):
    place = written([gait(k) for k in range(4)], tmp_path, tmp_path)
    text = (place / REPORT).read_text()
    shown = tree(text)
    assert [panel.one("h3").text.split()[0] for panel in section(shown, "labels").all(".panel")] == ["all", "face", "gait"]
    assert [panel.one("h3").text[:13] for panel in section(shown, "conflicts").all(".pair")] == ["face and gait"]
    lanes = [next(iter(card.all(".lane"))) for card in shown.all("article")]
    assert {(lane.one(".name").text, lane.attrs["class"]) for lane in lanes} == {("gait", "lane hue m-other")}
    with walking(tmp_path, place=0):
        text = page(place, read_manifest(place), "v1")
    shown = tree(text)
    assert [panel.one("h3").text.split()[0] for panel in section(shown, "labels").all(".panel")] == ["all", "gait", "face"]
    assert {lane.attrs["class"] for lane in shown.all(".lane") if lane.one(".name").text == "gait"} == {"lane hue m-1"}
    assert ".m-1 { --mine: #7b4397; }" in text


def test_a_version_without_clips_has_a_page(media_files, tmp_path):
    shown = tree((written([], media_files, tmp_path) / REPORT).read_text())
    assert not list(shown.all("article"))
    assert "2cut: it ends at … s" in section(shown, "funnel").text


def test_hostile_data_are_text_and_nothing_but_text(evil_version):
    text = (evil_version / REPORT).read_text()
    assert not re.search(r"[\x00-\x08\x0b-\x1f]", text)
    shown = tree(text)
    (card, *_) = shown.all("article")
    assert card.one("blockquote").text == visible(EVIL)
    assert card.one("bdi").text == visible(f"{EVIL}.mp4")
    assert visible(EVIL) in card.one(".why").text
    assert visible(EVIL) in card.one(".rationale").text
    assert any(mark.attrs["aria-label"].startswith(visible(EVIL)) for mark in card.all(".mark"))
    assert [cite.text for cite in card.all(".cite")] == [f"face.{IMAGE}.1"]
    assert [lost.text for lost in card.all(".lost")] == ["gone.1"]
    assert shown.one("header").one("bdi").text == "v1"
    assert SCRIPT in shown.one("header").text


def test_the_page_may_run_its_own_script_and_load_nothing(evil_version):
    shown = tree((evil_version / REPORT).read_text())
    (policy,) = [m.attrs["content"] for m in shown.all("meta") if m.attrs.get("http-equiv") == "Content-Security-Policy"]
    for name in ("script", "style"):
        (own,) = shown.all(name)
        digest = base64.b64encode(hashlib.sha256(own.text.encode()).digest()).decode()
        assert f"{name}-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'; img-src data:; media-src data:;")
    assert "unsafe" not in policy
    for node in shown.all(""):
        assert node.tag not in {"iframe", "object", "embed", "form", "base"}
        assert not [name for name in node.attrs if name.startswith("on") or name == "style"]
        for name in ("src", "href", "poster", "xlink:href", "action", "srcset"):
            assert re.match("data:(image|video|audio)/|data:,|#[a-z0-9-]+$", node.attrs.get(name, "#a")), node.attrs
