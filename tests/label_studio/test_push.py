import json
import shutil
import subprocess
import time
from collections import Counter
from dataclasses import replace

import httpx2
import pytest

from label_studio.project.clips import Linked
from label_studio.project.queue import Queue, projects
from label_studio.project.tasks import COLUMNS, task
from label_studio.push import review_items
from label_studio.server.client import LabelStudioClient
from schemas.errors import TransientError, UsageError
from schemas.versions.rows import pick_clips
from tests.label_studio.running import clean, ran, sending, under_way, version

pytestmark = pytest.mark.server
MANY = 900
"""Clips of a version of which about half go to people."""


@pytest.fixture(scope="module")
def pushed(server, media_files):
    """A version that has been pushed."""
    place = version(server.shards, "pushed", range(200, 224), media_files)
    status, said = ran("push", "--shards", server.shards, "--version", "pushed")
    assert status == 0, said
    return place


def put(server, media_files, name, first, count=MANY):
    """Write a version of many clips without a picture."""
    return version(server.shards, name, range(first, first + count), media_files, video=None, image=None, frames=())


def test_all_items_are_there_once_the_most_telling_first(server, pushed):
    priorities = review_items(pushed)
    found = [task["data"]["clip_id"] for task in server.tasks(of="pushed")]
    assert sorted(found) == sorted(priorities)
    for kind in ("conflict", "ordinary"):
        mine = [priorities[task["data"]["clip_id"]] for task in server.tasks(kind, of="pushed")]
        assert mine == sorted(mine, reverse=True)


def test_pushing_again_sends_nothing(server, pushed):
    before = server.copies("pushed")
    status, said = ran("push", "--shards", server.shards, "--version", "pushed")
    assert (status, "nothing" in said, server.copies("pushed")) == (0, True, before)


def test_the_official_client_reads_back_what_was_pushed(server, pushed, server_environment):
    code = (
        "import json, sys; from label_studio_sdk import LabelStudio; c = LabelStudio(base_url=sys.argv[1], api_key=sys.argv[2]);"
        "print(json.dumps([t.data['affectory_id'] for p in c.projects.list() for t in c.tasks.list(project=p.id, fields='all')"
        " if t.data.get('version') == 'pushed']))"
    )
    line = [server_environment.python, "-I", "-c", code, server.url, server.kept["token"]]
    said = subprocess.run(line, capture_output=True, text=True, check=True, env=clean()).stdout
    assert Counter(json.loads(said)) == server.copies("pushed")


def test_a_killed_client_leaves_no_copy_and_no_gap(server, media_files):
    place = put(server, media_files, "client", 10_000)
    with under_way(server.shards, "--version", "client") as process:
        process.kill()
    assert sending(server.shards)
    assert ran("push", "--shards", server.shards, "--version", "client")[0] == 0
    assert server.copies("client") == once(place, server)


def test_a_killed_server_leaves_no_copy_and_no_gap(server, media_files):
    place = put(server, media_files, "server", 20_000)
    with under_way(server.shards, "--version", "server") as process:
        time.sleep(0.2)
        server.kill()
        said, _ = process.communicate(timeout=120)
        assert (process.returncode, "the same command goes on" in said) == (1, True), said
    server.start()
    assert ran("push", "--shards", server.shards, "--version", "server")[0] == 0
    assert server.copies("server") == once(place, server)


def test_a_copy_that_somebody_else_made_goes(server, media_files):
    place = put(server, media_files, "copied", 30_000, 60)
    assert ran("push", "--shards", server.shards, "--version", "copied")[0] == 0
    twice = server.tasks(of="copied")[0]
    with server.client as client:
        client.post(f"/api/projects/{twice['project']}/import", [{"data": twice["data"]}])
    put(server, media_files, "later", 31_000, 60)
    assert ran("push", "--shards", server.shards, "--version", "later")[0] == 0
    assert server.copies("copied") == once(place, server)


def once(place, server):
    """Return that each review item of a version is there once."""
    assert review_items(place)
    kinds = {task["data"]["clip_id"]: task["data"]["kind"] for task in server.tasks(of=place.name)}
    return Counter(f"{kinds.get(clip)}:{clip}" for clip in review_items(place))


