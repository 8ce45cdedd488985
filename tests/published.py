"""A version to publish, the command as people run it, and what `datasets` loads of it."""

import json
import os
import subprocess
import sys
from dataclasses import replace

from tests.hub_store import TOKEN

LOAD = """
import json, sys
from datasets import load_dataset
from pipeline.shards import row_hash
repo, revision, streaming = sys.argv[1:4]
loaded = load_dataset(repo, revision=revision, streaming=streaming == "streaming")
rows = {}
for split, part in loaded.items():
    tables = part.with_format("arrow").iter(batch_size=8)
    rows[split] = [row_hash(row) for table in tables for row in table.to_pylist()]
print(json.dumps(rows))
"""


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


def publish(version, address, home, *more, repo="lab/feelings", **extra):
    """Start publishing; the process is running."""
    command = [sys.executable, "-m", "pipeline.publish", "--shards", version.parent, "--version", version.name, "--repo", repo]
    env = environment(address, home, **extra)
    return subprocess.Popen(
        [*map(str, command), *more], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )


def published(version, address, home, *more, **extra):
    """Publish to the end; return the exit status and what was said."""
    process = publish(version, address, home, *more, **extra)
    out, err = process.communicate(timeout=120)
    return process.returncode, out + err


def loaded(address, home, *, revision="v1", streaming=False, repo="lab/feelings"):
    """Return the hashes of the rows of each split as `load_dataset` gives them, in a process of its own."""
    kind = "streaming" if streaming else "whole"
    done = subprocess.run(
        [sys.executable, "-c", LOAD, repo, revision, kind], env=environment(address, home), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


def licensed(clip, **more):
    """Return a clip of a source that may leave."""
    return replace(clip, source=replace(clip.source, licence="CC-BY-4.0", consent="signed release", **more))
