import queue
import signal
import threading
import time
from contextlib import contextmanager
from urllib.parse import urlsplit

import httpx2
import pytest

from label_studio.project.answers import load_answers
from label_studio.project.queue import projects
from label_studio.server.egress import WAKE_HOST
from label_studio.sync.wake import HEADER
from label_studio.sync.webhooks import ACTIONS
from tests.label_studio.running import answered, command, ran, version

pytestmark = pytest.mark.server
PATIENT = 60.0
"""Seconds to wait for what takes a few."""


@pytest.fixture(scope="module")
def asked(server, media_files):
    """Tasks that wait for answers."""
    version(server.shards, "hooked", range(800, 1100), media_files)
    assert ran("push", "--shards", server.shards, "--version", "hooked")[0] == 0
    return server.tasks(of="hooked")


class Waiting:
    """A pull that goes on until it is stopped."""

    def __init__(self, server, *arguments):
        self.process = command("pull", "--shards", server.shards, *arguments)
        self.lines, self.said = queue.Queue(), []
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.put(line)

    def until(self, text):
        """Wait until it says this; return the line."""
        while True:
            self.said.append(self.lines.get(timeout=PATIENT))
            if text in self.said[-1]:
                return self.said[-1]

    def end(self, how):
        self.process.send_signal(how)
        return self.process.wait(PATIENT)


@contextmanager
def waiting(server, *arguments):
    made = Waiting(server, "--every", 600, *(arguments or ("--wake", 0)))
    try:
        made.until("new answers")
        yield made
    finally:
        made.process.kill()
        made.process.wait()


def hooks(server):
    """Return the webhooks of affectory."""
    with server.client as client:
        return [one for one in client.pages("/api/webhooks/") if "/affectory/" in one["url"]]


def ours(server):
    with server.client as client:
        return sorted(project.number for project in projects(client))


def clips(server):
    return {one.clip_id for one in load_answers(server.shards / "reviews" / "answers")}


def until(condition):
    end = time.monotonic() + PATIENT
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.1)


def test_annotations_that_come_change_and_go_wake_a_pull(server, asked):
    with waiting(server) as pull, server.client as client:
        number = answered(client, asked[0])
        pull.until("1 new answers")
        assert asked[0]["data"]["clip_id"] in clips(server)
        result = client.get(f"/api/annotations/{number}/")["result"]
        result[0]["value"]["choices"] = ["sadness"]
        client.patch(f"/api/annotations/{number}/", {"result": result})
        pull.until("1 changed")
        client.delete(f"/api/annotations/{number}/")
        pull.until("1 taken back")


def test_many_annotations_give_few_pulls_and_all_come(server, asked):
    with waiting(server) as pull, server.client as client:
        for task in asked[1:41]:
            answered(client, task)
        wanted = {task["data"]["clip_id"] for task in asked[1:41]}
        until(lambda: wanted <= clips(server))
        assert pull.end(signal.SIGTERM) == 130
        pull.until("stopped")
        assert len([line for line in pull.said if "new answers" in line]) < 10


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_the_end_removes_its_webhooks_and_no_others(server, asked, how):
    with server.client as client:
        body = {"project": ours(server)[0], "url": "http://8.8.8.8/affectory/someone", "actions": ["ANNOTATION_CREATED"]}
        other = client.post("/api/webhooks/", body)
        with waiting(server) as pull:
            made = [one for one in hooks(server) if one["id"] != other["id"]]
            assert sorted(one["project"] for one in made) == ours(server)
            assert all(sorted(one["actions"]) == list(ACTIONS) and not one["send_payload"] for one in made)
            assert {urlsplit(one["url"]).hostname for one in made} == {WAKE_HOST}
            assert pull.end(how) == 130
        assert hooks(server) == [other]
        client.delete(f"/api/webhooks/{other['id']}/")


def test_a_killed_pull_leaves_webhooks_that_the_next_one_replaces(server, asked):
    with waiting(server) as pull:
        pull.end(signal.SIGKILL)
    stale = hooks(server)
    assert sorted(one["project"] for one in stale) == ours(server)
    with waiting(server) as pull:
        made = hooks(server)
        assert sorted(one["project"] for one in made) == ours(server)
        assert not {one["headers"][HEADER] for one in made} & {one["headers"][HEADER] for one in stale}
        with server.client as client:
            answered(client, asked[41])
        pull.until("1 new answers")
        pull.end(signal.SIGTERM)
    assert hooks(server) == []


def test_a_call_without_the_token_wakes_no_pull(server, asked):
    with waiting(server) as pull:
        url = hooks(server)[0]["url"]
        for headers in ({}, {HEADER: "x"}):
            assert httpx2.post(url, json={}, headers=headers, trust_env=False).status_code == 403
        time.sleep(2)
        assert pull.lines.empty()
        assert httpx2.post(url, headers=hooks(server)[0]["headers"], trust_env=False).status_code == 204
        pull.until("0 new answers")


def test_a_refused_webhook_is_said_once_and_pull_goes_on_asking(server, asked):
    with waiting(server, "--every", 0.5, "--wake", "127.0.0.2:0") as pull:
        with server.client as client:
            answered(client, asked[42])
        pull.until("1 new answers")
        pull.end(signal.SIGTERM)
        pull.until("stopped")
        (line,) = [line for line in pull.said if "reserved network address" in line]
        assert "will not call 127.0.0.2" in line
    assert hooks(server) == []


def test_a_new_project_gets_its_webhook_with_the_next_pull(server, asked):
    with server.client as client:
        old = client.get(f"/api/projects/{ours(server)[0]}")
    with waiting(server, "--every", 0.5, "--wake", 0), server.client as client:
        made = client.post("/api/projects", {name: old[name] for name in ("title", "description", "label_config")})["id"]
        until(lambda: made in {one["project"] for one in hooks(server)})
        client.delete(f"/api/projects/{made}/")


def test_wake_without_every_is_refused(server):
    status, said = ran("pull", "--shards", server.shards, "--wake", "0")
    assert (status, "only with --every" in said) == (2, True)


def test_a_server_that_is_away_for_a_while_is_asked_again(server, asked):
    with waiting(server, "--every", 2) as pulling:
        assert server.stop() == 0
        assert "asking again in 2 s" in pulling.until("no Label Studio answers")
        server.said.clear()
        server.start()
        pulling.until("new answers")
        assert pulling.end(signal.SIGTERM) == 130
