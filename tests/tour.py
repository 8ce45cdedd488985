"""`python -m tests.tour`: a lab's first day on the sample, command by command, with what they print. The people are scripted.

Commands run as they are written, by a shell, in an empty folder. Label Studio is the real one; its reviewers here are a script
that logs in as each of them and answers by the API. The Hub is the tests' own server, because these tests reach no other.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from label_studio.command import own_folder
from label_studio.project.form import ADJUDICATE, controls
from label_studio.project.queue import projects
from label_studio.server.accounts import Account, load_server
from label_studio.server.client import LabelStudioClient
from schemas.versions.rows import read_clips
from tests.support.published import environment
from tests.support.servers.hub import Server as HubServer

ROOT = Path(__file__).parent.parent
SEEN = {"woman.mp4": "sadness", "speech.mp4": "anger", "crew.mp4": "neutral", "address.wav": "neutral"}
"""What the first reviewer and the adjudicator say of each source."""
OTHERWISE = ("crew.mp4", "surprise")
"""The source of which the second reviewer sees the first clip differently, or of any where none of it is asked about, and how."""
LOAD = """python - <<'END'
from datasets import load_dataset
clips = load_dataset("lab/feelings", revision="v2", split="train")
for clip in clips.select_columns(["clip_id", "transcript", "reviews"]):
    print(clip["clip_id"], (clip["transcript"] or "")[:40], [review["by"].partition("@")[0] for review in clip["reviews"]])
END"""


@dataclass(frozen=True)
class Step:
    """A command, and how much of what it prints is shown."""

    command: str
    first: int | None = None
    """So many lines; None for all."""


START = (
    Step("affectory plan show embedded | sed 's/^ambiguity = .*/ambiguity = 0.5/' > ours.toml"),
    Step("python -m pipeline.sample --out shards --plan ours.toml", 4),
)
"""The embedded plan asks people about nothing in the sample; ours asks sooner."""
PUSH = Step("python -m label_studio.push --shards shards")
PULL = Step("python -m label_studio.pull --shards shards")
END = (
    Step("python -m label_studio.status --shards shards"),
    Step("python -m pipeline.build --source raw --out shards --plan ours.toml", 3),
    Step("python -m pipeline.versions diff v1 v2 --shards shards", 14),
    Step("python -m pipeline.publish --shards shards --version v2 --repo lab/feelings"),
    Step(LOAD),
)
SERVE = "python -m label_studio.serve --shards shards --port 0 --reviewer bea@lab.example"


class Lab:
    """A folder, an environment, and what has been printed so far."""

    def __init__(self, folder: Path, env: Mapping[str, str]) -> None:
        self.folder, self.env = folder, {**env, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
        self.env |= {"PYTHONPATH": str(ROOT)}

    def run(self, step: Step) -> None:
        """Run a command to its end; print it and what it says."""
        done = subprocess.run(
            step.command, shell=True, cwd=self.folder, env=self.env, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise SystemExit(f"{step.command}\nended with status {done.returncode}\n{done.stdout}{done.stderr}")
        print(f"$ {step.command}")
        said = [line.replace(str(self.folder), ".") for line in done.stdout.splitlines() if not line.startswith("raw/")]
        print("\n".join(said[: step.first]), "…" * (len(said) > len(said[: step.first])), sep="\n" if said else "", flush=True)

    @contextmanager
    def serving(self) -> Iterator[None]:
        """Run the reviewers' server until the end of the block."""
        print(f"$ {SERVE} &", flush=True)
        log = self.folder / "serve.log"
        with log.open("wb") as out:
            server = subprocess.Popen(SERVE.split(), cwd=self.folder, env=self.env, stdout=out, stderr=subprocess.STDOUT)
        try:
            while not (found := re.search(r"ready: http\S+", log.read_text())):
                if server.poll() is not None:
                    raise SystemExit(log.read_text())
                time.sleep(0.5)
            print(f"{found[0]}\n", flush=True)
            yield
        finally:
            server.terminate()
            server.wait(60)


class Person:
    """Somebody who is logged in."""

    def __init__(self, url: str, account: Account) -> None:
        self.session = httpx2.Client(base_url=url, timeout=60)
        self.session.get("/user/login/")
        form = {"email": account.email, "password": account.password, "csrfmiddlewaretoken": self.session.cookies["csrftoken"]}
        if self.session.post("/user/login/", data=form).status_code != 302:
            raise SystemExit(f"{account.email} cannot log in")

    def answer(self, task: Mapping[str, Any], emotion: str) -> None:
        """Say one emotion, of each modality that the form asks about too."""
        asked = controls(task["data"]["kind"])
        said = {name: emotion for name in ("face", "voice", "words", "emotion") if name in asked}
        result = [
            {"from_name": name, "to_name": "clip", "type": "choices", "value": {"choices": [value]}}
            for name, value in said.items()
        ]
        sent = self.session.post(
            f"/api/tasks/{task['id']}/annotations/",
            json={"result": result, "lead_time": 12.0},
            headers={"X-CSRFToken": self.session.cookies["csrftoken"]},
        )
        sent.raise_for_status()


def people(shards: Path) -> None:
    """Let two people answer all that waits, and the first of them decide where they differed before."""
    server = load_server(own_folder(shards))
    if server is None:
        raise SystemExit(f"no server was made for {shards}")
    first, second = (Person(server.url, account) for account in (server.owner, server.others[0]))
    with LabelStudioClient(server.url, server.token) as client:
        mine = [one.number for one in projects(client)]
        every = [task for number in mine for task in client.tasks(number, include="id,data,total_annotations")]
    waiting = [task for task in every if not task["total_annotations"]]
    found = {clip.clip_id: clip for clip in read_clips(shards / "v1", ("requested", "source.file"))}
    file, otherwise = OTHERWISE
    asked = [found[task["data"]["clip_id"]] for task in waiting]
    odd = min(asked, key=lambda clip: (clip.source.file != file, clip.source.file, clip.requested.start), default=None)
    for task in waiting:
        clip = task["data"]["clip_id"]
        emotion = SEEN[found[clip].source.file]
        first.answer(task, emotion)
        if task["data"]["kind"] != ADJUDICATE:
            second.answer(task, otherwise if odd is not None and clip == odd.clip_id else emotion)
    adjudicated = sum(task["data"]["kind"] == ADJUDICATE for task in waiting)
    who = "One of them decides" if adjudicated else "Two people answer"
    clips = "1 clip" if len(waiting) == 1 else f"{len(waiting)} clips"
    print(f"  ({who} {clips} at the page.)\n", flush=True)


def tour(folder: Path) -> None:
    """Take it, in an empty folder."""
    with HubServer().running() as hub:
        lab = Lab(folder, environment(hub.address, folder / ".home"))
        for step in START:
            lab.run(step)
        with lab.serving():
            for _ in ("review", "adjudication"):
                lab.run(PUSH)
                people(folder / "shards")
                lab.run(PULL)
            for step in END:
                lab.run(step)


def main(argv: Sequence[str] | None = None) -> None:
    """Take the tour in a folder that is removed at the end."""
    argparse.ArgumentParser(prog="python -m tests.tour", description=__doc__).parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        tour(Path(folder).resolve())


if __name__ == "__main__":
    main()
