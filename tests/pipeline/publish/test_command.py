"""A version goes to the Hub (`pipeline.publish.hub`) whole, or as if it had never been sent."""

import hashlib
import os
import re
import shutil
import signal
from itertools import count

import pyarrow.parquet as pq
import pytest
from datasets import load_dataset

from schemas.versions.manifest import MANIFEST, SUMS, intact, read_manifest
from schemas.versions.row_hash import row_hash
from tests.support.published import REPO, Publisher, decoded_there, licensed, loaded, seen
from tests.support.reported import written
from tests.support.servers.hub import Server
from tests.support.servers.hub_store import BESIDE_GIT, OTHERS, TOKEN, File, Repo, spoilt

pytestmark = pytest.mark.server
SHARD = "data/train-00000-of-00001.parquet"


def clips(number):
    """Return clips of which one in five is for people to review and one in five is rejected."""
    decisions = {0: "review", 1: "accept", 2: "accept", 3: "reject", 4: "accept"}
    return [licensed(k, decision=decisions[k % 5]) for k in range(number)]


@pytest.fixture(scope="module")
def server():
    with Server().running() as server:
        yield server


@pytest.fixture(scope="module")
def publish(server, tmp_path_factory):
    with Publisher(server.address, tmp_path_factory.mktemp("home")).running() as publisher:
        yield publisher


@pytest.fixture(autouse=True)
def hub(server):
    return server.renewed()


@pytest.fixture(scope="module")
def version(media_files, tmp_path_factory):
    return written(clips(10), media_files, tmp_path_factory.mktemp("licensed"))


def local_rows(version):
    files = sorted((version / "data").glob("train-*.parquet"))
    return {"train": [row_hash(row) for file in files for row in pq.ParquetFile(file).read().to_pylist()]}


@pytest.mark.parametrize("media", ["embed", "reference"])
def test_what_is_loaded_from_the_hub_whole_or_streamed_is_what_lies_here_with_its_media_inside(
    media, media_files, server, publish, tmp_path
):
    here = written(clips(8), media_files, tmp_path / "out", media=media)
    status, said = publish(here)
    assert status == 0, said
    rows = local_rows(here if media == "embed" else written(clips(8), media_files, tmp_path / "inside"))
    assert len(rows["train"]) == read_manifest(here).ledger.accepted > 0
    assert loaded(server.address, tmp_path / "1") == rows
    assert loaded(server.address, tmp_path / "2", streaming=True) == rows


@pytest.mark.parametrize("media", ["embed", "reference"])
def test_what_is_loaded_from_the_hub_whole_or_streamed_decodes_anywhere(media, version, media_files, server, publish, tmp_path):
    here = written(clips(10), media_files, tmp_path / "out", media=media)
    publish(here)
    shutil.rmtree(here)
    for streaming in (False, True):
        assert decoded_there(server.address, tmp_path / "home", streaming=streaming) == seen_here(version, tmp_path)


@pytest.mark.parametrize("streaming", [False, True])
def test_media_beside_the_rows_that_others_uploaded_decode_where_they_lie(streaming, version, media_files, hub, server, tmp_path):
    here = written(clips(10), media_files, tmp_path / "out", media="reference")
    held = hub.repos[REPO] = Repo(private=False)
    files = {path.relative_to(here).as_posix(): path.read_bytes() for path in here.rglob("*") if path.is_file()}
    hub.stored.update({hashlib.sha256(content).hexdigest(): content for content in files.values()})
    held.add("Upload by hand", {path: File(content, beside=path.endswith(BESIDE_GIT)) for path, content in files.items()})
    shutil.rmtree(here)
    lies = f"hf://datasets/{REPO}@main"
    assert decoded_there(server.address, tmp_path / "home", lies=lies, streaming=streaming) == seen_here(version, tmp_path)


def seen_here(version, tmp_path):
    return {split: seen(rows) for split, rows in load_dataset(str(version), cache_dir=str(tmp_path / "here")).items()}


def test_what_was_published_is_the_accepted_clips_and_a_manifest_of_these_alone(version, hub, publish, tmp_path):
    publish(version)
    files = hub.repos[REPO].at("v1").files
    manifest = read_manifest(version)
    assert set(files) == {".gitattributes", "data/train-00000-of-00001.parquet", "README.md", "croissant.json", SUMS, MANIFEST}
    sent = tmp_path / "sent"
    for path, file in files.items():
        (sent / path).parent.mkdir(parents=True, exist_ok=True)
        (sent / path).write_bytes(file.content)
    public = read_manifest(sent)
    assert intact(files[MANIFEST].content)
    assert {file.file for file in public.files} == {"data/train-00000-of-00001.parquet"}
    assert public.ledger == manifest.ledger
    assert os.system(f"cd '{sent}' && sha256sum --check --quiet {SUMS}") == 0
    held = b"".join(file.content for file in files.values())
    assert b"review/" not in held
    assert b"reject/" not in held
    assert [commit.title for commit in hub.repos[REPO].commits.values()][1:] == [
        "Affectory: data of version v1",
        f"Affectory: version v1, seal {manifest.seal}",
    ]


