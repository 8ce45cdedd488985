"""What a Hub keeps: repositories with commits and tags, and files beside git by their hash."""

import hashlib
import json
import threading
from collections import Counter
from dataclasses import dataclass, field, replace

TOKEN, OTHERS = "hf_" + "k" * 34, "hf_" + "m" * 34
USERS = {TOKEN: ("lab", ("lab", "consortium")), OTHERS: ("stranger", ("stranger",))}
BESIDE_GIT = (".parquet", ".mp4", ".flac", ".jpg", ".wav")


@dataclass(frozen=True)
class File:
    """One file of a commit; `beside` git it is known by its sha256, else by its id in git."""

    content: bytes
    beside: bool

    @property
    def oid(self):
        return git_hash(pointer(self.content) if self.beside else self.content)

    @property
    def sha256(self):
        return hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True)
class Commit:
    title: str
    parent: str | None
    files: dict
    number: int

    @property
    def oid(self):
        files = sorted((path, file.oid) for path, file in self.files.items())
        return hashlib.sha1(json.dumps([self.title, self.parent, files, self.number]).encode()).hexdigest()


@dataclass
class Repo:
    private: bool
    commits: dict = field(default_factory=dict)
    main: str = ""
    tags: dict = field(default_factory=dict)

    def add(self, title, files):
        made = Commit(title, self.main or None, files, len(self.commits))
        self.commits[made.oid] = made
        self.main = made.oid
        return made.oid

    def at(self, revision):
        return self.commits.get({"main": self.main, **self.tags}.get(revision, revision))


def git_hash(content):
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def pointer(content):
    digest = hashlib.sha256(content).hexdigest()
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{digest}\nsize {len(content)}\n".encode()


class Refusal(Exception):
    def __init__(self, status, code="", says=""):
        self.status, self.code, self.says = status, code, says


class Hub:
    """Repositories; what is stored beside git and how often it was sent; every request: method, path without what follows `?`.

    `before` and `after` see each request with its number; what they return becomes of it: a status, or "lost" without an answer.
    """

    def __init__(self):
        self.repos, self.stored, self.asked, self.sent = {}, {}, [], Counter()
        self.lock = threading.RLock()
        self.before = self.after = lambda number, method, path: None

    def state(self, repo):
        """Return all that others can see of a repository: tags and the files of main, by their hashes."""
        held = self.repos[repo]
        return {
            "tags": {name: {path: file.sha256 for path, file in held.at(name).files.items()} for name in held.tags},
            "main": {path: file.sha256 for path, file in held.at("main").files.items()},
        }


def entry(path, file):
    found = {"type": "file", "path": path, "oid": file.oid, "size": len(file.content)}
    pointed = {"oid": file.sha256, "size": len(file.content), "pointerSize": len(pointer(file.content))}
    return found | ({"lfs": pointed} if file.beside else {})


def spoilt(repo, path, content):
    """Put other bytes in the place of a file of main, as if somebody had edited it there."""
    files = dict(repo.at("main").files)
    files[path] = replace(files.get(path, File(b"", beside=False)), content=content)
    repo.add("Edit by hand", files)
