"""What must not leave is caught before anything is sent, wherever it hides."""

import getpass
import json
import shutil
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.publish.command import main
from pipeline.publish.leaks import Guard, guard
from pipeline.publish.selection import selection
from pipeline.release.commit import finish
from pipeline.release.shards import write_shard
from pipeline.rights.terms import Stated
from pipeline.versions.integrity import write_sums
from schemas.claims import MediaFile, Text
from schemas.versions.manifest import MANIFEST, read_manifest, sealed
from tests.support.published import PLAN, licensed
from tests.support.reported import written
from tests.support.servers.hub_store import OTHERS

HOME = str(Path.home())
PASSWORD = "correct-horse-battery"
GUARD = Guard(own=(("LAB_PASSWORD", PASSWORD),), home="/home/mira", user="mira")
LEAKS = {
    "a token of the Hub": OTHERS,
    "a key of a model's service": "sk-proj-" + "a1" * 20,
    "a token of a code forge": "npm_" + "A1b2" * 9,
    "a key of a cloud": "AKIAIOSFODNN7EXAMPLE",
    "a private key": "-----BEGIN OPENSSH PRIVATE KEY-----",
    "a signed token": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.c2lnbmF0dXJl",
    "a password in an address": "postgres://lab:hunter22@db:5432/raw",
    "a password or key": '{\\"api_key\\": \\"0123456789abcdef\\"}',
    "an e-mail address": "mira.k@lab.example.org",
    "the value of LAB_PASSWORD": f"see {PASSWORD} there",
}
PLACES = (
    "/home/mira/raw/a.mp4",
    "/mnt/disk1/raw",
    "/Users/mira/x",
    "C:\\Users\\mira\\a.mp4",
    "file:///srv/raw/a.mp4",
    "~/raw/a.mp4",
    "D:/raw/a.mp4",
    "smb://nas01/lab",
    "/lustre/lab/raw",
)
HARMLESS = (
    "turns.pyannote@1+pyannote.audio-4.0#833d602a86ba",
    "words.tool@1.2.0#abcdefabcdef",
    "data/train-00000-of-00001.parquet",
    "https://example.org/home/mirabel/data/x",
    "they said either/or, and 3/4 of and/or",
    "accept/review/reject",
    "24/7 at 16/9",
    "he/she looks away :/",
    '"tokens": 12345678, "max_tokens": 1024, "api_key_env": "OPENAI_API_KEY"',
    "http://mlcommons.org/croissant/1.1",
    "media/0123456789abcdef.mp4",
    "task-based risk-assessment-of-something-long",
)


def dry(version, *more):
    return main(["--shards", str(version.parent), "--version", version.name, "--repo", "lab/feelings", "--dry-run", *more])


def remade(version, file, change):
    """Change one file of a version and make all hashes fit again: as a build would have written it."""
    manifest = read_manifest(version)
    if file == MANIFEST:
        manifest = change(manifest)
    else:
        place = version / file
        place.write_text(change(place.read_text()) if place.exists() else change(""))
    known = {one.file: one.sha256 for one in manifest.files}
    (version / MANIFEST).write_bytes(sealed(replace(manifest, sums_sha256=write_sums(version, known))))
    return version


@pytest.fixture
def version(media_files, tmp_path):
    return written([licensed(k) for k in range(3)], media_files, tmp_path)


def test_a_harmless_version_may_leave(version, capsys):
    assert dry(version) == 0, capsys.readouterr().err


@pytest.mark.parametrize("kind", LEAKS)
@pytest.mark.parametrize("strict", [True, False])
def test_every_kind_of_secret_is_found_and_never_repeated(kind, strict):
    found = [leak for leak in GUARD.leaks(f'{{"x": "so {LEAKS[kind]} it is"}}', "here", strict) if leak.kind == kind]
    assert len(found) == 1
    assert (kind == "an e-mail address") == (LEAKS[kind] in str(found[0]))


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("strict", [True, False])
def test_every_kind_of_path_is_found(place, strict):
    for text in (place, f'{{"path": "{place}"}}', f"cannot read {place}: no such file"):
        assert "a path of this machine" in {leak.kind for leak in GUARD.leaks(text, "here", strict)}, text


@pytest.mark.parametrize("text", HARMLESS)
@pytest.mark.parametrize("strict", [True, False])
def test_what_only_looks_alike_passes(text, strict):
    assert list(GUARD.leaks(text, "here", strict)) == []


def test_the_name_of_the_user_is_found_in_our_own_text_only():
    assert [leak.kind for leak in GUARD.leaks("made by mira", "here", True)] == ["the name of the user"]
    assert list(GUARD.leaks("oh mira, look", "here", False)) == []
    assert list(GUARD.leaks("admiral miracle", "here", True)) == []