def test_another_server_needs_an_address_and_a_token_only(server, media_files, tmp_path):
    version(tmp_path, "elsewhere", range(40_000, 40_012), media_files)
    assert ran("push", "--shards", tmp_path)[0] == 2
    for _ in range(2):
        status, said = ran("push", "--shards", tmp_path, **server.env)
        assert status == 0, said
    assert set(server.copies("elsewhere").values()) == {1}
    address = next(task["data"]["audio"] for task in server.tasks(of="elsewhere"))
    with server.client as client:
        assert client.fetch(address, 0, 3) == (206, b"fLaC")
    assert httpx2.get(server.url + address, trust_env=False).status_code == 401


def test_a_personal_token_works_as_well_as_a_legacy_one(server, pushed, tmp_path):
    shutil.copytree(pushed, tmp_path / "pushed")
    with server.client as client:
        token = client.post("/api/token/", {})["token"]
    status, said = ran("push", "--shards", tmp_path, LABEL_STUDIO_URL=server.url, LABEL_STUDIO_API_KEY=token)
    assert (status, "nothing" in said) == (0, True), said
    with LabelStudioClient(server.url, token) as client:
        client.get("/api/current-user/whoami")
        client._until = 0.0
        assert client.get("/api/current-user/whoami")["email"] == server.kept["owner"]["email"]
        with server.client as own:
            own.post("/api/token/blacklist/", {"refresh": token})


def test_so_many_people_as_are_asked_for_answer_each_item(server, media_files):
    put(server, media_files, "three", 60_000, 12)
    assert ran("push", "--shards", server.shards, "--version", "three", "--annotators", 3)[0] == 0
    with server.client as client:
        assert {client.get(f"/api/tasks/{one['id']}/")["overlap"] for one in server.tasks("conflict", of="three")} == {3}
        assert 3 in {one.annotators for one in projects(client)}


def test_a_wrong_token_and_a_silent_address_are_told_apart(server, pushed):
    wrong = {"LABEL_STUDIO_URL": server.url.replace("127.0.0.1", "localhost"), "LABEL_STUDIO_API_KEY": "0" * 40}
    status, said = ran("push", "--shards", server.shards, **wrong)
    assert (status, "does not accept the token" in said) == (2, True)
    nobody = {"LABEL_STUDIO_URL": "http://127.0.0.1:9", "LABEL_STUDIO_API_KEY": "0" * 40}
    status, said = ran("push", "--shards", server.shards, **nobody)
    assert (status, "no Label Studio answers at http://127.0.0.1:9" in said) == (1, True)


def test_what_is_not_idempotent_is_sent_once():
    sent = []

    def fail(request):
        sent.append(request.method)
        raise httpx2.ReadError("cut")

    with LabelStudioClient("http://x", "0" * 40, httpx2.MockTransport(fail)) as client:
        with pytest.raises(TransientError):
            client.post("/api/projects/1/import", [])
        assert sent == ["POST"]
        with pytest.raises(TransientError):
            client.get("/api/projects")
        assert sent == ["POST", "GET", "GET", "GET"]


@pytest.mark.parametrize("url", ["", "127.0.0.1:8080", "ftp://x", "http://"])
def test_what_is_no_address_is_refused(url):
    with pytest.raises(UsageError, match="not the address of a server"):
        LabelStudioClient(url, "0" * 40)


def test_five_thousand_tasks_are_sent_in_seconds(server, media_files, capsys):
    place = put(server, media_files, "rate", 50_000, 40)
    media = Linked("http://127.0.0.1/clips", "rate")
    found = list(pick_clips(place, review_items(place), COLUMNS))
    made = [task(replace(found[k % len(found)], clip_id=f"{k:016x}"), "rate", media) for k in range(5000)]
    first, again = [everything(server, media, made) for _ in range(2)]
    with capsys.disabled():
        print(f"\npush: 5,000 tasks in {first[1]:.1f} s, {5000 / first[1]:.0f} per second; again in {again[1]:.1f} s")
    assert (first[0], again[0]) == (5000, 0)
    assert set(server.copies("rate").values()) == {1}


def everything(server, media, made):
    """Put tasks into the queue as a push does; return how many were sent, in how many seconds."""
    started = time.monotonic()
    with server.client as client:
        queue = Queue(client, media, server.shards / "reviews" / ".rate", 2)
        sent = sum(queue.send(kind, [one for one in made if one.kind == kind]) for kind in ("conflict", "ordinary"))
    return sent, time.monotonic() - started
