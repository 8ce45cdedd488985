"""Cut a span out of a source, ready to be reviewed: constant frame rate, picture and sound equally long and in step."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, Literal

import ffmpeg
from pydantic import Field

from annotators import media
from annotators.media import MediaInfo, VideoStream
from schemas.errors import ItemError
from schemas.values import Span

# Rates that players and annotation tools know; a variable rate goes to the first that loses no picture on average.
STANDARD = tuple(Fraction(rate) for rate in ("12", "15", "24000/1001", "24", "25", "30000/1001", "30", "50", "60000/1001", "60"))
PREROLL = 2.0
"""Seconds decoded before the cut, so that a picture that is still standing at its start is known."""
# Nothing that depends on the machine, the day or the build of ffmpeg goes into a file.
_EXACT: Mapping[str, Any] = {"map_metadata": -1, "map_chapters": -1, "fflags": "+bitexact", "flags": "+bitexact"}


@dataclass(frozen=True, slots=True, kw_only=True)
class CutSettings:
    """How clips are written."""

    mode: Literal["exact", "copy"] = "exact"
    """exact: re-encoded, right to the frame; copy: streams as they are, from the key frame before the span."""
    crf: Annotated[int, Field(ge=0, le=51)] = 20
    preset: str = "veryfast"
    max_rate: Annotated[float, Field(gt=0)] = 60.0
    """Highest frame rate of a clip, in Hz."""
    threads: Annotated[int, Field(ge=1)] = 1
    """Of the encoder; a clip is short, and several are cut at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """What was cut."""

    actual: Span
    """In source time."""
    fps: float
    frames: int
    width: int
    height: int


def cut(path: Path, info: MediaInfo, span: Span, out: Path, settings: CutSettings) -> Cut:
    """Write the span of a source with a picture to `out` (MP4).

    Raises:
        ItemError: the source has no picture there, or ffmpeg cannot decode it.
    """
    if info.video is None:
        raise ItemError("it has no picture")
    if settings.mode == "copy":
        return _copy(path, info, info.video, span, out)
    return _exact(path, info, info.video, span, out, settings)


def cut_audio(path: Path, info: MediaInfo, span: Span, out: Path, rate: int = 16000) -> None:
    """Write the sound of a span to `out` (FLAC, mono), to the sample: round(duration * rate) of them."""
    if info.audio is None:
        raise ItemError("it has no sound")
    count = round(span.duration * rate)
    sound = _sound(ffmpeg.input(media.url(path), **media.ONE_FILE, ss=span.start), info.audio.index, span.duration)
    sound = sound.filter("aresample", rate).filter("apad", whole_len=count).filter("atrim", end_sample=count)
    args = sound.output(str(out), ac=1, ar=rate, acodec="flac", sample_fmt="s16", format="flac", **_EXACT).get_args()
    media.run(path, args)


def _exact(path: Path, info: MediaInfo, video: VideoStream, span: Span, out: Path, settings: CutSettings) -> Cut:
    rate = constant_rate(video, settings.max_rate)
    count = max(1, round(span.duration * rate))
    seconds = float(count / rate)
    before = math.floor(min(span.start, PREROLL) * rate) / rate
    source = ffmpeg.input(media.url(path), **media.ONE_FILE, ss=float(span.start - before))
    picture = source[str(video.index)].filter("fps", fps=str(rate), round="near", start_time=0)
    picture = picture.filter("trim", start_frame=int(before * rate)).filter("setpts", "PTS-STARTPTS")
    # A picture that ends before the sound stands still until the end, as players show it.
    picture = picture.filter("tpad", stop=-1, stop_mode="clone").filter("pad", "ceil(iw/2)*2", "ceil(ih/2)*2")
    picture = picture.filter("setsar", 1)
    streams = [picture]
    sound: dict[str, Any] = {}
    if info.audio is not None:
        late = ffmpeg.input(media.url(path), **media.ONE_FILE, ss=span.start)
        streams.append(_sound(late, info.audio.index, seconds).filter("apad", whole_dur=seconds).filter("atrim", end=seconds))
        sound = {"acodec": "aac", "audio_bitrate": "128k", "ar": 48000, "ac": min(2, info.audio.channels)}
    args = ffmpeg.output(
        *streams,
        str(out),
        vcodec="libx264",
        pix_fmt="yuv420p",
        crf=settings.crf,
        preset=settings.preset,
        r=str(rate),
        video_track_timescale=rate.numerator if rate.numerator >= 1000 else rate.numerator * 1000,
        movflags="+faststart",
        format="mp4",
        threads=settings.threads,
        **{"frames:v": count},
        **sound,
        **_EXACT,
    ).get_args()
    media.run(path, args)
    made = media.probe(out)
    if made.video is None or made.duration < 0.5 * seconds:
        raise ItemError(f"there is no picture between {span.start:.2f} s and {span.end:.2f} s")
    actual = Span(start=span.start, end=round(span.start + seconds, 6))
    return Cut(actual=actual, fps=round(float(rate), 6), frames=count, width=made.video.width, height=made.video.height)


def _copy(path: Path, info: MediaInfo, video: VideoStream, span: Span, out: Path) -> Cut:
    key = media.key_frame_before(path, video, span.start)
    source = ffmpeg.input(media.url(path), **media.ONE_FILE, ss=key)
    streams = [source[str(stream.index)] for stream in (video, info.audio) if stream is not None]
    args = ffmpeg.output(*streams, str(out), codec="copy", t=span.end - key, format="mp4", movflags="+faststart", **_EXACT)
    media.run(path, args.get_args())
    made = media.probe(out)
    if made.video is None:
        raise ItemError(f"there is no picture between {key:.2f} s and {span.end:.2f} s")
    actual = Span(start=round(key, 6), end=round(key + made.duration, 6))
    count = round(made.duration * made.video.rate)
    fps = round(float(made.video.rate), 6)
    return Cut(actual=actual, fps=fps, frames=count, width=made.video.width, height=made.video.height)


def _sound(source: Any, index: int, seconds: float) -> Any:
    """Return the sound from the seek point on, with silence where the track has none; `seconds` of it at most."""
    sound = source[str(index)].filter("aresample", **{"async": 1, "first_pts": 0})
    return sound.filter("atrim", end=seconds + 0.1)


def constant_rate(video: VideoStream, highest: float) -> Fraction:
    """Return the frame rate that a clip of this stream gets."""
    rate = video.rate
    if not video.constant:
        rate = next((standard for standard in STANDARD if standard >= rate * Fraction(999, 1000)), STANDARD[-1])
    while rate > highest:
        rate /= 2
    return rate.limit_denominator(1001)
