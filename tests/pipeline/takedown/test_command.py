"""What is withdrawn is gone from the new version, all of it, and only what held it is written anew."""

import hashlib
import json
import subprocess
import sys
from dataclasses import replace

import pyarrow.parquet as pq
import pytest

from pipeline.ingest.sources import Found, Terms
from pipeline.publish.command import main as publish
from pipeline.release.commit import commit
from pipeline.release.ledger import Ledger
from pipeline.release.shards import write_shard
from pipeline.rights.withdrawn import WITHDRAWN, read_withdrawn
from pipeline.takedown.command import main
from pipeline.takedown.removal import link_file
from pipeline.versions.integrity import damages
from schemas.claims import Likeness, Person, Speaker, Target, Turn
from schemas.errors import UsageError
from schemas.record import DeadLetter
from schemas.values import Span
from schemas.versions.manifest import MANIFEST, read_manifest
from schemas.versions.rows import FOLDERS
from tests.support.published import PLAN, licensed

FILES = {"a": "anna.mp4", "b": "bert.mp4", "c": "cleo.mp4"}
NAMES = {"anna.mp4": ("Anna Amsel",), "bert.mp4": ("Bert Bussard", "Anna  AMSEL"), "cleo.mp4": ("Cleo Car",)}
SHA256 = {file: hashlib.sha256(file.encode()).hexdigest() for file in NAMES}
"""Of files that hold their own name."""
ANNA, BERT = (SHA256[file][:16] for file in ("anna.mp4", "bert.mp4"))
DECISIONS = ("accept", "accept", "review", "accept", "reject")


def person(number):
    """Return a clip in which S0 speaks, whose face is P7, and in one of three also S1 or P8."""
    by = "made.by@1#0"
    made = licensed(number, decision=DECISIONS[number % 5])
    file = FILES[made.source.file[0]]
    others = ("S1",) if number % 6 == 0 else ()
    span = Span(start=0.0, end=1.0)
    persons = (Person(by=by, track="F0", person="P7"), *((Person(by=by, track="F1", person="P8"),) if number % 6 == 2 else ()))
    return replace(
        made,
        source=replace(made.source, file=file, sha256=SHA256[file], source_id=SHA256[file][:16], speakers=NAMES[file]),
        turns=tuple(Turn(by=by, span=span, speaker=name, floor=(span,)) for name in ("S0", *others)),
        speakers=tuple(Speaker(by=by, speaker=name, seconds=1.0, embedding=(0.25, 0.5)) for name in ("S0", *others)),
        persons=persons,
        likenesses=tuple(Likeness(by=by, track=one.track, embedding=(0.5, 0.5)) for one in persons),
        targets=(Target(by=by, speaker="S0", track="F0", score=None, reason="made so"),),
    )


def made(out, files, clips, media="embed", name="v1"):
    """Write a version with two shards of each folder and split, and dead letters of each kind, as a build does."""
    shards = []
    for decision, folder in FOLDERS.items():
        mine = [one for one in clips if one.routes[-1].decision == decision]
        halves = [half for half in (mine[::2], mine[1::2]) if half]
        for number, half in enumerate(halves):
            place = out / f".{name}" / folder / f"train-{number:05d}-of-{len(halves):05d}.parquet"
            shards.append(write_shard(half, place, files, PLAN.release, media, {"affectory": "{}"}))
    origins = {one.source.source_id: one.source for one in clips}
    found = [Found(path="", file=one.file, sha256=one.sha256, terms=Terms(file=one.file)) for one in origins.values()]
    dead = Found(path="", file="d.mp4", sha256="d" * 64, terms=Terms(file="d.mp4"))
    copy = DeadLetter(
        source_id=ANNA, file="copy of anna.mp4", clip_id=None, step="scan", reason="the same bytes as anna.mp4, which is kept"
    )
    letters = (
        DeadLetter(source_id="d" * 16, file="d.mp4", clip_id=None, step="probe", reason="no media"),
        DeadLetter(
            source_id=ANNA, file="anna.mp4", clip_id="9" * 16, step="cut", reason="too short", span=Span(start=90.0, end=90.5)
        ),
    )
    ledger = Ledger(shards=tuple(sorted(shards, key=lambda one: one.file)), dead=letters)
    commit(out / f".{name}", out / name, plan=PLAN, inputs="0", found=(*found, dead), copies=(copy,), ledger=ledger)
    return out / name


@pytest.fixture(params=["embed", "reference"])
def out(request, media_files, tmp_path):
    made(tmp_path, media_files, [person(k) for k in range(24)], request.param)
    return tmp_path


