"""A reviewer's server as its user has it: started by its command, killed, started again. And what tests ask of it."""

import io
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from unittest.mock import patch

from label_studio.command import own_folder
from label_studio.project.form import data_keys
from label_studio.project.queue import projects
from label_studio.server.client import LabelStudioClient
from pipeline.plan import read_plan
from tests.support.feeling import felt
from tests.support.reported import clip, written

ROOT = Path(__file__).parent.parent.parent


def command(name, *arguments, **env):
    """Start one of our commands."""
    line = [sys.executable, "-m", f"label_studio.{name}", *map(str, arguments)]
    told = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    return subprocess.Popen(line, cwd=ROOT, env={**clean(), **env}, **told)


def clean():
    """Return our environment without anything that names a server."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("LABEL_STUDIO_", "AFFECTORY_REVIEW"))}


def ran(name, *arguments, **env):
    """Run one of our commands in this process; return its status and what it said."""
    said = io.StringIO()
    with patch.dict(os.environ, {**clean(), **env}, clear=True), redirect_stdout(said), redirect_stderr(said):
        status = import_module(f"label_studio.{name}").main([str(one) for one in arguments])
    return status, said.getvalue()


def version(out, name, numbers, files, **more):
    """Write a version of these clips, as a build does, under its own name; media come from `files`."""
    judge = replace(read_plan("embedded").judge, judged=True)
    made = written([felt(clip(number, fps=25.0, **more), judge) for number in numbers], files, out / f".{name}")
    made.rename(out / name)
    return out / name


class Running:
    """A server on a folder of versions."""

    def __init__(self, shards):
        self.shards, self.port, self.said = shards, 0, []

    def start(self):
        """Start it and wait until it says that it is ready."""
        self.process = command("serve", "--shards", self.shards, "--port", self.port, "--reviewer", "anna@lab.org")
        for line in self.process.stdout:
            self.said.append(line)
            if address := re.search(r"ready: (http://\S+?:(\d+))", line):
                self.url, self.port = address[1], int(address[2])
                break
        else:
            raise AssertionError("".join(self.said))
        # What it says later must not fill the pipe.
        threading.Thread(target=self.said.extend, args=(self.process.stdout,), daemon=True).start()
        return self

    def stop(self):
        """Ask it to end; return its status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)

    def kill(self):
        """Kill the command, and with it the server."""
        self.process.kill()
        self.process.wait()
        until = time.monotonic() + 10
        while self.listens() and time.monotonic() < until:
            time.sleep(0.05)
        assert not self.listens()

    def listens(self):
        """Return the addresses, as /proc/net has them, on which something listens at the port."""
        rows = [row.split() for name in ("tcp", "tcp6") for row in Path("/proc/net", name).read_text().splitlines()[1:]]
        return {row[1].rpartition(":")[0] for row in rows if row[3] == "0A" and int(row[1].rpartition(":")[2], 16) == self.port}

    @property
    def kept(self):
        return json.loads((own_folder(self.shards) / "server.json").read_text())

    @property
    def client(self):
        return LabelStudioClient(self.url, self.kept["token"])

    @property
    def env(self):
        """Return how another folder's commands find it."""
        return {"LABEL_STUDIO_URL": self.url, "LABEL_STUDIO_API_KEY": self.kept["token"]}

    def tasks(self, *kinds, of=""):
        """Return what lies on it of a version, in the order in which people get it."""
        with self.client as client:
            mine = [one.number for one in projects(client) if not kinds or one.kind in kinds]
            found = [task for number in mine for task in client.tasks(number, include="id,data,project")]
        return [task for task in found if not of or task["data"]["version"] == of]

    def copies(self, of):
        """Return how often each item of a version lies on it."""
        return Counter(task["data"]["affectory_id"] for task in self.tasks(of=of))


def answered(client, task, emotion="happiness", **more):
    """Answer a task as the owner of the token; return the number of the annotation."""
    kind = task["data"]["kind"]
    said = {"emotion": emotion} | ({"face": "fear", "voice": "unclear", "words": "neutral"} if kind == "conflict" else {}) | more
    result = [
        {"from_name": name, "to_name": "clip", "type": "choices", "value": {"choices": [value]}} for name, value in said.items()
    ]
    assert "clip" in data_keys(kind)
    return client.post(f"/api/tasks/{task['id']}/annotations/", {"result": result, "lead_time": 7.5})["id"]


@contextmanager
def under_way(shards, *arguments, **env):
    """Push, and yield the command at the moment at which a batch is on its way."""
    process = command("push", "--shards", shards, *arguments, **env)
    until = time.monotonic() + 60
    while not sending(shards) and process.poll() is None and time.monotonic() < until:
        time.sleep(0.002)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def sending(shards):
    """Tell whether a batch is noted as on its way."""
    return any((shards / "reviews").glob(".sending-*"))
