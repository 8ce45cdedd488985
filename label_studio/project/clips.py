"""How reviewers' browsers come by the media of a clip, whatever server they use."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

from label_studio.project import tasks
from label_studio.project.players import SILENT, SOUND, VIDEO
from label_studio.project.silent import silenced
from label_studio.server.client import LabelStudioClient
from schemas.claims import MediaFile
from schemas.errors import ItemError
from schemas.record import Clip

COLUMNS = {"video": (VIDEO, SILENT), "audio": (SOUND,)}
"""Columns of a version with what is played of each."""
_STORAGE, _MARK = "clips", "[affectory files]"
_UPLOAD, _FILES = 64 * 2**20, 90
"""Bytes, and files, that go to another server in one request."""


class MediaHost(tasks.Media, Protocol):
    """Where the files of clips are, for a browser, and how they come there."""

    def open(self, project: int) -> None:
        """Let those who see a project have files."""

    def put(self, found: Iterable[Clip], version: Path) -> None:
        """Make the files of these clips available."""


class Local:
    """Our own server: files below its document root, read-only, named by clip."""

    def __init__(self, client: LabelStudioClient, folder: Path, version: str) -> None:
        self._client, self._folder, self._version = client, folder, version

    def url(self, clip_id: str, kind: str) -> str:
        """Return the address on the server; it answers those who are logged in."""
        return f"/data/local-files/?d={quote(f'{_STORAGE}/{self._version}/{clip_id}.{kind}')}"

    def open(self, project: int) -> None:
        """Give the project a storage: without one, the server hides the files."""
        path = str(self._folder)
        storages = self._client.get("/api/storages/localfiles", project=project)
        if not any(storage["path"] == path for storage in storages):
            storage = {"project": project, "path": path, "title": _STORAGE, "use_blob_urls": True}
            self._client.post("/api/storages/localfiles", storage)

    def put(self, found: Iterable[Clip], version: Path) -> None:
        """Write what is not there yet."""
        place = self._folder / self._version
        place.mkdir(parents=True, exist_ok=True)
        for clip in found:
            for name, file in clip_files(clip, version):
                if not (place / name).exists():
                    file.put(place / name)


class Uploaded:
    """Any other server: files are uploaded, once, into a project of their own.

    Not into those with the tasks: a project whose form shows more than one thing takes no files. Where a server has roles, who
    reviews must be a member of this project as well.
    """

    def __init__(self, client: LabelStudioClient) -> None:
        self._client = client
        self._there: dict[str, str] = {}
        old = [one["id"] for one in client.pages("/api/projects") if _MARK in (one["description"] or "")]
        self._project = min(old) if old else None
        self._look()

    def url(self, clip_id: str, kind: str) -> str:
        """Return the address on the server.

        Raises:
            ItemError: the file has not been uploaded.
        """
        try:
            return self._there[f"{clip_id}.{kind}"]
        except KeyError as error:
            raise ItemError(f"the server has no {clip_id}.{kind}") from error

    def open(self, project: int) -> None:
        """Do nothing: who is logged in has the files."""

    def put(self, found: Iterable[Clip], version: Path) -> None:
        """Upload what is not there yet; what is there is told by its name."""
        batch: list[tuple[str, bytes]] = []
        size = 0
        for name, file in (file for clip in found for file in clip_files(clip, version)):
            if name in self._there:
                continue
            data = file.read()
            if batch and (size + len(data) > _UPLOAD or len(batch) == _FILES):
                self._send(batch)
                batch, size = [], 0
            batch.append((name, data))
            size += len(data)
        if batch:
            self._send(batch)

    def _send(self, batch: list[tuple[str, bytes]]) -> None:
        if self._project is None:
            self._project = self._client.post("/api/projects", {"title": "Affectory: files", "description": _MARK})["id"]
        self._client.upload(f"/api/projects/{self._project}/import", batch, commit_to_project="false")
        self._look()

    def _look(self) -> None:
        if self._project is not None:
            # The server puts some digits and a dash before the name.
            for file in self._client.get(f"/api/projects/{self._project}/file-uploads", all="true"):
                self._there[file["file"].rpartition("/")[2].partition("-")[2]] = f"/data/{file['file']}"


class Linked:
    """Files that somebody else serves: BASE/VERSION/CLIP.KIND."""

    def __init__(self, base: str, version: str) -> None:
        self._base = f"{base.rstrip('/')}/{quote(version)}"

    def url(self, clip_id: str, kind: str) -> str:
        """Return the address."""
        return f"{self._base}/{clip_id}.{kind}"

    def open(self, project: int) -> None:
        """Do nothing: anybody may have them."""

    def put(self, found: Iterable[Clip], version: Path) -> None:
        """Do nothing: they are there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file that a browser plays, in memory or in the version; `silent`: without its sound."""

    data: bytes | None
    path: Path
    silent: bool = False

    def read(self) -> bytes:
        """Return its bytes."""
        data = self.data or self.path.read_bytes()
        return silenced(data) if self.silent else data

    def put(self, place: Path) -> None:
        """Put it there whole and read-only; what the version keeps beside its rows is linked where it can be."""
        with tempfile.TemporaryDirectory(dir=place.parent, prefix=".") as folder:
            new = Path(folder, place.name)
            if self.data is None and not self.silent and _linked(self.path, new):
                new.replace(place)
                return
            new.write_bytes(self.read())
            new.chmod(0o444)
            new.replace(place)


def clip_files(clip: Clip, version: Path) -> Iterator[tuple[str, File]]:
    """Yield name and file of all that a clip has to play."""
    for column, kinds in COLUMNS.items():
        media: MediaFile | None = getattr(clip, column)
        if media is None or not (media.bytes or media.path):
            continue
        for kind in kinds:
            file = File(data=media.bytes or None, path=version / (media.path or ""), silent=kind == SILENT)
            yield f"{clip.clip_id}.{kind}", file


def _linked(old: Path, new: Path) -> bool:
    try:
        new.hardlink_to(old)
    except OSError:
        return False
    return True