@pytest.fixture
def embedded(media_files, tmp_path):
    made(tmp_path, media_files, [person(k) for k in range(24)])
    return tmp_path


def takedown(out, *more):
    return main(["--shards", str(out), *more])


def held(version):
    """Return the rows of a version by clip id, media as they are."""
    files = [file for folder in FOLDERS.values() for file in sorted((version / folder).glob("*.parquet"))]
    return {row["clip_id"]: row for file in files for row in pq.ParquetFile(file).read().to_pylist()}


def adds_up(version):
    """Tell whether in = out, all is whole, and the ledger tells what lies there."""
    manifest = read_manifest(version)
    counts = manifest.ledger
    dead = version / "dead" / "dead-00000-of-00001.parquet"
    letters = pq.ParquetFile(dead).read().to_pylist()
    whole = [letter for letter in letters if letter["clip_id"] is None]
    rows = held(version)
    assert list(damages(version, deep=True)) == []
    assert counts.sources == counts.copies + counts.dead_sources + counts.sources_with_clips == 5
    assert counts.clips == counts.accepted + counts.review + counts.rejected + counts.dead_clips
    assert len(rows) == counts.accepted + counts.review + counts.rejected == sum(file.rows for file in manifest.files)
    assert (len(whole), len(letters) - len(whole)) == (counts.copies + counts.dead_sources, counts.dead_clips)
    assert sum(manifest.reasons.values()) == len(letters)
    assert sum(manifest.splits.values()) == counts.accepted
    assert manifest.seconds == pytest.approx(4.0 * len(rows))
    for folder in FOLDERS.values():
        names = sorted(file.name for file in (version / folder).glob("*.parquet"))
        assert names == [f"train-{k:05d}-of-{len(names):05d}.parquet" for k in range(len(names))]
    return letters


def everything(version):
    """Return every byte of a version, its Parquet files also decoded."""
    data = b"".join(path.read_bytes() for path in sorted(version.rglob("*")) if path.is_file())
    read = [pq.ParquetFile(path).read().drop_columns([]).to_pylist() for path in sorted(version.rglob("*.parquet"))]
    return data + repr(read).encode() + "\n".join(map(str, sorted(version.rglob("*")))).encode()


def test_a_withdrawn_clip_is_gone_with_its_media_and_the_rest_is_as_it_was(out):
    before = held(out / "v1")
    clip_id = next(iter(before))
    assert takedown(out, "--clip", clip_id[:12], "--reason", "asked by letter 17") == 0
    letters = adds_up(out / "v2")
    after = held(out / "v2")
    assert after == {name: row for name, row in before.items() if name != clip_id}
    assert [letter for letter in letters if letter["clip_id"] == clip_id] == [
        {
            "source_id": before[clip_id]["source"]["source_id"],
            "file": before[clip_id]["source"]["file"],
            "clip_id": clip_id,
            "step": "takedown",
            "reason": "withdrawn",
            "fault": "item",
            "span": before[clip_id]["requested"],
        }
    ]
    assert not list((out / "v2").glob(f"media/{clip_id}*"))
    assert b"letter 17" not in everything(out / "v2"), "a reason may name somebody"
    assert read_withdrawn(out).clips[0].reason == "asked by letter 17"


def test_only_files_that_held_it_are_written_anew(out):
    clip_id = next(iter(held(out / "v1")))
    takedown(out, "--clip", clip_id)
    old, new = ({file.file: file.sha256 for file in read_manifest(out / name).files} for name in ("v1", "v2"))
    changed = {file for file in old if old[file] != new[file]}
    assert changed == {"data/train-00000-of-00002.parquet"}
    assert all((out / "v1" / file).samefile(out / "v2" / file) for file in old.keys() - changed)
    media = sorted((out / "v2").glob("media/*"))
    assert all((out / "v1" / "media" / path.name).samefile(path) for path in media)


def test_the_old_version_stays_as_it_was(out):
    before = everything(out / "v1")
    takedown(out, "--source", "anna.mp4")
    assert everything(out / "v1") == before


