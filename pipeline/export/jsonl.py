"""JSON Lines: one clip a line, with all its claims and their authors, and its media as files beside."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, ClassVar, Literal

from pydantic import TypeAdapter

from pipeline.export.exporter import Exporter
from pipeline.export.outlet import Outlet
from schemas.claims import MediaFile
from schemas.record import Clip

FILE = "clips.jsonl"
_BREAKS = str.maketrans({sign: f"\\u{ord(sign):04x}" for sign in "\x85\u2028\u2029"})
"""Signs that JSON allows inside a text, and that many readers take for the end of a line."""


@dataclass(frozen=True, kw_only=True)
class JsonLines(Exporter):
    """`clips.jsonl` in UTF-8: the columns of the version, in their order; times in seconds, as they are there."""

    name: ClassVar[str] = "jsonl"
    version: ClassVar[str] = "1"
    says: ClassVar[str] = "one clip a line, with every claim and its author; media as files"
    omits: ClassVar[str] = "key frames other than the best still of the target's face"

    media: Literal["files", "none"] = "files"
    """files: video, sound and still of each clip in media/; none: no media at all."""

    def write(self, clips: Iterable[Clip], out: Outlet) -> None:
        """Write a line for each clip."""
        with (out.folder / FILE).open("w", encoding="utf-8", newline="\n") as file:
            for clip in clips:
                text = json.dumps(self._line(clip, out), ensure_ascii=False, allow_nan=False)
                file.write(text.translate(_BREAKS) + "\n")

    def _line(self, clip: Clip, out: Outlet) -> dict[str, Any]:
        bare = replace(clip, video=None, audio=None, image=None, frames=())
        if self.media == "files":
            bare = replace(
                bare,
                video=_beside(out.media(clip, "video")),
                audio=_beside(out.media(clip, "audio")),
                image=_beside(out.media(clip, "image")),
            )
        line: dict[str, Any] = _clips().dump_python(bare, mode="json")
        line |= {name: line[name] and line[name]["path"] for name in ("video", "audio", "image")}
        del line["frames"]
        return {name: line[name] for name in (*Clip.LEADING, *(name for name in line if name not in Clip.LEADING))}


def _beside(path: str | None) -> MediaFile | None:
    return MediaFile(path=path) if path is not None else None


@cache
def _clips() -> TypeAdapter[Clip]:
    return TypeAdapter(Clip)
