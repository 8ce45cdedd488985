"""Subtitles that a media file holds as a stream of text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ffmpeg

from annotators.media import processes
from schemas.errors import UsageError
from schemas.vocabulary.languages import language_code
from schemas.vocabulary.sidecars import SidecarMarks

_STYLED = {"ass", "ssa"}
_TEXT = {"subrip", "srt", "webvtt", "mov_text", "text"} | _STYLED
"""Codecs of text; the others are pictures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubtitleStream:
    """A stream of text, and what the file says of it."""

    index: int
    marks: SidecarMarks


def subtitle_streams(told: Mapping[str, Any]) -> tuple[SubtitleStream, ...]:
    """Return the streams of text among those that ffprobe tells of, but for comments on the film."""
    streams = [one for one in told.get("streams", []) if one.get("codec_type") == "subtitle" and one.get("codec_name") in _TEXT]
    spoken = (one for one in streams if not one.get("disposition", {}).get("comment"))
    return tuple(SubtitleStream(index=int(one["index"]), marks=_marks(one)) for one in spoken)


def _marks(stream: Mapping[str, Any]) -> SidecarMarks:
    tags = {key.lower(): str(value) for key, value in stream.get("tags", {}).items()}
    said, title = stream.get("disposition", {}), tags.get("title", "").casefold()
    return SidecarMarks(
        language=_language(tags.get("language", "und")),
        deaf=bool(said.get("hearing_impaired") or said.get("captions")) or "sdh" in title,
        forced=bool(said.get("forced")) or "forced" in title,
        original=bool(said.get("original")),
    )


def _language(tag: str) -> str | None:
    try:
        return language_code(tag) if tag.casefold() not in {"und", "mul", "mis", "zxx"} else None
    except UsageError:
        return None


def stream_text(path: Path, index: int, origin: float) -> str:
    """Return a stream of text as SubRip, or as SubStation Alpha where it is that; times count from what is `origin` on its clock.

    Raises:
        ItemError: it cannot be read.
    """
    codec = next((one["codec_name"] for one in processes.ask(path, "-show_streams")["streams"] if one["index"] == index), "")
    source = ffmpeg.input(processes.url(path), **processes.ONE_FILE, copyts=None)[str(index)]
    kind = "ass" if codec in _STYLED else "srt"
    output = source.output("pipe:", format=kind, scodec=kind, output_ts_offset=f"{-origin:.6f}")
    return processes.run_ffmpeg(path, output.get_args()).decode("utf-8", "replace")
