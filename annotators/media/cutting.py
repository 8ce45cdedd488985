"""Cut a span out of a source, ready to be reviewed: constant frame rate, picture and sound equally long and in step.

A clip begins with the picture that stands at the start of its span. Where that picture came less than one frame earlier, clip and
sound begin with it: picture and sound then stay in step to the sample instead of to the frame, and `Cut.actual` says so.

Nothing is said in the time of one picture only while pictures come fast. A clip of a source with few of them shows each several
times, so that the clip's bounds are those of its span to within `OFF`, whatever the source's rate.
"""

from __future__ import annotations

import math
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, Literal

import ffmpeg
import numpy as np
import numpy.typing as npt
from pydantic import Field

from annotators.media import decoder, processes
from annotators.media.probing import STANDARD, MediaInfo, VideoStream, probe, shown_at
from annotators.media.sound import stereo
from schemas.errors import ItemError
from schemas.validate import Positive, PositiveInt
from schemas.values import Span

SMOOTH = Fraction(25)
"""Lowest rate, in Hz, of a clip whose source has a variable or a low one: pictures move by half a frame at most, 20 ms."""
OFF = 0.04
"""Seconds by which a clip's bounds may be off: one picture of 25 a second, less than the shortest speech sound."""
_DAMAGE = re.compile(
    r"^\[(?!libx264|mp4|aac)\w+ @ [^\n]*(error|damaged|[Ii]nvalid|corrupt|outside the valid range)", re.MULTILINE
)
"""What a decoder says of pictures that it cannot read whole."""
_FILM = Fraction(23)
"""Rate in Hz from which pictures are kept one by one: a film's 24000/1001 a second are off by 21 ms at the end."""
# Nothing that depends on the machine, the day or the build of ffmpeg goes into a file.
_EXACT: Mapping[str, Any] = {"map_metadata": -1, "map_chapters": -1, "fflags": "+bitexact", "flags": "+bitexact"}


