"""The only decoder: what a file holds, its sound as samples, its pictures as frames.

Time 0 is the start of the container (its earliest stream); every time is a presentation time from there, so late audio, edit
lists, variable frame rate and rotation are already accounted for. ffmpeg keeps the clock of the container (`-copyts`) and the
filters subtract its start: left alone, ffmpeg moves time 0 to the first stream in use where the container is MPEG-TS.
"""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ffmpeg
import numpy as np
import numpy.typing as npt

from annotators.media import processes
from annotators.media.probing import JITTER, AudioStream, MediaInfo, VideoStream, probe, shown_at
from annotators.media.sound import Sound, whole_sound
from annotators.media.timeline import BACK, FAR, Section
from schemas.errors import ItemError
from schemas.values import Span

__all__ = ["AudioStream", "Frame", "MediaInfo", "VideoStream", "audio", "frames", "pictures", "probe", "sound", "still"]

RATE = 16000
"""Samples per second of what is heard."""
CACHE_BYTES = 256 * 2**20
_THREADS = 2
"""Of a decoder: fixed, so that a machine with more cores gives the same pictures of damaged media."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture at one time."""

    time: float
    image: npt.NDArray[np.uint8]
    """RGB, height x width x 3."""


def audio(path: Path, span: Span | None = None, rate: int = RATE) -> npt.NDArray[np.float32]:
    """Return the sound as mono samples in [-1, 1]; sample k is at time k / rate (from the start of `span`).

    The last whole files that were asked for are kept, so that annotators in one process decode once.

    Raises:
        ItemError: there is no sound, or it cannot be decoded.
    """
    whole = _CACHE.get(path, rate).samples
    if span is None:
        return whole
    return whole[round(span.start * rate) : round(span.start * rate) + round(span.duration * rate)]


def sound(path: Path) -> Sound:
    """Return all that is heard of a file, at `RATE`.

    Raises:
        ItemError: there is no sound, or it cannot be decoded.
    """
    return _CACHE.get(path, RATE)


def frames(path: Path, rate: float, span: Span | None = None, width: int | None = None) -> Iterator[Frame]:
    """Yield the picture shown at each k / rate seconds (from the start of `span`), scaled down to `width` pixels if wider.

    Times before the first picture are left out.

    Raises:
        ItemError: there is no picture, or it cannot be decoded.
    """
    info = probe(path)
    video = info.video
    if video is None:
        raise ItemError("it has no picture")
    start = span.start if span else 0.0
    wide = min(width or video.width, video.width)
    high = max(1, round(video.height * wide / video.width))
    key = shown_at(path, info, start)[0] if start > 0.0 else 0.0
    picture = pictures(path, info, key, start + JITTER / 2).filter("fps", fps=rate, round="up", start_time=0)
    picture = toned(picture.filter("scale", wide, high, flags="area"), video)
    limit = {"frames:v": max(1, math.ceil(round(span.duration * rate, 6)))} if span else {}
    args = picture.output("pipe:", format="rawvideo", pix_fmt="rgb24", threads=1, **limit).get_args()
    first = video.start - 1.0 / float(video.rate)
    with processes.running(path, args) as pipe:
        size, k = wide * high * 3, 0
        while len(data := pipe.read(size)) == size:
            time = start + k / rate
            if time >= first:
                yield Frame(time, np.frombuffer(data, np.uint8).reshape(high, wide, 3))
            k += 1


def still(image: npt.NDArray[np.uint8]) -> bytes:
    """Return an RGB image as JPEG of quality 90."""
    import cv2  # noqa: PLC0415

    done, data = cv2.imencode(".jpg", np.ascontiguousarray(image[:, :, ::-1]), [cv2.IMWRITE_JPEG_QUALITY, 90])
    if not done:
        raise ItemError("a still could not be encoded")
    return bytes(data)