def test_an_unusual_path_is_found_where_it_stands_alone():
    assert [leak.shown for leak in GUARD.leaks("a word\n/dataset7/raw clips/a.mp4", "here", False)] == [
        "/dataset7/raw clips/a.mp4"
    ]


def test_what_is_allowed_passes_and_nothing_else_does():
    lenient = replace(GUARD, allowed=frozenset(("press@lab.example.org",)))
    assert list(lenient.leaks("ask press@lab.example.org", "here", True)) == []
    assert [leak.shown for leak in lenient.leaks("ask anna@lab.example.org", "here", True)] == ["anna@lab.example.org"]


@given(st.text(max_size=300))
def test_no_text_stops_the_search(text):
    list(GUARD.leaks(text, "here", True))
    list(GUARD.leaks(text, "here", False))


def test_secrets_of_the_environment_are_known_by_the_names_of_their_variables():
    made = guard({"HF_TOKEN": OTHERS, "MY_API_KEY": "12345678", "PATH": "/usr/bin:/bin", "SSH_KEY": "/x/id", "A_KEY": "short"})
    assert made.own == (("HF_TOKEN", OTHERS), ("MY_API_KEY", "12345678"))
    assert made.home == HOME
    assert made.user in {"", getpass.getuser()}


@pytest.mark.parametrize(
    ("where", "what"),
    [
        *product(
            ("manifest", "card", "croissant", "metadata", "row", "path of media"),
            ("a token of the Hub", "a path of this machine", "an e-mail address", "the value of LAB_PASSWORD"),
        ),
        ("media", "the value of LAB_PASSWORD"),  # of media only what is known byte by byte can be found
    ],
)
def test_planted_anywhere_it_is_refused_and_named_by_its_place(where, what, media_files, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("LAB_PASSWORD", PASSWORD)
    planted = LEAKS.get(what, "/srv/lab/raw/a.mp4")
    clips = [licensed(k) for k in range(3)]
    if where == "row":
        text = Text(by="made.by@1#0", text_id="t", kind="rationale", text=f"so {planted} it is")
        clips[0] = replace(clips[0], texts=(*clips[0].texts, text))
    version = written(clips, media_files, tmp_path)
    match where:
        case "manifest":
            remade(version, MANIFEST, lambda told: replace(told, plan=told.plan | {"note": f"so {planted} it is"}))
        case "card" | "croissant":
            file = {"card": "README.md", "croissant": "croissant.json"}[where]
            remade(version, file, lambda text: f'{text}\n"{planted}"\n')
        case "metadata" | "media" | "path of media":
            rewrite(version, clips, media_files, where, planted)
    assert dry(version) == 2
    said = capsys.readouterr().err
    assert what in said
    assert {"manifest": "manifest.json:", "card": "README.md:", "croissant": "croissant.json:"}.get(where, "data/train-0") in said
    assert what in {"an e-mail address", "a path of this machine"} or planted not in said


def rewrite(version, clips, files, where, planted):
    """Write the shard of a version anew with something planted in it."""
    about = {"affectory": json.dumps({"by": planted})} if where == "metadata" else {}
    if where == "media":
        (files / "planted.mp4").write_bytes(b"\0\0\0 ftyp" + planted.encode() + b"\0" * 50)
        clips = [replace(clips[0], video=MediaFile(path="planted.mp4")), *clips[1:]]
    if where == "path of media":
        by = clips[0].source
        clips = [replace(clips[0], source=replace(by, file=planted)), *clips[1:]]
    place = version / "data" / "train-00000-of-00001.parquet"
    shard = write_shard(clips, place, files, PLAN.release, "embed", about)
    manifest = read_manifest(version)
    old = next(file for file in manifest.files if file.file == shard.file)
    new = replace(old, bytes=shard.bytes, sha256=shard.sha256, rows=shard.rows)
    staging = version.rename(version.with_name(".staging"))
    finish(staging, version, replace(manifest, files=tuple(new if file == old else file for file in manifest.files), seal=""))


def test_a_secret_in_media_beside_the_rows_is_found_too(media_files, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("LAB_PASSWORD", PASSWORD)
    files = shutil.copytree(media_files, tmp_path / "files")
    (files / "planted.mp4").write_bytes(b"\0\0\0 ftyp" + PASSWORD.encode() + b"\0" * 50)
    clips = [replace(licensed(0), video=MediaFile(path="planted.mp4")), licensed(1)]
    assert dry(written(clips, files, tmp_path / "out", media="reference")) == 2
    assert "the bytes of data/train-00000-of-00001.parquet: the value of LAB_PASSWORD" in capsys.readouterr().err


def test_a_text_can_be_let_pass(version, capsys):
    remade(version, "README.md", lambda text: f"{text}\nAsk press@lab.example.org\n")
    assert dry(version) == 2
    assert "press@lab.example.org" in capsys.readouterr().err
    assert dry(version, "--allow", "press@lab.example.org") == 0


@pytest.mark.parametrize(
    "licence",
    [
        *(None, "", "  ", "unknown", "None", "All rights reserved.", "© X, all rights reserved", "n/a", "—", "??", "tba"),
        *("no license granted", "unlicenced", "Not licensed!", "licence unknown", "not for redistribution", "none given"),
        "All rights\u00a0reserved",
    ],
)
def test_a_source_without_a_licence_stays_here(licence):
    assert Stated(source_id="0", file="a.mp4", licence=licence, consent=None, clips=1).kept_back


@pytest.mark.parametrize(
    "consent",
    [
        "no",
        "No.",
        "withheld",
        "refused by speaker",
        "N",
        "did not sign",
        "didn’t sign",
        "consent_withdrawn",
        "NotGiven",
        "opted out",
        "opt-out",
        "retracted",
        "cancelled 2026",
        "objected",
        "✗",
        "not given",
        "withdrawn 2026-03",
        "none",
        "pending",
        "denied",
        "revoked",
        "didn't ask",
    ],
)
def test_a_source_whose_consent_is_withheld_stays_here(consent):
    assert Stated(source_id="0", file="a.mp4", licence="CC0-1.0", consent=consent, clips=1).kept_back


@pytest.mark.parametrize("consent", [None, "", "yes", "written release", "signed", "non-commercial research", "public broadcast"])
@pytest.mark.parametrize("licence", ["No rights reserved", "no known copyright restrictions", "X, by its looks, not proven"])
def test_a_licence_with_a_no_in_it_is_one(licence, consent):
    assert Stated(source_id="0", file="a.mp4", licence=licence, consent=consent, clips=1).kept_back is None


@pytest.mark.parametrize("consent", [None, "", "yes", "written release", "signed", "Nina N.", "public broadcast"])
@pytest.mark.parametrize("licence", ["CC-BY-4.0", "public domain (NASA)", "unlicense", "package MIT; US-government work"])
def test_a_source_with_licence_and_without_refusal_may_leave(licence, consent):
    assert Stated(source_id="0", file="a.mp4", licence=licence, consent=consent, clips=1).kept_back is None


def test_an_unlicensed_clip_is_caught_with_what_to_do(media_files, tmp_path, capsys):
    clips = [licensed(0), licensed(1, licence=None), licensed(2, consent="withheld")]
    version = written(clips, media_files, tmp_path)
    assert dry(version) == 2
    said = capsys.readouterr().err
    assert "b.mp4 (bbbbbbbbbbbbbbbb, clips: 1): no licence is stated" in said
    assert "c.mp4 (cccccccccccccccc, clips: 1): its consent is 'withheld'" in said
    assert "a.mp4" not in said
    assert "sources.csv" in said
    assert "pipeline.takedown" in said


def test_an_unlicensed_clip_that_is_not_published_stops_nobody_and_is_not_named(media_files, tmp_path):
    clips = [licensed(0), licensed(3), licensed(1, decision="review", licence=None)]
    version = written(clips, media_files, tmp_path)
    assert dry(version) == 0


def test_a_damaged_version_is_not_published(version, capsys):
    file = version / "report.html"
    file.write_bytes(file.read_bytes() + b" ")
    assert dry(version) == 2
    assert "report.html is not what was written" in capsys.readouterr().err


def test_a_version_without_accepted_clips_is_not_published(media_files, tmp_path, capsys):
    version = written([licensed(0, decision="review")], media_files, tmp_path)
    assert dry(version) == 2
    assert "holds no accepted clip" in capsys.readouterr().err


def test_a_name_that_cannot_be_a_tag_is_refused(version, capsys):
    odd = version.rename(version.with_name("my version"))
    assert dry(odd) == 2
    assert "cannot be a tag" in capsys.readouterr().err


def test_what_is_stated_of_sources_that_stay_here_is_not_on_the_card(media_files, tmp_path):
    own = {"consent": "refused by Jane Doe", "licence": "none: a film of Mr Roe", "origin": "the house of Jane Doe"}
    clips = [licensed(0), licensed(1, decision="review", **own), licensed(2, decision="reject", **own)]
    version = written(clips, media_files, tmp_path)
    sent = b"".join(item.content for item in selection(version, read_manifest(version), tmp_path / "room").items)
    assert b"Doe" not in sent and b"Roe" not in sent
    assert b"| consent | only of clips that are not published | 2 |" in sent
