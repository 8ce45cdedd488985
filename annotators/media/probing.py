"""What a media file holds: its streams, its times, and where each picture can be decoded from."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from annotators.media import processes
from annotators.media.containers import seconds_of_header
from annotators.media.packets import read_packets
from annotators.media.skipped import Skip, skips
from annotators.media.subtitle_streams import SubtitleStream, subtitle_streams
from annotators.media.timeline import Section, Timeline, Track, lay
from schemas.errors import ItemError
from schemas.values import Span

STANDARD = tuple(Fraction(rate) for rate in ("12", "15", "24000/1001", "24", "25", "30000/1001", "30", "50", "60000/1001", "60"))
"""Picture rates that players and annotation tools know, in Hz."""
_GUESSED = {"mp3", "aac", "mpegts", "mpeg", "mpegvideo", "amr", "h264", "hevc", "ac3", "eac3", "dts"}
"""Formats whose length ffprobe reckons from the bit rate or from the last stamp."""
_UNSURE = 25
"""What ffprobe gives for a format that it guesses, of 100."""
_STILL = Fraction(2)
"""Pictures per second of what may be slides or a cover."""
_HDR = {"smpte2084": "HDR (PQ)", "arib-std-b67": "HDR (HLG)"}
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
    stretches: tuple[int, ...] = (0,)
    """In which stretches of the file it has pictures, in their order."""
    damaged: tuple[float, ...] = ()
    """What the container's clock says of pictures whose stamps are damaged."""
    gaps: tuple[Span, ...] = ()
    """Where it has no pictures between its start and its end, in seconds from time 0."""
    skips: tuple[Skip, ...] = ()
    """What the container's clock does not count of it."""
    alone: bool = True
    """No other stream of pictures is in the file, by whose key frames ffmpeg might seek."""
    interlaced: bool = False
    """Each picture is two, a line from each in turn."""
    hdr: str | None = None
    """HDR (PQ) or HDR (HLG): brighter than a screen can show (ITU-R BT.2100)."""
    square: bool = True
    """Its pixels are as wide as they are high before it is displayed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioStream:
    """The audio track that is used: the default one, else the first."""

    index: int
    codec: str
    channels: int
    sample_rate: int
    start: float
    """First sample, in seconds from time 0."""
    end: float
    """Where the last one is over, in seconds from time 0."""
    tracks: int
    """How many audio tracks the file has."""
    stretches: tuple[int, ...] = (0,)
    """In which stretches of the file it has sound, in their order."""
    gaps: tuple[Span, ...] = ()
    """Where it has no samples between its start and its end, in seconds from time 0."""
    skips: tuple[Skip, ...] = ()
    """What the container's clock does not count of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaInfo:
    """What a file holds. At least one of `video` and `audio` is there."""

    duration: float
    """Seconds from time 0 to the end of the last stream."""
    stretches: tuple[Section, ...]
    """The parts of it between which its clock was set anew; nearly always one."""
    opened: float
    """What the container's clock says where ffmpeg's seeks begin to count, in seconds."""
    video: VideoStream | None
    audio: AudioStream | None
    subtitles: tuple[SubtitleStream, ...] = ()
    missing: float = 0.0
    """Seconds that should come after `duration`, by what the container says: the file breaks off."""

    @property
    def straight(self) -> bool:
        """Tell whether one clock leads through the whole file, so that a time can be sought."""
        return len(self.stretches) == 1 and not any(stream.skips for stream in (self.video, self.audio) if stream is not None)

    @property
    def origin(self) -> float:
        """Return what the container's own clock says at time 0, in seconds."""
        return self.stretches[0].clock

    def clock(self, time: float) -> float:
        """Return what the container's clock says at a time, in seconds."""
        stretch = next((one for one in reversed(self.stretches) if one.at <= time), self.stretches[0])
        return time - stretch.shift

    def seek(self, time: float) -> float:
        """Return a time as ffmpeg's `-ss` counts it."""
        return max(0.0, self.clock(time) - self.opened)


def probe(path: Path) -> MediaInfo:
    """Return what a file holds.

    Raises:
        ItemError: it is empty or not media; the message says so in words.
    """
    try:
        stat = path.stat()
    except OSError as error:
        raise ItemError(f"it cannot be read any more: {error.strerror}") from error
    return _probe(path, stat.st_size, stat.st_mtime_ns)


def holds_media(path: Path) -> bool:
    """Tell whether ffprobe is sure that a file, whatever it is called, holds a moving picture or sound."""
    try:
        told = processes.ask(path, "-show_format", "-show_streams")
    except ItemError:
        return False
    return int(told.get("format", {}).get("probe_score", 0)) > _UNSURE and _chosen(told) != (None, None)


def shown_at(path: Path, info: MediaInfo, time: float) -> tuple[float, float | None]:
    """Return where the picture that stands at `time` can be decoded from, and since when it stands (None: before the first)."""
    if info.video is None:
        raise ItemError("it has no picture")
    stat = path.stat()
    track = _timeline(path, stat.st_size, stat.st_mtime_ns).tracks[0]
    shown, keys = (int(np.searchsorted(times, time + JITTER, side="right")) for times in (track.times, track.keys))
    return max(0.0, float(track.keys[keys - 1])) if keys else 0.0, float(track.times[shown - 1]) if shown else None


