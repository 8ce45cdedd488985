"""Runners that take a pipeline from another process: Prism, and Flink inside Beam's job server."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import apache_beam
import pytest

from tests.support.media import cached

FLINK = "1.19"
JOB_SERVER = "2.62.0"
"""The newest job server all of whose parts Maven finds one by one; users get the one of their Beam, as one file."""
NEEDED = """<project>
  <modelVersion>4.0.0</modelVersion><groupId>none</groupId><artifactId>none</artifactId><version>0</version>
  <dependencies><dependency>
    <groupId>org.apache.beam</groupId><artifactId>beam-runners-flink-{flink}</artifactId><version>{beam}</version>
  </dependency><dependency>
    <groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>1.7.36</version>
  </dependency></dependencies>
</project>
"""


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


def flink() -> Path:
    """Return the folder with the jars of Flink and its job server, fetched once by Maven."""
    folder = cached(f"flink-{FLINK}-{JOB_SERVER}")
    if not folder.exists():
        if shutil.which("mvn") is None or shutil.which("java") is None:
            pytest.skip("Java and Maven are not installed; they fetch and run Flink")
        part = folder.with_name(f"{folder.name}.part")
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        (part / "pom.xml").write_text(NEEDED.format(flink=FLINK, beam=JOB_SERVER))
        subprocess.run(["mvn", "-q", "-B", "dependency:copy-dependencies", "-DoutputDirectory=."], cwd=part, check=True)
        part.rename(folder)
    return folder


def free_port() -> int:
    """Return a port on loopback that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextmanager
def prism_running(folder: Path) -> Iterator[list[str]]:
    """Run Prism while the block lasts, with its log in `folder`; yield the Beam options that send a pipeline there."""
    port = free_port()
    command = [prism(), f"-job_port={port}", f"-web_port={free_port()}", "-serve_http=false", "-log_level=error"]
    with _server(command, port, folder / "prism.log"):
        yield ["--runner=PortableRunner", f"--job_endpoint=localhost:{port}", "--environment_type=LOOPBACK"]


@contextmanager
def flink_running(folder: Path) -> Iterator[list[str]]:
    """Run Flink while the block lasts, with its log in `folder`; yield the Beam options that send a pipeline there."""
    port, artifacts, expansion = free_port(), free_port(), free_port()
    command = ["java", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp", f"{flink()}/*"]
    command += [
        "org.apache.beam.runners.flink.FlinkJobServerDriver",
        "--flink-master=[local]",
        f"--artifacts-dir={folder}/staged",
    ]
    command += ["--job-host=localhost", f"--job-port={port}", f"--artifact-port={artifacts}", f"--expansion-port={expansion}"]
    with _server(command, port, folder / "flink.log"):
        yield ["--runner=PortableRunner", f"--job_endpoint=localhost:{port}", "--environment_type=LOOPBACK", "--parallelism=2"]


@contextmanager
def _server(command: Sequence[str | Path], port: int, log: Path) -> Iterator[None]:
    """Run a server while the block lasts; the block begins when its port answers."""
    with log.open("wb") as said:
        server = subprocess.Popen(command, stdout=said, stderr=subprocess.STDOUT)
        try:
            end = time.monotonic() + 60
            while not _answers(port):
                assert server.poll() is None and time.monotonic() < end, log.read_text()
                time.sleep(0.1)
            yield
        finally:
            server.terminate()
            server.wait(20)


def _answers(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0
