"""Where an exporter writes: a folder that nobody sees until it is whole, and what is told of the clips."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Literal

from schemas.claims import MediaFile
from schemas.errors import UsageError
from schemas.record import Clip

MEDIA = "media"
_SUFFIXES = {"video": "mp4", "audio": "flac", "image": "jpg"}


class Outlet:
    """The folder of one export while it is made."""

    def __init__(self, folder: Path, version: Path) -> None:
        self.folder = folder
        """Empty at first; all that lies in it at the end is the export."""
        self.left_out: Counter[str] = Counter()
        self._version = version

    def media(self, clip: Clip, kind: Literal["video", "audio", "image"]) -> str | None:
        """Write the picture with sound, the sound or the best still of a clip; return its path from the folder, None without one.

        Raises:
            UsageError: a file beside the version is gone.
        """
        held: MediaFile | None = getattr(clip, kind)
        if held is None:
            return None
        path = Path(MEDIA) / f"{clip.clip_id}.{_SUFFIXES[kind]}"
        place = self.folder / path
        place.parent.mkdir(exist_ok=True)
        try:
            data = (
                bytes(held.bytes) if held.bytes is not None else (self._version / MEDIA / Path(str(held.path)).name).read_bytes()
            )
        except OSError as error:
            raise UsageError(f"{held.path}, which clip {clip.clip_id} names, cannot be read: {error.strerror}") from error
        place.write_bytes(data)
        return path.as_posix()

    def leave_out(self, clip: Clip, reason: str) -> None:
        """Count a clip that the format cannot hold; `reason` is the same for all clips of a kind."""
        if not reason:
            raise ValueError(f"clip {clip.clip_id} is left out without a reason")
        self.left_out[reason] += 1