def pictures(path: Path, info: MediaInfo, key: float, zero: float) -> Any:
    """Return the pictures from the key frame at `key` on as a filter stream whose time 0 is `zero`."""
    if info.video is None:
        raise ItemError("it has no picture")
    # Where the clock was set anew, one time is in the file more than once, and no seek finds the right one; beside other pictures
    # it finds one of theirs.
    # And where decoding begins with the first picture, a seek to it misses it in files without an index.
    later = key > info.video.start + JITTER
    seek = {"ss": info.seek(key)} if later and info.straight and info.video.alone else {}
    # Not accurate: a picture that came before `zero` and still stands there must survive. No reinit: a picture that changes its
    # size half-way would start the filters, and with them the clock, again.
    options = {**processes.ONE_FILE, **seek, "noaccurate_seek": None, "copyts": None, "reinit_filter": 0, "threads": _THREADS}
    stream = ffmpeg.input(processes.url(path), **options)[str(info.video.index)].filter("settb", "1/1000000")
    if info.video.damaged:
        stream = stream.filter("select", f"not({'+'.join(f'lt(abs(t-{at:.6f}),0.0005)' for at in info.video.damaged)})")
    stream = stream.filter("setpts", _laid(info.stretches, info.video, zero))
    return stream.filter("bwdif", mode="send_frame", deint="all") if info.video.interlaced else stream


def toned(stream: Any, video: VideoStream) -> Any:
    """Return a filter stream with the brightness of a screen: 203 cd/m² (ITU-R BT.2408) become white, more is near it."""
    if video.hdr is None:
        return stream
    # zscale refuses a picture with an odd side of which two pixels share their colour.
    whole = stream.filter("format", "yuv444p10le")
    light = whole.filter("zscale", t="linear", npl=203).filter("format", "gbrpf32le").filter("zscale", p="bt709")
    shown = light.filter("tonemap", "mobius", param=0.9, desat=0).filter("zscale", t="bt709", m="bt709", r="tv")
    return shown.filter("format", "yuv444p").filter("format", "yuv420p")


def _laid(stretches: Sequence[Section], video: VideoStream, zero: float) -> str:
    """Return the expression that gives each picture its time: it goes to the next stretch where the clock breaks."""
    shifts = [stretches[number].shift - zero for number in video.stretches]
    if len(shifts) == 1:
        late = "".join(f"+gte(T,{skip.clock - 0.0005:.6f})*{skip.seconds:.6f}/TB" for skip in video.skips)
        return (f"PTS-{-shifts[0]:.6f}/TB" if shifts[0] <= 0.0 else f"PTS+{shifts[0]:.6f}/TB") + late
    breaks = f"if(N,lt(T,ld(1)-{BACK})+gt(T,ld(1)+{FAR}),0)"
    chosen = "".join(f"if(eq(ld(0),{k}),{shift:.6f}," for k, shift in enumerate(shifts[:-1]))
    return f"st(0,ld(0)+{breaks})*0+st(1,T)*0+PTS+({chosen}{shifts[-1]:.6f}{')' * (len(shifts) - 1)})/TB"


class _Sounds:
    """The sound of the last few files, by how many bytes they take."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, int, int], Sound] = OrderedDict()
        self._busy: dict[tuple[str, int, int], threading.Lock] = {}
        self._lock = threading.Lock()

    def get(self, path: Path, rate: int) -> Sound:
        probe(path)  # raises where the file is gone
        key = (str(path), path.stat().st_mtime_ns, rate)
        with self._lock:
            alone = self._busy.setdefault(key, threading.Lock())
        with alone:
            if (decoded := self._find(key)) is None:
                decoded = _decode(path, rate)
                self._keep(key, decoded)
        return decoded

    def _find(self, key: tuple[str, int, int]) -> Sound | None:
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def _keep(self, key: tuple[str, int, int], decoded: Sound) -> None:
        with self._lock:
            self._kept[key] = decoded
            while sum(kept.samples.nbytes for kept in self._kept.values()) > CACHE_BYTES and len(self._kept) > 1:
                old, _ = self._kept.popitem(last=False)
                self._busy.pop(old, None)


def _decode(path: Path, rate: int) -> Sound:
    decoded = whole_sound(path, probe(path), rate)
    decoded.samples.flags.writeable = False
    return decoded


_CACHE = _Sounds()
