"""A real Airflow in an environment of its own, as dags/airflow.lock pins it, with a database and an API server that go away.

The lock is written by
    printf 'apache-airflow-core==3.3.2\\napache-airflow-providers-standard==1.21.0\\n' | uv pip compile - --generate-hashes \\
        --no-header --no-annotate --universal --python-version 3.11 -o dags/airflow.lock
"""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from schemas.cache import cache
from tests.support.servers.portable import free_port

DAGS = Path(__file__).parents[3] / "dags"
LOCK = DAGS / "airflow.lock"


def environment() -> Path:
    """Return the environment's folder of programs, made at the first call."""
    place = cache() / f"airflow-{hashlib.sha256(LOCK.read_bytes()).hexdigest()[:12]}-{sys.version_info.minor}"
    ready = place / "ready"
    if not ready.exists():
        shutil.rmtree(place, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", place], check=True)
        install = [
            place / "bin/python",
            "-m",
            "pip",
            "install",
            "-q",
            "--disable-pip-version-check",
            "--require-hashes",
            "--no-deps",
        ]
        subprocess.run([*install, "-r", LOCK], check=True)
        ready.touch()
    return place / "bin"


@dataclass(frozen=True)
class Airflow:
    """An Airflow with its database and server."""

    programs: Path
    env: dict[str, str]
    address: str

    def said(self, *command: str) -> str:
        """Return what a command of Airflow's prints."""
        done = self._run(command)
        return done.communicate(timeout=120)[0]

    def run(self, dag: str, conf: dict[str, object]) -> subprocess.Popen:
        """Start one run of a DAG, every task in one process."""
        return self._run(("dags", "test", dag, "--conf", json.dumps(conf)))

    def _run(self, command: tuple[str, ...]) -> subprocess.Popen:
        return subprocess.Popen(
            [self.programs / "airflow", *command], env=self.env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def ask(self, path: str, method: str = "GET", **body: object) -> dict:
        """Return what the server's public API answers."""
        with urllib.request.urlopen(f"{self.address}/auth/token", timeout=20) as answer:
            token = json.load(answer)["access_token"]
        request = urllib.request.Request(
            f"{self.address}/api/v2/{path}",
            method=method,
            data=json.dumps(body).encode() if body else None,
            headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.load(answer)

    def question(self, dag: str, seconds: float = 90) -> dict:
        """Wait for a question to a person, and return it."""
        for _ in range(round(2 * seconds)):
            asked = self.ask(f"dags/{dag}/dagRuns/~/hitlDetails?response_received=false&state=awaiting_input")["hitl_details"]
            if asked:
                return asked[0]
            time.sleep(0.5)
        raise TimeoutError("nobody was asked anything")

    def answer(self, question: dict, choice: str) -> None:
        """Answer as the button of the page does."""
        self.ask(f"{self.task(question)}/-1/hitlDetails", "PATCH", chosen_options=[choice])

    def task(self, question: dict) -> str:
        """Return the address of the task that asks."""
        task = question["task_instance"]
        return f"{self._run_address(question)}/taskInstances/{task['task_id']}"

    def states(self, question: dict) -> dict[str, str]:
        """Return the state of each task of the run."""
        tasks = self.ask(f"{self._run_address(question)}/taskInstances")["task_instances"]
        return {task["task_id"]: task["state"] for task in tasks}

    def _run_address(self, question: dict) -> str:
        task = question["task_instance"]
        return f"dags/{task['dag_id']}/dagRuns/{urllib.parse.quote(task['dag_run_id'])}"


@contextmanager
def running(home: Path, more: dict[str, str]):
    """Give an Airflow with a new database under `home`, on loopback, while the block lasts."""
    programs, port = environment(), free_port()
    env = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "VIRTUAL_ENV"}} | {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(DAGS),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "false",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "true",
        "AIRFLOW__API_AUTH__JWT_SECRET": hashlib.sha512(os.urandom(16)).hexdigest(),
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "false",
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "WARNING",
        "PATH": f"{programs}:{os.environ['PATH']}",
        "PYTHONDONTWRITEBYTECODE": "1",
        **more,
    }
    one = Airflow(programs, env, f"http://127.0.0.1:{port}")
    print(one.said("db", "migrate"))
    command = [programs / "airflow", "api-server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    with (home / "server.log").open("w") as log:
        server = subprocess.Popen(command, env=env, stdout=log, stderr=log, start_new_session=True)
    try:
        _wait(one, server, home / "server.log")
        yield one
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(20)


def _wait(one: Airflow, server: subprocess.Popen, log: Path) -> None:
    for _ in range(240):
        assert server.poll() is None, log.read_text()
        try:
            one.ask("version")
            return
        except OSError:
            time.sleep(0.25)
    raise TimeoutError(log.read_text())
