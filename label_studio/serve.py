"""`python -m label_studio.serve --shards shards/`: a reviewer's own Label Studio, in one command."""

from __future__ import annotations

import argparse
import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO
from urllib.parse import unquote, urlsplit

import httpx2

from label_studio.arguments import HOST, POSTGRES, serve_arguments
from label_studio.command import CLIPS, ended, own_folder, stoppable
from label_studio.server.accounts import FILE, ReviewServer, load_server, save_server, sign_up, wanted
from label_studio.server.client import LabelStudioClient
from label_studio.server.egress import egress
from label_studio.server.environment import Environment, environment, silent
from label_studio.server.server_main import TIED
from schemas.errors import TransientError, UsageError

PATIENCE = 600.0
"""Seconds for the first start, which may have to fill a database."""
APP, LOG, LOCK = "app", "server.log", "lock"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeOptions:
    """What the command line asks for."""

    data: Path
    host: str
    port: int
    postgres: str | None
    reviewers: tuple[str, ...]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command until it is stopped; return its exit status."""
    args = serve_arguments().parse_args(argv)
    return ended("label_studio.serve", lambda: _main(args))


def _main(args: argparse.Namespace) -> int:
    data = (args.data or own_folder(args.shards)).resolve()
    if args.data and args.data.resolve() != own_folder(args.shards):
        sys.stderr.write(
            f"push and pull find a server with --data by its address: LABEL_STUDIO_URL, and its token in {data / FILE}\n"
        )
    asked = ServeOptions(
        data=data, host=args.host, port=args.port or _free(args.host), postgres=args.postgres or os.environ.get(POSTGRES),
        reviewers=tuple(args.reviewer),
    )  # fmt: skip
    try:
        with stoppable(), serving(asked, lambda line: print(line, flush=True)) as (_, process):  # noqa: T201
            status = process.wait()
            raise TransientError(f"Label Studio ended by itself with {status}; {data / LOG} says why")
    except KeyboardInterrupt:
        print("stopped", flush=True)  # noqa: T201
        return 0


@contextmanager
def serving(asked: ServeOptions, say: Callable[[str], None]) -> Iterator[tuple[ReviewServer, subprocess.Popen[bytes]]]:
    """Start the server, wait until it answers, stop it at the end.

    Raises:
        UsageError: the port is taken, the data folder is in use, or settings contradict each other.
        TransientError: the server does not come up.
    """
    env = environment(say)
    asked.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (asked.data / LOCK).open("w") as lock, (asked.data / LOG).open("ab") as log:
        _claim(lock, asked)
        old = load_server(asked.data)
        server = replace(wanted(old, os.environ, asked.reviewers), url=f"http://{_spoken(asked.host)}:{asked.port}")
        _prepare(asked, env)
        save_server(asked.data, server)
        process = _start(asked, env, server, log, lock.fileno())
        try:
            _wait(server.url, process, asked.data / LOG)
            with LabelStudioClient(server.url, server.token) as client:
                sign_up(client, server.others)
            _tell(server, old, asked.data, say)
            yield server, process
        finally:
            _end(process)


def _claim(lock: IO[str], asked: ServeOptions) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        running = load_server(asked.data)
        raise UsageError(f"a server already runs on {asked.data}" + (f": {running.url}" if running else "")) from error
    with socket.socket(socket.AF_INET6 if ":" in asked.host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((asked.host, asked.port))
        except OSError as error:
            raise UsageError(f"--port {asked.port} on {asked.host}: {error.strerror}; choose another") from error


def _prepare(asked: ServeOptions, env: Environment) -> None:
    (asked.data / CLIPS).mkdir(parents=True, exist_ok=True)
    app = asked.data / APP
    app.mkdir(exist_ok=True)
    database = app / env.database.name
    if not asked.postgres and not database.exists():
        shutil.copyfile(env.database, app / ".new")
        (app / ".new").replace(database)


def _start(asked: ServeOptions, env: Environment, server: ReviewServer, log: IO[bytes], lock: int) -> subprocess.Popen[bytes]:
    settings = {
        "LABEL_STUDIO_USERNAME": server.owner.email,
        "LABEL_STUDIO_PASSWORD": server.owner.password,
        "LABEL_STUDIO_USER_TOKEN": server.token,
        "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN": "true",
        "LABEL_STUDIO_DISABLE_SIGNUP_WITHOUT_LINK": "true",
        "LABEL_STUDIO_LOCAL_FILES_SERVING_ENABLED": "true",
        # Storage must lie strictly below the document root.
        "LABEL_STUDIO_LOCAL_FILES_DOCUMENT_ROOT": str((asked.data / CLIPS).parent),
        TIED: "1",
        # A server that only this machine can reach may call a pull that waits on it; nothing else opens up.
        **egress(asked.host, os.environ),
    }
    arguments = ["start", "--no-browser", "--internal-host", asked.host, "-p", str(asked.port), "--log-level", "WARNING"]
    return subprocess.Popen(
        env.command(*arguments),
        env=silent(asked.data / APP) | settings | (_postgres(asked.postgres) if asked.postgres else {}),
        cwd=asked.data / APP, stdin=subprocess.PIPE, stdout=log, stderr=log,
        # Ctrl-C is for us, who then stop it; the lock is its as well, so that it is held as long as it lives.
        start_new_session=True, pass_fds=(lock,),
    )  # fmt: skip


def _postgres(url: str) -> dict[str, str]:
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"} or not parts.hostname or not parts.path.strip("/"):
        raise UsageError("--postgres: not of the form postgresql://USER:PASSWORD@HOST:PORT/NAME")
    return {
        "DJANGO_DB": "default",
        "POSTGRE_NAME": parts.path.strip("/"),
        "POSTGRE_USER": unquote(parts.username or "postgres"),
        "POSTGRE_PASSWORD": unquote(parts.password or ""),
        "POSTGRE_HOST": parts.hostname,
        "POSTGRE_PORT": str(parts.port or 5432),
    }


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + PATIENCE
    with httpx2.Client(base_url=url, trust_env=False, timeout=5) as http:
        while time.monotonic() < until:
            if process.poll() is not None:
                said = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1:]
                raise TransientError(f"Label Studio did not start: {''.join(said)}; more in {log}")
            try:
                if http.get("/health").status_code == 200:
                    return
            except httpx2.HTTPError:
                pass
            time.sleep(0.2)
    raise TransientError(f"Label Studio does not answer at {url} after {PATIENCE:.0f} s; {log} may say why")


def _tell(server: ReviewServer, old: ReviewServer | None, data: Path, say: Callable[[str], None]) -> None:
    known = {account.email for account in (old.owner, *old.others)} if old else set()
    for account in (server.owner, *server.others):
        if account.email not in known:
            say(f"made for you, and kept in {data / FILE}: user {account.email}  password {account.password}")
    if old is None:
        say(f"token {server.token}")
    say(f"Label Studio is ready: {server.url}  (Ctrl-C stops it)")


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    if process.stdin is not None:
        process.stdin.close()


def _free(host: str) -> int:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def _spoken(host: str) -> str:
    """Return how this machine reaches an address that a server listens on."""
    every = {"0.0.0.0": HOST, "::": "[::1]"}  # noqa: S104
    return every.get(host, f"[{host}]" if ":" in host else host)


if __name__ == "__main__":
    sys.exit(main())