_RATE = 48000
"""Of a clip's sound for people, in Hz."""
Preset = Literal["ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow", "placebo"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CutSettings:
    """How clips are written."""

    mode: Literal["exact", "copy"] = "exact"
    """exact: re-encoded, right to the frame; copy: streams as they are, from the key frame before the span to its end."""
    crf: Annotated[int, Field(ge=0, le=51)] = 20
    """Quality of the picture, as x264's constant rate factor: a lower one is better and larger."""
    preset: Preset = "veryfast"
    """How long the encoder tries to make it smaller."""
    max_rate: Positive = 60.0
    """Highest frame rate of a clip, in Hz."""
    threads: PositiveInt = 1
    """Threads of the encoder; a clip is short, and several are cut at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """What was cut."""

    actual: Span
    """In source time. A copy may hold pictures after its end, and no sound with them."""
    fps: float
    frames: int
    width: int
    height: int
    damaged: bool = False
    """The decoder could not read all of the pictures, and filled in what it could not."""


def cut(path: Path, info: MediaInfo, span: Span, out: Path, settings: CutSettings) -> Cut:
    """Write the span of a source with a picture to `out` (MP4), whole or not at all.

    Raises:
        ItemError: the source has no picture there, or ffmpeg cannot decode it.
    """
    video = info.video
    if video is None:
        raise ItemError("it has no picture")
    if span.end <= video.start or span.start >= video.end:
        raise ItemError(f"there is no picture between {span.start:.2f} s and {span.end:.2f} s")
    with _beside(out) as made:
        # Where the clock breaks, no span of it is one piece of the file.
        if settings.mode == "copy" and info.straight:
            return _copy(path, info, video, span, made)
        return _exact(path, info, span, made, settings)


def cut_audio(path: Path, info: MediaInfo, span: Span, out: Path, rate: int = 16000) -> None:
    """Write the sound of a span to `out` (FLAC, mono), to the sample: round(duration * rate) of them.

    Raises:
        ItemError: the source has no sound, or ffmpeg cannot decode it.
    """
    heard, count = decoder.audio(path, span, rate), round(span.duration * rate)
    with _beside(out) as made:
        sound = _raw(made.with_name("sound"), np.pad(heard, (0, count - len(heard))), rate)
        output = sound.output(processes.url(made), acodec="flac", sample_fmt="s16", format="flac", **_EXACT)
        processes.convert(path, output.get_args())


def _raw(place: Path, samples: npt.NDArray[np.float32], rate: int) -> Any:
    """Put samples, or samples x channels, where ffmpeg reads them as they are."""
    place.write_bytes(np.ascontiguousarray(samples).tobytes())
    return ffmpeg.input(processes.url(place), format="f32le", ar=rate, ac=1 if samples.ndim == 1 else samples.shape[1])


def constant_rate(video: VideoStream, highest: float) -> Fraction:
    """Return the frame rate in Hz that a clip of this stream gets, `highest` at most.

    It is the stream's own where that is at least a film's; a lower one is multiplied, so that whole pictures are repeated.
    """
    rate = video.rate
    if not video.constant:
        least = max(rate * Fraction(999, 1000), SMOOTH)
        rate = next((standard for standard in STANDARD if standard >= least), STANDARD[-1])
    while rate > highest:
        rate /= 2
    if rate < _FILM:
        rate *= min(math.ceil(SMOOTH / rate), math.floor(Fraction(highest) / rate))
    return rate.limit_denominator(1001)


def _exact(path: Path, info: MediaInfo, span: Span, out: Path, settings: CutSettings) -> Cut:
    if info.video is None:
        raise ItemError("it has no picture")
    rate = constant_rate(info.video, settings.max_rate)
    key, since = shown_at(path, info, span.start)
    start = since if since is not None and since >= 0.0 and span.start - since < min(float(1 / rate), OFF) else span.start
    count = _count(span.end - start, rate)
    seconds = float(count / rate)
    width, height = info.video.width, info.video.height
    picture = decoder.pictures(path, info, key, start).filter("fps", fps=str(rate), round="near", start_time=0)
    # A picture that ends before the sound stands still until the end, as players show it.
    # The end comes from the filters: a limit on the encoder's frames would stop the sound before its last packets are out.
    picture = picture.filter("tpad", stop=-1, stop_mode="clone").filter("trim", end_frame=count)
    picture = decoder.toned(picture, info.video).filter("scale", width, height).filter("setsar", 1)
    streams = [picture.filter("pad", "ceil(iw/2)*2", "ceil(ih/2)*2")]
    if info.audio is not None:
        heard = stereo(path, info, _RATE, Span(start=start, end=start + seconds))
        streams.append(_raw(out.with_name("sound"), heard[:, 0] if info.audio.channels == 1 else heard, _RATE))
    args = ffmpeg.output(*streams, processes.url(out), **_coded(info, rate, settings)).get_args()
    done = processes.convert(path, args)
    if done.pictures != count:
        raise ItemError(f"there is no picture between {span.start:.2f} s and {span.end:.2f} s")
    actual = Span(start=round(start, 6), end=round(start + seconds, 6))
    size = {"width": width + width % 2, "height": height + height % 2}
    damaged = _DAMAGE.search(done.complaints) is not None
    return Cut(actual=actual, fps=round(float(rate), 6), frames=count, **size, damaged=damaged)


def _count(seconds: float, rate: Fraction) -> int:
    """Return how many pictures last nearest to `seconds`; one more where `OFF` would be cut off."""
    count = max(1, round(seconds * rate))
    return count + 1 if seconds - count / rate > OFF else count


def _coded(info: MediaInfo, rate: Fraction, settings: CutSettings) -> dict[str, Any]:
    sound = {"acodec": "aac", "audio_bitrate": "128k", "ar": _RATE, "ac": min(2, info.audio.channels)} if info.audio else {}
    return {
        "vcodec": "libx264",
        "pix_fmt": "yuv420p",
        "crf": settings.crf,
        "preset": settings.preset,
        "r": str(rate),
        "video_track_timescale": rate.numerator if rate.numerator >= 1000 else rate.numerator * 1000,
        "movflags": "+faststart",
        "format": "mp4",
        "threads": settings.threads,
        **sound,
        **_EXACT,
    }


def _copy(path: Path, info: MediaInfo, video: VideoStream, span: Span, out: Path) -> Cut:
    key, _ = shown_at(path, info, span.start)
    source = ffmpeg.input(processes.url(path), **processes.ONE_FILE, ss=info.seek(key))
    streams = [source[str(stream.index)] for stream in (video, info.audio) if stream is not None]
    flags = {"codec": "copy", "format": "mp4", "movflags": "+faststart", **_EXACT}
    count = processes.convert(path, ffmpeg.output(*streams, processes.url(out), t=span.end - key, **flags).get_args()).pictures
    made = probe(out)
    if made.video is None:
        raise ItemError(f"there is no picture between {key:.2f} s and {span.end:.2f} s")
    # Pictures are stored out of order: some that come after the span are in the file, with gaps between them and without sound.
    actual = Span(start=round(key, 6), end=round(min(key + made.duration, max(span.end, key)), 6))
    fps = round(float(made.video.rate), 6)
    return Cut(actual=actual, fps=fps, frames=count, width=made.video.width, height=made.video.height)


@contextmanager
def _beside(out: Path) -> Iterator[Path]:
    """Hand out a place beside `out` to write to; what lies there takes the name `out` when the block ends well."""
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".cut-") as folder:
        made = Path(folder) / "made"
        yield made
        made.replace(out)
