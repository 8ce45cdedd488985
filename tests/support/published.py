"""A version to publish, the command as people run it, and what `datasets` loads of it."""

import hashlib
import json
import os
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from pipeline.plan import read_plan
from tests.support.feeling import felt
from tests.support.reported import clip
from tests.support.servers.hub_store import TOKEN

PLAN = read_plan("embedded")
JUDGE = replace(PLAN.judge, judged=True)

REPO = "lab/feelings"
MOTHER = """
import json, os, sys
import huggingface_hub.hf_api, httpx2, pyarrow.parquet
from pipeline.publish.command import main
while line := sys.stdin.readline():
    job = json.loads(line)
    child = os.fork()
    if child == 0:
        log = os.open(job["log"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.environ.update(job["env"])
        status = main(job["argv"])
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
    print(child, flush=True)
    print(os.waitpid(child, 0)[1], flush=True)
"""
LOAD = """
import json, sys
from datasets import load_dataset
from schemas.versions.row_hash import row_hash
repo, revision, streaming = sys.argv[1:4]
loaded = load_dataset(repo, revision=revision, streaming=streaming == "streaming")
rows = {}
for split, part in loaded.items():
    tables = part.with_format("arrow").iter(batch_size=8)
    rows[split] = [row_hash(row) for table in tables for row in table.to_pylist()]
print(json.dumps(rows))
"""

DECODE = """
import json, sys
from datasets import load_dataset
from schemas.versions.located import located
from tests.support.published import seen
repo, address, streaming = sys.argv[1:4]
loaded = load_dataset(repo, streaming=streaming == "streaming")
print(json.dumps({split: seen(part) for split, part in (located(loaded, address) if address else loaded).items()}))
"""
ROOT = Path(__file__).parents[2]


def environment(address, home, **more):
    """Return the environment of a command that talks to a hub on loopback and keeps nothing of its owner."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    own = {
        "HF_ENDPOINT": address,
        "HF_HOME": str(home),
        "HF_TOKEN": TOKEN,
        "HF_HUB_DISABLE_XET": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
    }
    return {name: value for name, value in (kept | own | more).items() if value}


class Publisher:
    """Processes that publish, each forked from one that has imported all that takes long. The last one can be killed."""

    def __init__(self, address, home):
        self.address, self.home = address, home
        command = [sys.executable, "-c", MOTHER]
        env = environment(address, home)
        self._mother = subprocess.Popen(command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def start(self, version, *more, **env):
        """Start to publish; return the process id."""
        argv = ["--shards", str(version.parent), "--version", version.name, "--repo", REPO, *more]
        print(json.dumps({"argv": argv, "env": env, "log": str(self.home / "log")}), file=self._mother.stdin, flush=True)
        return int(self._mother.stdout.readline())

    def wait(self):
        """Return the exit status, negative for a signal, and what was said."""
        status = os.waitstatus_to_exitcode(int(self._mother.stdout.readline()))
        return status, (self.home / "log").read_text()

    def __call__(self, version, *more, **env):
        """Publish to the end."""
        self.start(version, *more, **env)
        return self.wait()

    @contextmanager
    def running(self):
        """Publish until the end of the block."""
        try:
            yield self
        finally:
            self._mother.stdin.close()
            self._mother.wait(30)


def loaded(address, home, *, revision="v1", streaming=False, repo=REPO):
    """Return the hashes of the rows of each split as `load_dataset` gives them, in a process of its own."""
    return _told(LOAD, address, home, repo, revision, "streaming" if streaming else "whole")


def decoded_there(address, home, *, lies="", streaming=False, repo=REPO):
    """Return what the media of each split decode to, in a process that works elsewhere; `lies` is where media beside rows do."""
    return _told(DECODE, address, home, repo, lies, "streaming" if streaming else "whole")


def _told(script, address, home, *argv):
    done = subprocess.run(
        [sys.executable, "-c", script, *argv],
        env=environment(address, home, PYTHONPATH=str(ROOT)),
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


def seen(rows):
    """Return by clip what `datasets` decodes its media to: hashes of all pixels and samples, None where there is none."""
    return {
        row["clip_id"]: {
            "video": row["video"] and hashed(row["video"].get_frames_in_range(0, len(row["video"])).data.numpy()),
            "audio": row["audio"] and hashed(row["audio"].get_all_samples().data.numpy()),
            "image": row["image"] and hashed(row["image"]),
            "frames": [hashed(frame["image"]) for frame in row["frames"]],
        }
        for row in rows
    }


def hashed(values):
    return hashlib.sha256(values.tobytes()).hexdigest()


def licensed(number, *, decision="accept", **more):
    """Return a clip of a source that may leave."""
    made = felt(clip(number), JUDGE)
    route = replace(made.routes[-1], decision=decision)
    origin = replace(made.source, **{"licence": "CC-BY-4.0", "consent": "signed release"} | more)
    return replace(made, source=origin, routes=(route,))
