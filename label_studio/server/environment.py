"""The server's own virtual environment, made once in the cache from `server.lock`.

Label Studio cannot live in ours: it wants other versions of what we use, and its import name is `label_studio` too.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from schemas.atomic import write_atomic
from schemas.cache import cache
from schemas.errors import TransientError, UsageError

LOCK = Path(__file__).parent / "server.lock"
MAIN = Path(__file__).parent / "server_main.py"
_WHOLE = "whole"
_DATABASE = "label_studio.sqlite3"
_SILENT = {
    "COLLECT_ANALYTICS": "false",
    "LATEST_VERSION_CHECK": "false",
    "SENTRY_DSN": "",
    "FRONTEND_SENTRY_DSN": "",
}
"""Nothing is told to the vendor, and nothing asked."""
_KEPT = ("PATH", "HOME", "TMPDIR", "TZ", "LANG", "LC_", "LABEL_STUDIO_", "DJANGO_DB", "POSTGRE_")
"""How the names of variables begin that the server may see: it also reads such as HOST, CI, DEBUG and PASSWORD."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """A whole environment of the server."""

    folder: Path

    @property
    def python(self) -> Path:
        """Return its interpreter."""
        return self.folder / "venv" / "bin" / "python"

    @property
    def database(self) -> Path:
        """Return an SQLite database with all tables and no content: filling one takes the server minutes."""
        return self.folder / _DATABASE

    def command(self, *arguments: str) -> list[str]:
        """Return the command line that runs `label-studio` with these arguments."""
        return [str(self.python), "-I", str(MAIN), *arguments]


def silent(data: Path) -> dict[str, str]:
    """Return the variables of a server that keeps its things in `data` and phones nobody."""
    kept = {name: value for name, value in os.environ.items() if name.startswith(_KEPT)}
    return kept | _SILENT | {"LABEL_STUDIO_BASE_DATA_DIR": str(data)}


def environment(say: Callable[[str], None] = lambda _: None) -> Environment:
    """Return the environment, made first where it is missing, broken or half made.

    Raises:
        TransientError: the packages could not be installed; the message ends with what the installer said.
    """
    made = Environment(folder=_place())
    made.folder.mkdir(parents=True, exist_ok=True)
    with _alone(made.folder / "lock"):
        if not ((made.folder / _WHOLE).exists() and made.python.exists()):
            (made.folder / _WHOLE).unlink(missing_ok=True)
            say("Label Studio's own environment is made once: 1 GB of packages, then 2 minutes for its database")
            _install(made)
            _migrate(made)
            write_atomic(made.folder / _WHOLE, b"")
    return made


def _place() -> Path:
    key = hashlib.sha256(LOCK.read_bytes()).hexdigest()[:12]
    return cache() / "label-studio" / f"{key}-py{sys.version_info.major}{sys.version_info.minor}"


def _install(made: Environment) -> None:
    venv = made.folder / "venv"
    python = getattr(sys, "_base_executable", sys.executable)
    pip = [
        [python, "-m", "venv", str(venv)],
        [str(made.python), "-m", "pip", "install", "-q", "--require-hashes", "-r", str(LOCK)],
    ]
    uv = [
        ["uv", "venv", "-q", "--python", python, str(venv)],
        ["uv", "pip", "install", "-q", "--python", str(made.python), "--require-hashes", "-r", str(LOCK)],
    ]
    failure = ""
    for steps in [uv, pip] if shutil.which("uv") else [pip]:
        shutil.rmtree(venv, ignore_errors=True)
        failure = next((said for step in steps if (said := _failed(step, os.environ))), "")
        if not failure:
            return
    raise TransientError(f"the packages of {LOCK} could not be installed into {venv}: {failure}")


def _migrate(made: Environment) -> None:
    scratch = made.folder / "scratch"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir()
    # Whatever the command, the server brings its database up to date first.
    failure = _failed(made.command("version"), silent(scratch) | {"DJANGO_DB": "sqlite"})
    if failure:
        raise UsageError(f"Label Studio could not make its database in {scratch}: {failure}")
    (scratch / _DATABASE).replace(made.database)
    shutil.rmtree(scratch)


def _failed(command: list[str], env: Mapping[str, str]) -> str:
    """Run; return "" or the last lines of what it said."""
    run = subprocess.run(
        command, env=dict(env), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    return "" if run.returncode == 0 else " ".join(run.stdout.split()[-60:]) or f"{command[0]} ended with {run.returncode}"


@contextmanager
def _alone(file: Path) -> Iterator[None]:
    with file.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