@pytest.mark.parametrize("how", ["id", "beginning", "name", "file"])
def test_a_withdrawn_source_is_gone_by_every_name_of_it(how, embedded, tmp_path):
    file = tmp_path / "raw" / "renamed.mp4"
    file.parent.mkdir()
    file.write_bytes(b"anna.mp4")
    told = {"id": ANNA, "beginning": ANNA[:6], "name": "anna.mp4", "file": str(file)}[how]
    assert takedown(embedded, "--source", told) == 0
    letters = adds_up(embedded / "v2")
    assert {row["source"]["file"] for row in held(embedded / "v2").values()} == {"bert.mp4", "cleo.mp4"}
    mine = [letter for letter in letters if letter["source_id"] == ANNA]
    assert [(letter["clip_id"], letter["step"], letter["file"]) for letter in mine] == [
        (None, "scan", ""),
        (None, "takedown", ""),
    ]
    assert b"anna.mp4" not in everything(embedded / "v2")
    assert "anna.mp4" not in (embedded / WITHDRAWN).read_text()


def test_a_person_of_sources_csv_takes_every_source_that_lists_the_name(embedded, capsys):
    assert takedown(embedded, "--person", "anna amsel") == 0
    adds_up(embedded / "v2")
    assert {row["source"]["file"] for row in held(embedded / "v2").values()} == {"cleo.mp4"}
    assert b"anna.mp4" not in everything(embedded / "v2")
    assert b"Anna" not in everything(embedded / "v2")
    listed = (embedded / WITHDRAWN).read_text()
    assert "anna" not in listed.casefold()
    assert "older versions: v1" in capsys.readouterr().out


def test_a_speaker_goes_where_they_are_heard_and_where_their_face_is_seen(embedded):
    before = held(embedded / "v1")
    assert takedown(embedded, "--person", "anna.mp4/S1") == 0
    gone = before.keys() - held(embedded / "v2").keys()
    assert gone == {
        name
        for name, row in before.items()
        if row["source"]["file"] == "anna.mp4" and any(t["speaker"] == "S1" for t in row["turns"])
    }
    assert 0 < len(gone) < 8
    adds_up(embedded / "v2")


def test_a_face_that_is_joined_to_a_voice_takes_both(embedded):
    before = held(embedded / "v1")
    assert takedown(embedded, "--person", f"{BERT}/P7") == 0
    assert read_withdrawn(embedded).persons[0].who == ("P7", "S0")
    left = held(embedded / "v2")
    assert {row["source"]["file"] for row in left.values()} == {"anna.mp4", "cleo.mp4"}, "S0 is heard in every clip of bert.mp4"
    assert len(before) - len(left) == 8
    adds_up(embedded / "v2")


def test_no_embedding_of_a_withdrawn_speaker_is_left(embedded):
    takedown(embedded, "--person", "anna.mp4/S1")
    rows = [row for row in held(embedded / "v2").values() if row["source"]["file"] == "anna.mp4"]
    assert rows
    assert {voice["speaker"] for row in rows for voice in row["speakers"]} == {"S0"}


def test_a_file_without_rows_is_not_written_and_the_others_are_counted_anew(media_files, tmp_path):
    clips = [person(k) for k in (0, 1, 5, 6)]
    version = made(tmp_path, media_files, clips)
    assert len(list((version / "data").iterdir())) == 2
    for one in pq.read_table(version / "data" / "train-00000-of-00002.parquet", columns=["clip_id"])["clip_id"].to_pylist():
        takedown(tmp_path, "--clip", one)
    newest = sorted(path.name for path in tmp_path.glob("v*"))[-1]
    assert [file.name for file in (tmp_path / newest / "data").iterdir()] == ["train-00000-of-00001.parquet"]
    adds_up_small = read_manifest(tmp_path / newest).ledger
    assert adds_up_small.accepted == 2
    assert list(damages(tmp_path / newest, deep=True)) == []


def test_what_shares_the_moment_of_a_withdrawn_clip_goes_too(media_files, tmp_path):
    clips = [person(k) for k in range(24)]
    same = next(one for one in clips if one.source.file == "cleo.mp4")
    piece = replace(same, clip_id="f" * 16, requested=Span(start=same.requested.start + 1, end=same.requested.end - 1))
    beside = replace(same, clip_id="e" * 16, requested=same.requested.shift(3.5))
    made(tmp_path, media_files, [*clips, piece, beside])
    takedown(tmp_path, "--clip", same.clip_id)
    left = held(tmp_path / "v2")
    assert piece.clip_id not in left
    assert beside.clip_id in left


def test_a_repeated_takedown_does_nothing(embedded, capsys):
    for more in (("--source", "anna.mp4"), ("--person", "Cleo Car"), ("--clip", next(iter(held(embedded / "v1"))))):
        takedown(embedded, *more)
    names = sorted(path.name for path in embedded.glob("v*"))
    listed = (embedded / WITHDRAWN).read_text()
    capsys.readouterr()
    for more in (("--source", ANNA), ("--person", "Cleo Car")):
        assert takedown(embedded, *more) == 0
        assert "nothing to do" in capsys.readouterr().out
    assert sorted(path.name for path in embedded.glob("v*")) == names
    assert (embedded / WITHDRAWN).read_text() == listed