def test_media_beside_the_rows_go_into_them_and_all_is_published_as_if_they_had_been_built_so(
    media_files, hub, publish, tmp_path
):
    accepted = [licensed(number) for number in range(6)]
    inside = written(accepted, media_files, tmp_path / "inside")
    beside = written(accepted, media_files, tmp_path / "beside", media="reference")
    before = {path: path.read_bytes() for path in beside.rglob("*") if path.is_file()}
    assert publish(inside)[0] == 0
    wanted, room = hub.state(REPO), tmp_path / "room"
    room.mkdir()
    status, said = publish(beside, TMPDIR=str(room))
    assert (status, hub.state(REPO)) == (0, wanted), said
    assert "already has v1" in said, "some byte would differ"
    assert list(room.iterdir()) == []
    assert {path: path.read_bytes() for path in beside.rglob("*") if path.is_file()} == before


def test_media_of_clips_that_are_not_published_stay_here(media_files, hub, publish, tmp_path):
    for media in ("reference", "embed"):
        here = written(clips(12), media_files, tmp_path / media, media=media)
        assert publish(here, "--repo", f"lab/{media}")[0] == 0
    beside, inside = (hub.repos[f"lab/{media}"].at("v1").files for media in ("reference", "embed"))
    assert set(beside) == set(inside)
    assert beside[SHARD] == inside[SHARD]


def test_a_second_push_sends_nothing(version, hub, publish):
    publish(version)
    before, asked = hub.state(REPO), len(hub.asked)
    status, said = publish(version)
    assert (status, hub.state(REPO)) == (0, before)
    assert "already has v1" in said
    assert {method for method, _ in hub.asked[asked:]} == {"GET"}


def test_killed_at_any_request_and_repeated_ends_the_same_with_one_tag(version, server, publish):
    hub = server.renewed()
    hub.after = untagged_until_whole(hub)
    publish(version)
    wanted, requests = hub.state(REPO), len(hub.asked)
    assert requests > 10
    for number in range(1, requests + 1):
        for moment in ("before", "after"):
            hub = server.renewed()
            setattr(hub, moment, killing(publish.start(version), number))
            assert publish.wait()[0] == -signal.SIGKILL
            hub.before, hub.after = untagged_until_whole(hub), untagged_until_whole(hub)
            status, said = publish(version)
            assert status == 0, (number, moment, said)
            assert hub.state(REPO) == wanted, (number, moment)
            assert set(hub.sent.values()) == {1}, "what had arrived was sent again"


def killing(process, wanted):
    def kill(number, method, path):
        if number < wanted:
            return None
        os.kill(process, signal.SIGKILL)
        return "lost"

    return kill


def untagged_until_whole(hub):
    def look(number, method, path):
        held = hub.repos.get(REPO)
        if held is not None:
            for name in held.tags:
                assert MANIFEST in held.at(name).files
                assert any(file.startswith("data/") for file in held.at(name).files)

    return look


@pytest.mark.parametrize("what", ["commit", "tag", "store", "batch"])
def test_an_answer_that_is_lost_is_no_harm(what, version, hub, publish):
    first = count()
    hub.after = lambda number, method, path: "lost" if f"/{what}" in path and next(first) == 0 else None
    publish(version)
    status, said = publish(version)
    assert status == 0, said
    assert list(hub.state(REPO)["tags"]) == ["v1"]
    assert [one.title.partition(",")[0] for one in hub.repos[REPO].commits.values()] == [
        "initial commit",
        "Affectory: data of version v1",
        "Affectory: version v1",
    ]


def test_the_next_version_takes_the_place_of_the_last_one_which_keeps_its_tag(
    version, media_files, hub, server, publish, tmp_path
):
    publish(version)
    first = hub.state(REPO)["tags"]["v1"]
    made = written(clips(6), media_files, tmp_path / "out")
    newer = made.rename(made.with_name("v2"))
    status, said = publish(newer)
    assert status == 0, said
    state = hub.state(REPO)
    assert state["tags"]["v1"] == first
    assert state["tags"]["v2"] == state["main"] != first
    between = [commit.files for commit in hub.repos[REPO].commits.values() if commit.title == "Affectory: data of version v2"]
    assert all(MANIFEST not in files for files in between), "the manifest of v1 would stand beside data of v2"
    assert loaded(server.address, tmp_path / "1", revision="v1") == local_rows(version)


def test_a_tag_that_is_there_with_something_else_is_left_alone(version, media_files, hub, publish, tmp_path):
    publish(version)
    before = hub.state(REPO)
    other = written(clips(4), media_files, tmp_path / "out")
    status, said = publish(other)
    assert status == 2
    assert "has a tag v1 with something else" in said
    assert hub.state(REPO) == before


