"""A whole build with a language model behind a server that fails: it completes, and the next one makes up for it."""

import os
import subprocess
import sys

import pyarrow.parquet as pq
import pytest

from tests.support import making
from tests.support.fixed import installed
from tests.support.servers.faulty_server import serving

PLAN = """
[[annotators]]
name = "turns.fixed"
[[annotators]]
name = "cues.fixed"
[[annotators]]
name = "rationale.llm"
chat = "small"
calls = { tries = 2, backoff = 0.001, price_in = 1.0, price_out = 10.0 }
"""


@pytest.fixture
def build(tmp_path):
    (tmp_path / "raw").mkdir()
    making.video(tmp_path / "raw" / "a.mp4")
    (tmp_path / "plan.toml").write_text(PLAN)
    (tmp_path / "path").mkdir()
    path = os.pathsep.join(filter(None, [str(installed(tmp_path / "path")), os.environ.get("PYTHONPATH")]))
    options = ["--source", tmp_path / "raw", "--out", tmp_path / "shards", "--plan", tmp_path / "plan.toml", "--workers", "2"]

    def run(**environment):
        outside = {"PYTHONPATH": path, "AFFECTORY_CACHE": str(tmp_path / "cache"), "no_proxy": "127.0.0.1", **environment}
        command = [sys.executable, "-m", "pipeline.build", *map(str, options)]
        kept = {name: value for name, value in os.environ.items() if not name.startswith("OPENAI_")}
        return subprocess.run(command, env=kept | outside, capture_output=True, text=True, check=False)

    run.out = tmp_path / "shards"
    return run


def kinds(version):
    rows = [
        row for file in version.glob("[dr]*/*.parquet") if file.parent.name != "dead" for row in pq.read_table(file).to_pylist()
    ]
    return [[text["kind"] for text in row["texts"] if text["parent"] is None] for row in rows]


@pytest.mark.server
def test_a_build_completes_over_a_failing_server_and_the_next_makes_up_for_it(build):
    with serving() as (server, address):
        server.faults = [500] * 4
        first = build(OPENAI_BASE_URL=address)
        assert first.returncode == 0, first.stderr
        assert kinds(build.out / "v1") == [["failure"], ["failure"]]
        assert "4  server error" in first.stdout
        assert "2 answers did not come; the same command asks for them again" in first.stdout
        second = build(OPENAI_BASE_URL=address)
        assert kinds(build.out / "v2") == [["rationale"], ["rationale"]]
        assert "2 answers asked for: 200 tokens in, 40 out" in second.stdout
        assert "price 0.0006" in second.stdout
        assert "nothing to do" in build(OPENAI_BASE_URL=address).stdout
        assert len(server.asked) == 6


@pytest.mark.server
def test_a_build_that_cannot_ask_anybody_does_not_begin(build):
    done = build()
    assert (done.returncode, done.stdout) == (2, "")
    assert "OPENAI_BASE_URL" in done.stderr
    with serving() as (server, address):
        server.faults = [401]
        done = build(OPENAI_BASE_URL=address, OPENAI_API_KEY="sk-0123456789abcdef")
    assert done.returncode == 2
    assert "OPENAI_API_KEY" in done.stderr
    assert "sk-0123456789abcdef" not in done.stderr + done.stdout