def test_stopped_behind_the_list_the_same_command_makes_the_version(embedded):
    in_the_way = embedded / ".work" / "staging"
    in_the_way.parent.mkdir()
    in_the_way.touch()
    with pytest.raises(NotADirectoryError):
        takedown(embedded, "--source", "anna.mp4")
    assert len(read_withdrawn(embedded).sources) == 1
    in_the_way.unlink()
    assert not (embedded / "v2").exists()
    assert takedown(embedded, "--source", "anna.mp4") == 0
    adds_up(embedded / "v2")
    assert len(read_withdrawn(embedded).sources) == 1


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (("--clip", "zz"), "no clip of"),
        (("--clip", ""), "24 clip of"),
        (("--source", "nobody.mp4"), "no source of"),
        (("--person", "Nobody"), "no clip of"),
        (("--person", "anna.mp4/S9"), "somebody numbered S9"),
        (("--version", "v9", "--source", "anna.mp4"), "holds no version"),
    ],
)
def test_what_is_not_there_is_refused_and_nothing_is_listed(more, says, embedded, capsys):
    assert takedown(embedded, *more) == 2
    assert says in capsys.readouterr().err
    assert not (embedded / WITHDRAWN).exists()


def test_a_list_that_cannot_be_read_stops_everything(embedded, capsys):
    takedown(embedded, "--source", "anna.mp4")
    (embedded / WITHDRAWN).write_text("{")
    assert takedown(embedded, "--source", "bert.mp4") == 2
    assert "restore it" in capsys.readouterr().err
    with pytest.raises(UsageError, match="restore it"):
        read_withdrawn(embedded)


def test_what_may_not_be_published_can_be_left_out_for_now(media_files, tmp_path, capsys):
    clips = [person(k) for k in range(24)]
    clips = [replace(one, source=replace(one.source, licence=None)) if one.source.file == "bert.mp4" else one for one in clips]
    made(tmp_path, media_files, clips)
    dry = ["--shards", str(tmp_path), "--repo", "lab/feelings", "--dry-run"]
    assert publish(dry) == 2
    assert "--unpublishable" in capsys.readouterr().err
    assert takedown(tmp_path, "--unpublishable") == 0
    letters = adds_up(tmp_path / "v2")
    assert [letter["reason"] for letter in letters if letter["source_id"] == BERT] == ["no licence is stated"]
    assert publish(dry) == 0
    assert not (tmp_path / WITHDRAWN).exists(), "sources.csv decides it anew in each build"


def test_a_disk_without_links_gets_copies(tmp_path):
    (tmp_path / "a").write_bytes(b"whole")

    def refuse(file, place):
        raise OSError("no links here")

    link_file(tmp_path / "a", tmp_path / "b", refuse)
    assert (tmp_path / "b").read_bytes() == b"whole"
    assert not (tmp_path / "a").samefile(tmp_path / "b")


def test_the_manifest_of_the_new_version_is_json_that_anybody_reads(embedded):
    takedown(embedded, "--source", "anna.mp4")
    told = json.loads((embedded / "v2" / MANIFEST).read_bytes())
    assert told["reasons"]["takedown: withdrawn"] == 1


def test_a_version_that_still_holds_what_was_withdrawn_is_not_published(out, capsys):
    assert takedown(out, "--source", "anna.mp4") == 0
    assert publish(["--shards", str(out), "--version", "v1", "--repo", "lab/feelings", "--dry-run"]) == 2
    assert "withdrawn.json keeps out" in capsys.readouterr().err
    assert publish(["--shards", str(out), "--version", "v2", "--repo", "lab/feelings", "--dry-run"]) == 0


def test_two_takedowns_at_once_both_hold(out):
    asked = ("anna.mp4", "bert.mp4")
    command = [sys.executable, "-m", "pipeline.takedown", "--shards", str(out), "--source"]
    both = [subprocess.Popen([*command, file]) for file in asked]
    assert [one.wait() for one in both] == [0, 0]
    assert {one.source_id for one in read_withdrawn(out).sources} == {ANNA, BERT}
    adds_up(out / "v3")
    assert not {row["source"]["source_id"] for row in held(out / "v3").values()} & {ANNA, BERT}
