"""What must not leave with a version: secrets, e-mail addresses, and where and by whom it was made.

Text that we write ourselves (manifest, card, metadata of Parquet files) is read strictly; what was said and written about clips
is searched for what cannot be meant. Of a secret only the place is told.
"""

from __future__ import annotations

import getpass
import mmap
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.publish.selection import Selection, UploadFile

SECRETS = {
    "a token of the Hub": r"\b(?:hf|api_org)_[A-Za-z0-9]{20,}",
    "a key of a model's service": r"\bsk-[A-Za-z0-9_-]{20,}|\bAIza[\w-]{35}|\br8_[A-Za-z0-9]{30,}",
    "a token of a code forge": r"\b(?:gh[pousr]_[A-Za-z0-9]{30,}|github_pat_\w{30,}|glpat-[\w-]{20,}|(?:pypi-|npm_)[\w-]{30,})",
    "a key of a cloud": r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|\bxox[abeoprs]-[\w-]{10,}",
    "a private key": r"-----BEGIN [A-Z ]*PRIVATE KEY",
    "a signed token": r"\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.",
    "a password in an address": r"\b[a-z][a-z0-9+.-]*://[^\s/:@\"']*:[^\s/@\"']+@",
    "a password or key": r"(?i:(?:api[_-]?key|secret|passw(?:or)?d|(?:auth|access|bearer)[_-]?token)[\"'\\]*\s*[:=]\s*[\"'\\]*)"
    r"[^\s\"'\\,;}]{8,}",
}
_SECRETS = {kind: re.compile(pattern) for kind, pattern in SECRETS.items()}
# After the last dot only letters: `words.tool@1.2` is an author, not an address.
_ADDRESS = re.compile(r"[\w.%+-]+@(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,}\b(?![#+])")
# fmt: off
_ROOTS = "|".join((
    "Users", "Volumes", "beegfs", "cluster", "data", "etc", "export", "gpfs", "home", "lustre", "media", "mnt", "nfs", "opt",
    "private", "proc", "root", "run", "scratch", "srv", "storage", "tmp", "usr", "var", "work", "workspace", "workspaces",
))
# fmt: on
_PLACE = re.compile(
    rf"(?<![\w./:~-])(?:/(?:{_ROOTS})|~)/[\w.@%+~-]+(?:/[\w.@%+~-]+)*|\b(?:file|smb|nfs|afp|sftp):/+\w[^\s\"']*"
    rf"|(?<!\w)[A-Za-z]:(?:\\{{1,2}}|/)\w[^\s\"']*"
)
_ANY_PLACE = re.compile(r"(?:(?<=[\"'(=\s`])|^)(?:/[\w.@%+~-]+){2,}", re.MULTILINE)
_WHOLE_PLACE = re.compile(r"(?:/[^/\n]+){2,}", re.MULTILINE)
_SECRET_NAME = re.compile(r"TOKEN|KEY|SECRET|PASSW|CREDENTIAL", re.IGNORECASE)
_ANYBODY = frozenset(
    ("root", "user", "admin", "administrator", "ubuntu", "debian", "runner", "jovyan", "data", "daemon", "nobody")
)
_SHORTEST_SECRET, _SHORTEST_NAME = 8, 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Leak:
    """Something that must not leave; `shown` is empty where it is a secret."""

    where: str
    kind: str
    shown: str = ""

    def __str__(self) -> str:
        return f"{self.where}: {self.kind}{': ' * bool(self.shown)}{self.shown}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """What this machine must not give away, and what the user lets pass."""

    own: tuple[tuple[str, str], ...]
    """Secrets of the environment: name of the variable, value."""
    home: str
    user: str
    allowed: frozenset[str] = frozenset()

    def leaks(self, text: str, where: str, strict: bool) -> Iterator[Leak]:
        """Yield what must not leave of a text; a strict text is one that only we write."""
        yield from (Leak(where=where, kind=f"the value of {name}") for name, value in self.own if value in text)
        for kind, pattern in _SECRETS.items():
            if any(match[0] not in self.allowed for match in pattern.finditer(text)):
                yield Leak(where=where, kind=kind)
        shown = [("an e-mail address", match[0]) for match in _ADDRESS.finditer(text)]
        places = [_PLACE, _ANY_PLACE] if strict else [_PLACE]
        found = {match[0] for pattern in places for match in pattern.finditer(text)}
        found |= set() if strict else {line for line in text.split("\n") if _WHOLE_PLACE.fullmatch(line)}
        if (
            self.home
            and re.search(rf"(?<![\w.:/-]){re.escape(self.home)}(?![\w-])", text)
            and not any(self.home in place for place in found)
        ):
            found.add(self.home)
        shown += [("a path of this machine", place) for place in sorted(found)]
        if strict and self.user and re.search(rf"(?<!\w){re.escape(self.user)}(?!\w)", text):
            shown.append(("the name of the user", self.user))
        for kind, what in dict.fromkeys(shown):
            if what not in self.allowed:
                yield Leak(where=where, kind=kind, shown=what[:120])

    @property
    def literals(self) -> tuple[tuple[str, bytes], ...]:
        """Return what is searched for in media too, byte by byte."""
        home = (("a path of this machine", self.home.encode()),) if len(self.home) > len("/root") else ()
        return (*((f"the value of {name}", value.encode()) for name, value in self.own), *home)


def guard(environment: Mapping[str, str], allowed: Sequence[str] = ()) -> Guard:
    """Return what this machine must not give away."""
    own = {(name, value) for name, value in environment.items() if _SECRET_NAME.search(name) and len(value) >= _SHORTEST_SECRET}
    # Values that name a file or a switch are no secrets, and the file is found as a path.
    own = {(name, value) for name, value in own if not value.startswith("/") and value.casefold() not in {"disabled", "required"}}
    home, user = str(Path.home()).rstrip("/"), _user()
    named = user if len(user) >= _SHORTEST_NAME and user.casefold() not in _ANYBODY else ""
    return Guard(own=tuple(sorted(own)), home=home, user=named, allowed=frozenset(allowed))


def leaks(goods: Selection, guarding: Guard) -> Iterator[Leak]:
    """Yield all that must not leave of what would."""
    for item in goods.items:
        yield from guarding.leaks(item.path, f"the name of {item.path}", strict=False)
        if item in goods.last:
            yield from guarding.leaks(item.content.decode("utf-8", "replace"), item.path, strict=True)
        elif item.place is not None:
            yield from _literal(item, item.place, guarding)
            if item.path.endswith(".parquet"):
                yield from _shard(item.path, item.place, guarding)


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container may run as a number that no name is known for
        return ""


def _literal(item: UploadFile, place: Path, guarding: Guard) -> Iterator[Leak]:
    if not item.size:
        return
    with place.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        for kind, value in guarding.literals:
            if data.find(value) >= 0 and value.decode() not in guarding.allowed:
                yield Leak(where=f"the bytes of {item.path}", kind=kind)


def _shard(path: str, place: Path, guarding: Guard) -> Iterator[Leak]:
    with pq.ParquetFile(place) as shard:
        for key, value in {**(shard.metadata.metadata or {}), **(shard.schema_arrow.metadata or {})}.items():
            if key != b"ARROW:schema":
                yield from guarding.leaks(value.decode("utf-8", "replace"), f"{path}, metadata {key.decode()}", strict=True)
        names = [name for name in shard.schema.names if name]
        columns = [shard.schema.column(n).path for n in range(len(names)) if shard.schema.column(n).logical_type.type == "STRING"]
        told: set[Leak] = set()
        for group in range(shard.num_row_groups):
            table = shard.read_row_group(group, columns=columns)
            for column in table.column_names:
                for name, text in _texts(column, table[column].combine_chunks()):
                    new = set(guarding.leaks(text, f"{path}, column {name}", strict=False)) - told
                    told |= new
                    yield from sorted(new, key=str)


def _texts(name: str, values: Any) -> Iterator[tuple[str, str]]:
    """Yield the text of each column of strings in a column, its different values on a line each."""
    kind = values.type
    if pa.types.is_struct(kind):
        for number, field in enumerate(kind):
            yield from _texts(f"{name}.{field.name}", pc.struct_field(values, [number]))
    elif pa.types.is_list(kind):
        yield from _texts(name, pc.list_flatten(values))
    elif pa.types.is_string(kind):
        yield name, "\n".join(one for one in values.unique().to_pylist() if one is not None)