def test_what_somebody_changes_while_a_version_is_sent_is_not_overwritten_unseen(version, hub, publish):
    def meddle(number, method, path):
        if path.endswith("/preupload/main") and len(hub.repos[REPO].commits) == 1:
            spoilt(hub.repos[REPO], "NOTES.md", b"mine")

    hub.before = meddle
    status, said = publish(version)
    assert status == 1
    assert "changed by somebody else meanwhile" in said
    assert hub.state(REPO)["tags"] == {}
    hub.before = lambda *told: None
    assert publish(version)[0] == 0
    assert "NOTES.md" in hub.state(REPO)["tags"]["v1"], "a file of somebody else is none of ours to remove"


def test_a_dry_run_names_every_file_and_byte_and_asks_nobody(version, hub, publish):
    status, said = publish(version, "--dry-run", HF_TOKEN="")
    assert (status, hub.asked) == (0, [])
    publish(version)
    listed = dict(re.findall(r"^ +[\d,]+  ([0-9a-f]{64})  (\S+)$", said, re.MULTILINE))
    went = {digest: path for path, digest in hub.state(REPO)["main"].items() if path != ".gitattributes"}
    assert listed == went
    total = sum(len(f.content) for path, f in hub.repos[REPO].at("v1").files.items() if path != ".gitattributes")
    assert f"in all: {len(went)} files, {total:,} bytes" in said


def test_a_private_repository_is_private_from_the_first_byte(version, hub, publish):
    assert publish(version, "--private")[0] == 0
    assert hub.repos[REPO].private


def test_private_data_do_not_go_to_a_public_repository(version, hub, publish):
    publish(version)
    asked = len(hub.asked)
    status, said = publish(version, "--private")
    assert status == 2
    assert "is public" in said
    assert {method for method, _ in hub.asked[asked:]} == {"GET"}


def test_data_of_somebody_else_are_not_taken_away(version, hub, publish):
    publish(version)
    held = hub.repos[REPO]
    held.tags.clear()
    held.add("Upload by hand", {"data/mine.parquet": File(b"mine", beside=True)})
    before = hub.state(REPO)
    status, said = publish(version)
    assert status == 2
    assert "holds other data" in said
    assert hub.state(REPO) == before


@pytest.mark.parametrize(
    "theirs",
    [
        {"data/train-00000-of-00001.parquet": File(b"theirs, by the name that most have", beside=True)},
        {"data/a.csv": File(b"1", beside=False), MANIFEST: File(b'{"name": "an app"}', beside=False)},
        {"data/a.csv": File(b"1", beside=False), MANIFEST: File(b"{}", beside=False), SUMS: File(b"0  data/a.csv", beside=False)},
    ],
)
def test_data_of_a_repository_that_was_never_ours_are_not_written_over(theirs, version, hub, publish):
    hub.repos[REPO] = Repo(private=False)
    hub.repos[REPO].add("Upload by hand", theirs)
    before = hub.state(REPO)
    status, said = publish(version)
    assert status == 2, said
    assert "holds other data" in said
    assert hub.state(REPO) == before


def test_data_beside_ours_are_not_taken_away_and_a_card_that_was_edited_is_no_hindrance(
    version, media_files, hub, publish, tmp_path
):
    publish(version)
    held = hub.repos[REPO]
    spoilt(held, "README.md", b"edited")
    later = written(clips(15), media_files, tmp_path).rename(tmp_path / "v2")
    spoilt(held, "data/mine.csv", b"a,b")
    status, said = publish(later)
    assert status == 2, said
    files = dict(held.at("main").files)
    del files["data/mine.csv"]
    held.add("Take it away by hand", files)
    status, said = publish(later)
    assert status == 0, said


@pytest.mark.parametrize(
    ("token", "says"),
    [
        ("", "HF_TOKEN is not set"),
        ("hf_" + "x" * 34, "does not accept the token in HF_TOKEN"),
        (OTHERS, "may not write there"),
    ],
)
def test_without_a_right_to_write_it_is_said_what_to_do(token, says, version, hub, publish):
    status, said = publish(version, HF_TOKEN=token)
    assert status == 2
    assert says in said
    assert "Traceback" not in said
    assert not token or token not in said
    assert hub.repos == {}


def test_a_network_that_is_away_is_told_from_a_mistake(version, tmp_path):
    with Publisher("http://127.0.0.1:9", tmp_path).running() as publish:
        status, said = publish(version)
    assert status == 1
    assert "does not answer" in said
    assert "the same command goes on" in said
    assert "Traceback" not in said


def test_a_server_that_fails_leaves_nothing_tagged(version, hub, publish):
    hub.before = lambda number, method, path: 500 if "/commit/" in path else None
    status, said = publish(version)
    assert status == 1
    assert "fails with status 500" in said
    assert hub.state(REPO)["tags"] == {}


def test_bad_usage_is_one_clear_line(version, hub, publish):
    for more, says in (
        (("--repo", "nothing"), "write it as organisation/name"),
        (("--version", "v9"), "holds no version"),
    ):
        status, said = publish(version, *more)
        assert status == 2
        assert says in said
        assert hub.asked == []


def test_the_token_is_never_said(version, hub, publish):
    hub.before = lambda number, method, path: 418 if "/commit/" in path else None
    for more in ((), ("--dry-run",)):
        assert TOKEN not in publish(version, *more)[1]
