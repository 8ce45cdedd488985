"""What a media file holds: its streams, its times, and where each picture can be decoded from."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any

from annotators.media import processes
from schemas.errors import ItemError

STANDARD = tuple(Fraction(rate) for rate in ("12", "15", "24000/1001", "24", "25", "30000/1001", "30", "50", "60000/1001", "60"))
"""Picture rates that players and annotation tools know, in Hz."""
JITTER = 0.002
"""Seconds by which one and the same time may differ: Matroska and our spans are rounded to milliseconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoStream:
    """Width and height are those of the displayed picture: square pixels, after rotation."""

    index: int
    codec: str
    width: int
    height: int
    rotation: int
    """Degrees, as the file says it: 0, 90, -90 or 180."""
    rate: Fraction
    """Frames per second: exact where the rate is constant, else the average."""
    constant: bool
    start: float
    """First picture, in seconds from time 0."""
    end: float
    """Where the last picture goes away, in seconds from time 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioStream:
    """The audio track that is used: the default one, else the first."""

    index: int
    codec: str
    channels: int
    sample_rate: int
    start: float
    """First sample, in seconds from time 0."""
    tracks: int
    """How many audio tracks the file has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaInfo:
    """What a file holds. At least one of `video` and `audio` is there."""

    duration: float
    """Seconds from time 0 to the end of the last stream."""
    origin: float
    """What the container's own clock says at time 0, in seconds."""
    video: VideoStream | None
    audio: AudioStream | None


def probe(path: Path) -> MediaInfo:
    """Return what a file holds.

    Raises:
        ItemError: it is empty, not media, or breaks off; the message says so in words.
    """
    try:
        stat = path.stat()
    except OSError as error:
        raise ItemError(f"it cannot be read any more: {error.strerror}") from error
    return _probe(path, stat.st_size, stat.st_mtime_ns)


def shown_at(path: Path, info: MediaInfo, time: float) -> tuple[float, float | None]:
    """Return where the picture that stands at `time` can be decoded from, and since when it stands (None: before the first)."""
    if info.video is None:
        raise ItemError("it has no picture")
    index = ("-select_streams", str(info.video.index), "-show_entries", "packet=pts_time,flags")
    at = info.origin + time
    # A seek need not land on a key frame (MPEG-TS): look farther back until there is one.
    for back in (0.0, 5.0, 60.0, math.inf):
        since = f"{at - back:.6f}" if back < time else ""
        told = processes.ask(path, *index, "-read_intervals", f"{since}%{at + 0.5:.6f}")
        packets = [packet for packet in told.get("packets", []) if "pts_time" in packet]
        before = [(float(packet["pts_time"]), packet["flags"]) for packet in packets if float(packet["pts_time"]) <= at + JITTER]
        keys = [pts for pts, flags in before if "K" in flags]
        if keys:
            shown = [pts for pts, flags in before if "D" not in flags]
            return max(0.0, max(keys) - info.origin), max(shown) - info.origin if shown else None
        if not since:
            break
    return 0.0, None


@lru_cache(maxsize=512)
def _probe(path: Path, size: int, changed: int) -> MediaInfo:
    if size == 0:
        raise ItemError("the file is empty (0 bytes)")
    told = processes.ask(path, "-show_format", "-show_streams")
    streams = [s for s in told.get("streams", []) if not s.get("disposition", {}).get("attached_pic")]
    origin = float(told.get("format", {}).get("start_time") or 0.0)
    announced = float(told.get("format", {}).get("duration") or 0.0)
    duration = _reached(path, announced, origin)
    video = _video([s for s in streams if s.get("codec_type") == "video"], origin, duration)
    audio = _audio([s for s in streams if s.get("codec_type") == "audio"], origin)
    if video is None and audio is None:
        raise ItemError("it holds neither picture nor sound")
    if duration <= 0.0:
        raise ItemError("it holds no picture and no sound that lasts")
    # Matroska announces where its clock ends, others how long they last.
    promised = announced - max(0.0, origin) if abs(announced - origin - duration) < abs(announced - duration) else announced
    if duration < min(promised - 2.0, 0.9 * promised):
        raise ItemError(f"it breaks off at {duration:.1f} s of {promised:.1f} s; the file is not whole")
    return MediaInfo(duration=duration, origin=origin, video=video, audio=audio)


def _reached(path: Path, announced: float, origin: float) -> float:
    """Return where the last packet of picture or sound stops, in seconds from time 0."""
    wanted = ("-show_entries", "stream=index,codec_type:packet=stream_index,pts_time,duration_time,flags")
    for interval in (f"{origin + announced - 10.0:.3f}%", "%") if announced > 10.0 else ("%",):
        told = processes.ask(path, "-read_intervals", interval, *wanted)
        heard = {stream["index"] for stream in told.get("streams", []) if stream.get("codec_type") in {"video", "audio"}}
        packets = [p for p in told.get("packets", []) if p["stream_index"] in heard and "pts_time" in p and "D" not in p["flags"]]
        if packets:
            return max(float(p["pts_time"]) + float(p.get("duration_time") or 0.0) for p in packets) - origin
    return 0.0


def _video(streams: list[dict[str, Any]], origin: float, duration: float) -> VideoStream | None:
    found = [stream for stream in streams if stream.get("width") and stream.get("height")]
    if not found:
        return None
    stream = found[0]
    rotation = round(sum(side.get("rotation", 0) for side in stream.get("side_data_list", [])))
    shape = _rate(str(stream.get("sample_aspect_ratio", "1:1")).replace(":", "/"))
    width, height = round(stream["width"] * (shape if 0.1 < shape < 10 else 1)), int(stream["height"])
    turned = round(rotation / 90) % 2 == 1
    base, average = (_rate(stream.get(key)) for key in ("r_frame_rate", "avg_frame_rate"))
    # Equal but odd is ffprobe's guess at a variable rate.
    known = base.denominator == 1 or any(abs(base - rate) < rate / 1000 for rate in STANDARD)
    constant = base > 0 and abs(base - average) <= base / 1000 and known
    start = float(stream.get("start_time") or origin) - origin
    return VideoStream(
        index=int(stream["index"]),
        codec=str(stream.get("codec_name")),
        width=height if turned else width,
        height=width if turned else height,
        rotation=rotation,
        rate=(base if constant else average) or Fraction(25),
        constant=constant,
        start=start,
        end=start + float(stream["duration"]) if "duration" in stream else duration,
    )


def _audio(streams: list[dict[str, Any]], origin: float) -> AudioStream | None:
    found = [stream for stream in streams if int(stream.get("channels") or 0)]
    if not found:
        return None
    stream = next((s for s in found if s.get("disposition", {}).get("default")), found[0])
    return AudioStream(
        index=int(stream["index"]),
        codec=str(stream.get("codec_name")),
        channels=int(stream["channels"]),
        sample_rate=int(stream["sample_rate"]),
        start=float(stream.get("start_time") or origin) - origin,
        tracks=len(found),
    )


def _rate(text: object) -> Fraction:
    try:
        return Fraction(str(text))
    except (ValueError, ZeroDivisionError):
        return Fraction(0)
