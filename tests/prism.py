"""Prism, Beam's own portable runner, in a process of its own."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apache_beam
import pytest

from tests.media import cached


def prism() -> Path:
    """Return Prism's program, built once by Go for this version of Beam."""
    version = apache_beam.__version__
    program = cached(f"prism-{version}") / "prism"
    if not program.exists():
        if shutil.which("go") is None:
            pytest.skip("Go is not installed; it builds Prism, the portable runner")
        package = f"github.com/apache/beam/sdks/v2/go/cmd/prism@v{version}"
        subprocess.run(["go", "install", package], check=True, env=os.environ | {"GOBIN": str(program.parent)})
    return program


def free_port() -> int:
    """Return a port on loopback that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextmanager
def running() -> Iterator[list[str]]:
    """Run Prism while the block lasts; yield the Beam options that send a pipeline there."""
    port, web = free_port(), free_port()
    command = [prism(), f"-job_port={port}", f"-web_port={web}", "-serve_http=false", "-log_level=error"]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(100):
            with socket.socket() as one:
                if one.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield ["--runner=PortableRunner", f"--job_endpoint=localhost:{port}", "--environment_type=LOOPBACK"]
    finally:
        server.terminate()
        server.wait(20)