@lru_cache(maxsize=512)
def _probe(path: Path, size: int, changed: int) -> MediaInfo:
    if size == 0:
        raise ItemError("the file is empty (0 bytes)")
    told = processes.ask(path, "-show_format", "-show_streams")
    video, audio = _chosen(told)
    if video is None and audio is None:
        raise ItemError("it holds neither picture nor sound")
    timeline = _timeline(path, size, changed)
    if timeline.duration <= 0.0:
        raise ItemError("it holds no picture and no sound that lasts")
    tracks = iter(timeline.tracks)
    return MediaInfo(
        duration=timeline.duration,
        stretches=timeline.stretches,
        opened=float(told.get("format", {}).get("start_time") or 0.0),
        video=_video(video, next(tracks), told) if video else None,
        audio=_audio(audio, next(tracks), told) if audio else None,
        subtitles=subtitle_streams(told),
        missing=round(_lost(path, told, timeline), 3),
    )


@lru_cache(maxsize=8)
def _timeline(path: Path, size: int, changed: int) -> Timeline:
    """Return the timeline of the streams that are used: the picture's track first, where there is one."""
    told = processes.ask(path, "-show_format", "-show_streams")
    chosen = _chosen(told)
    starts = {int(s["index"]): float(s.get("start_time", "-inf")) for s in chosen if s is not None}
    packets, form = read_packets(path), str(told.get("format", {}).get("format_name"))
    return lay(packets, starts, {stream: skips(path, form, packets, stream) for stream in starts})


def _chosen(told: Mapping[str, Any]) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """Return the streams of picture and sound that a player would choose."""
    streams = [s for s in told.get("streams", []) if not s.get("disposition", {}).get("attached_pic")]
    pictures = [s for s in streams if s.get("codec_type") == "video" and s.get("width") and s.get("height")]
    sounds = [s for s in streams if s.get("codec_type") == "audio" and int(s.get("channels") or 0)]
    return _preferred(pictures), _preferred(sounds)


def _preferred(streams: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Return what moves before what stands still, of these the default one, of equals the first."""
    return min(streams, key=lambda s: (_stands(s), not s.get("disposition", {}).get("default")), default=None)


def _stands(stream: dict[str, Any]) -> bool:
    return stream.get("codec_type") == "video" and _rate(stream.get("avg_frame_rate")) <= _STILL


def _lost(path: Path, told: Mapping[str, Any], timeline: Timeline) -> float:
    """Return how many seconds less there are than picture and sound should last by the container, 0 for less than two."""
    container = told.get("format", {})
    guessed = set(str(container.get("format_name")).split(",")) & _GUESSED
    chosen = [stream for stream in _chosen(told) if stream is not None and not guessed]
    only = len(chosen) == len(told["streams"])
    promised = max([seconds_of_header(path), *(_announced(stream, container if only else {}) for stream in chosen)])
    clock, reached = max(0.0, timeline.stretches[0].clock), timeline.duration
    # Matroska announces where its clock ends, others how long they last; and it may end at a stamp that is damaged.
    promised -= clock if abs(promised - clock - reached) < abs(promised - reached) else 0.0
    if any(abs(stamp - clock - promised) < 1.0 for track in timeline.tracks for stamp in track.damaged):
        return 0.0
    return promised - reached if reached < min(promised - 2.0, 0.9 * promised) else 0.0


def _announced(stream: Mapping[str, Any], container: Mapping[str, Any]) -> float:
    """Return how long a stream lasts by what the container says of it, or of all streams; 0 where it says nothing."""
    if "duration" in stream:
        return float(stream["duration"])
    tagged = re.fullmatch(r"(\d+):(\d+):([\d.]+)", str(stream.get("tags", {}).get("DURATION", "")))
    return int(tagged[1]) * 3600 + int(tagged[2]) * 60 + float(tagged[3]) if tagged else float(container.get("duration", 0.0))


def _video(stream: dict[str, Any], track: Track, told: Mapping[str, Any]) -> VideoStream | None:
    if not track.stretches:
        return None
    rotation = round(sum(side.get("rotation", 0) for side in stream.get("side_data_list", [])))
    shape = _rate(str(stream.get("sample_aspect_ratio", "1:1")).replace(":", "/"))
    width, height = round(stream["width"] * (shape if 0.1 < shape < 10 else 1)), int(stream["height"])
    turned = round(rotation / 90) % 2 == 1
    base, average = (_rate(stream.get(key)) for key in ("r_frame_rate", "avg_frame_rate"))
    # Equal but odd is ffprobe's guess at a variable rate.
    known = base.denominator == 1 or any(abs(base - rate) < rate / 1000 for rate in STANDARD)
    constant = base > 0 and abs(base - average) <= base / 1000 and known
    return VideoStream(
        index=int(stream["index"]),
        codec=str(stream.get("codec_name")),
        width=height if turned else width,
        height=width if turned else height,
        rotation=rotation,
        rate=(base if constant else average) or Fraction(25),
        constant=constant,
        start=track.start,
        end=track.end,
        stretches=track.stretches,
        damaged=track.damaged,
        gaps=track.gaps,
        skips=track.skips,
        alone=sum(s.get("codec_type") == "video" for s in told["streams"]) == 1,
        interlaced=stream.get("field_order") in {"tt", "bb", "tb", "bt"},
        hdr=_HDR.get(str(stream.get("color_transfer"))),
        square=not 0.1 < shape < 10 or shape == 1,
    )


def _audio(stream: dict[str, Any], track: Track, told: Mapping[str, Any]) -> AudioStream | None:
    if not track.stretches:
        return None
    return AudioStream(
        index=int(stream["index"]),
        codec=str(stream.get("codec_name")),
        channels=int(stream["channels"]),
        sample_rate=int(stream["sample_rate"]),
        start=track.start,
        end=track.end,
        tracks=sum(s.get("codec_type") == "audio" and int(s.get("channels") or 0) > 0 for s in told["streams"]),
        stretches=track.stretches,
        gaps=track.gaps,
        skips=track.skips,
    )


def _rate(text: object) -> Fraction:
    try:
        return Fraction(str(text))
    except (ValueError, ZeroDivisionError):
        return Fraction(0)
