"""Take one file out of a named package on the user's Python index, pinned by sha256, without installing or building anything.

`pip download` is no help here: for a source archive it runs the package's own build. So this reads the index itself, the one
that pip is set up for, by the simple-repository API (PEP 503).
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import urllib.parse
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import IO

from annotators.models.download import PATIENT, Patience, download_bytes, download_file
from schemas.errors import UsageError

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


def extract(file: Packaged, out: Path, archives: Path | None = None) -> None:
    """Write the file to `out`, whole or not at all.

    `archives` is a folder where the archive is looked for and left, for when more than one file of it is wanted.

    Raises:
        UsageError: the index has no such archive, or not these bytes, or the archive has no such file.
        TransientError: the index cannot be reached.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".") as folder:
        archive = (archives or Path(folder)) / file.archive
        if not archive.is_file():
            download(file, archive)
        whole = Path(folder) / "whole"
        with whole.open("wb") as to, _member(archive, file.member) as data:
            shutil.copyfileobj(data, to, _BLOCK)
        whole.replace(out)


def download(file: Packaged, out: Path, patience: Patience = PATIENT) -> None:
    """Write the whole archive to `out` and check its hash; raise as `extract` does."""
    address = _address(file, patience)
    download_file(address, out, _authorisation(address), patience)
    with out.open("rb") as data:
        found = hashlib.file_digest(data, "sha256").hexdigest()
    if found != file.archive_sha256:
        out.unlink()
        raise UsageError(f"{file.archive} is not the pinned file: sha256 {found}, pinned {file.archive_sha256}")


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


def _address(file: Packaged, patience: Patience) -> str:
    parts = urllib.parse.urlsplit(index())
    bare = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl().rstrip("/")
    page = f"{bare}/{re.sub(r'[-_.]+', '-', file.project).lower()}/"
    base, content = download_bytes(page, _authorisation(page), patience)
    links = _Links()
    links.feed(content.decode("utf-8", "replace"))
    for href in links.hrefs:
        address = urllib.parse.urljoin(base, href)
        if urllib.parse.unquote(urllib.parse.urlsplit(address).path).endswith(f"/{file.archive}"):
            return urllib.parse.urldefrag(address).url
    raise UsageError(f"the Python index has no {file.archive}")


def _authorisation(address: str) -> str | None:
    """Return the index's user and password, as they stand in its address, for an address on the same host."""
    own = urllib.parse.urlsplit(index())
    if own.username is None or urllib.parse.urlsplit(address).hostname != own.hostname:
        return None
    pair = f"{urllib.parse.unquote(own.username)}:{urllib.parse.unquote(own.password or '')}"
    return "Basic " + base64.b64encode(pair.encode()).decode()


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
