"""The only decoder: what a file holds, its sound as samples, its pictures as frames.

Time 0 is the start of the container (its earliest stream); every time is a presentation time from there, so late audio, edit
lists, variable frame rate and rotation are already accounted for. ffmpeg runs as a child with a list of arguments, never
through a shell, and reads nothing but the one file.
"""

from __future__ import annotations

import json
import subprocess
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import IO, Any

import ffmpeg
import numpy as np
import numpy.typing as npt

from schemas.errors import ItemError
from schemas.values import Span

STALL_SECONDS = 60.0
CACHE_BYTES = 256 * 2**20
_QUIET = ("-nostdin", "-hide_banner", "-loglevel", "error")
# A playlist or a subtitle renamed to .mp4 must not make ffmpeg open other files or the network.
ONE_FILE = {"protocol_whitelist": "file,pipe", "format_whitelist": "mov,matroska,avi,mpegts,mp3,wav,flac,aac,ogg,w64,asf,flv"}


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoStream:
    """Width and height are those of the displayed picture, after rotation."""

    index: int
    codec: str
    width: int
    height: int
    rate: Fraction
    """Frames per second: exact where the rate is constant, else the average."""
    constant: bool
    start: float
    """First picture, in seconds from time 0."""


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
    video: VideoStream | None
    audio: AudioStream | None


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture at one time."""

    time: float
    image: npt.NDArray[np.uint8]
    """RGB, height x width x 3."""


def probe(path: Path) -> MediaInfo:
    """Return what a file holds.

    Raises:
        ItemError: it is empty, not media, or breaks off; the message says so in words.
    """
    if path.stat().st_size == 0:
        raise ItemError("the file is empty (0 bytes)")
    told = _ffprobe(path, "-show_format", "-show_streams")
    streams = [s for s in told.get("streams", []) if not s.get("disposition", {}).get("attached_pic")]
    origin = float(told.get("format", {}).get("start_time") or 0.0)
    video = _video([s for s in streams if s.get("codec_type") == "video"], origin)
    audio = _audio([s for s in streams if s.get("codec_type") == "audio"], origin)
    if video is None and audio is None:
        raise ItemError("it holds neither picture nor sound")
    ends = [_end(stream, origin) for stream in streams if stream.get("codec_type") in {"video", "audio"}]
    duration = max([float(told["format"].get("duration") or 0.0), *ends])
    reached = _last_packet(path, duration, origin)
    if duration <= 0.0:
        duration = reached
    if duration <= 0.0:
        raise ItemError("it holds no picture and no sound that lasts")
    if reached < min(duration - 2.0, 0.9 * duration):
        raise ItemError(f"it breaks off at {reached:.1f} s of {duration:.1f} s; the file is not whole")
    return MediaInfo(duration=duration, video=video, audio=audio)


def audio(path: Path, span: Span | None = None, rate: int = 16000) -> npt.NDArray[np.float32]:
    """Return the sound as mono samples in [-1, 1]; sample k is at time k / rate (from the start of `span`).

    The last whole files that were asked for are kept, so that annotators in one process decode once.

    Raises:
        ItemError: there is no sound, or it cannot be decoded.
    """
    whole = _CACHE.get(path, rate)
    if span is None:
        return whole
    return whole[round(span.start * rate) : round(span.end * rate)]


def frames(path: Path, rate: float, span: Span | None = None, width: int | None = None) -> Iterator[Frame]:
    """Yield the picture shown at each k / rate seconds (from the start of `span`), scaled down to `width` pixels if wider.

    Raises:
        ItemError: there is no picture, or it cannot be decoded.
    """
    info = probe(path).video
    if info is None:
        raise ItemError("it has no picture")
    wide = min(width or info.width, info.width)
    high = round(info.height * wide / info.width)
    source = ffmpeg.input(url(path), **ONE_FILE, **_seek(span))
    picture = source[str(info.index)].filter("fps", fps=rate, round="up", start_time=0)
    picture = picture.filter("scale", wide, high, flags="area") if wide != info.width else picture
    limit = {"t": span.duration} if span else {}
    args = picture.output("pipe:", format="rawvideo", pix_fmt="rgb24", threads=1, **limit).get_args()
    offset = span.start if span else 0.0
    with running(path, args) as pipe:
        size = wide * high * 3
        k = 0
        while len(data := pipe.read(size)) == size:
            yield Frame(offset + k / rate, np.frombuffer(data, np.uint8).reshape(high, wide, 3))
            k += 1


def still(image: npt.NDArray[np.uint8]) -> bytes:
    """Return an RGB image as JPEG of quality 90."""
    import cv2  # noqa: PLC0415

    done, data = cv2.imencode(".jpg", np.ascontiguousarray(image[:, :, ::-1]), [cv2.IMWRITE_JPEG_QUALITY, 90])
    if not done:
        raise ItemError("a still could not be encoded")
    return bytes(data)


def url(path: Path) -> str:
    """Return the path as ffmpeg reads it literally, whatever characters it holds."""
    return f"file:{path.absolute()}"


def run(path: Path, args: Sequence[str]) -> bytes:
    """Run ffmpeg with these arguments to its end and return its standard output.

    Raises:
        ItemError: ffmpeg failed or made no progress; `path` is the file that is to blame.
    """
    with running(path, args) as pipe:
        return b"".join(iter(lambda: pipe.read(2**20), b""))


@contextmanager
def running(path: Path, args: Sequence[str]) -> Iterator[Any]:
    """Run ffmpeg and hand out its standard output; end it when the block ends or when nothing comes for a minute."""
    child = subprocess.Popen(["ffmpeg", *_QUIET, *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert child.stdout is not None  # noqa: S101 - asked for by PIPE
    assert child.stderr is not None  # noqa: S101
    complaints: list[bytes] = []
    listener = threading.Thread(target=_listen, args=(child.stderr, complaints), daemon=True)
    listener.start()
    pipe = _Watched(child)
    try:
        yield pipe
        child.stdout.close()
        child.wait()
    finally:
        pipe.rest()
        if child.poll() is None:
            child.kill()
            child.wait()
        listener.join()
    if pipe.stalled:
        raise ItemError(f"{path.name}: ffmpeg made no progress for {STALL_SECONDS:.0f} s")
    if child.returncode:
        raise ItemError(f"{path.name}: ffmpeg cannot read it: {_first(complaints, path)}")


class _Watched:
    """A pipe whose child is killed when a read waits too long."""

    def __init__(self, child: subprocess.Popen[bytes]) -> None:
        self._child, self.stalled = child, False
        self._timer: threading.Timer | None = None

    def read(self, size: int) -> bytes:
        self._timer = threading.Timer(STALL_SECONDS, self._give_up)
        self._timer.daemon = True
        self._timer.start()
        try:
            return self._child.stdout.read(size) if self._child.stdout else b""
        finally:
            self.rest()

    def rest(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _give_up(self) -> None:
        self.stalled = True
        self._child.kill()


def _listen(stderr: IO[bytes], complaints: list[bytes]) -> None:
    for line in stderr:
        if len(complaints) < 50:
            complaints.append(line)


def _first(complaints: list[bytes], path: Path) -> str:
    lines = [line.decode("utf-8", "replace").strip() for line in complaints]
    line = next((line for line in lines if line), "no reason given")
    return line.replace(url(path), path.name).replace(str(path.absolute()), path.name)[:300]


def _ffprobe(path: Path, *wanted: str) -> dict[str, Any]:
    flags = [part for key, value in ONE_FILE.items() for part in (f"-{key}", value)]
    command = ["ffprobe", "-hide_banner", "-loglevel", "error", *flags, *wanted, "-of", "json", url(path)]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=STALL_SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise ItemError(f"{path.name}: ffprobe made no progress for {STALL_SECONDS:.0f} s") from error
    if done.returncode:
        raise ItemError(f"not a media file that ffmpeg can read: {_first(done.stderr.splitlines(), path)}")
    told: dict[str, Any] = json.loads(done.stdout.decode("utf-8", "replace"))
    return told


def _last_packet(path: Path, duration: float, origin: float) -> float:
    """Return where the last packet near the announced end stops, in seconds from time 0."""
    near = max(0.0, origin + duration - 10.0)
    for start in (near, 0.0):
        told = _ffprobe(path, "-read_intervals", f"{start:.3f}%", "-show_entries", "packet=pts_time,duration_time")
        packets = [p for p in told.get("packets", []) if "pts_time" in p]
        if packets or start == 0.0:
            return max((float(p["pts_time"]) + float(p.get("duration_time") or 0.0) for p in packets), default=origin) - origin
    return 0.0


def key_frame_before(path: Path, video: VideoStream, time: float) -> float:
    """Return the time of the last key frame at or before `time`."""
    stream = ("-select_streams", str(video.index))
    told = _ffprobe(path, *stream, "-read_intervals", f"{time:.6f}%+#1", "-show_entries", "packet=pts_time:format=start_time")
    origin = float(told.get("format", {}).get("start_time") or 0.0)
    packets = [float(packet["pts_time"]) for packet in told.get("packets", []) if "pts_time" in packet]
    return max(0.0, packets[0] - origin) if packets else 0.0


def _video(streams: list[dict[str, Any]], origin: float) -> VideoStream | None:
    found = [stream for stream in streams if stream.get("width") and stream.get("height")]
    if not found:
        return None
    stream = found[0]
    sides = [side.get("rotation", 0) for side in stream.get("side_data_list", [])]
    turned = round(sum(sides) / 90) % 2 == 1
    width, height = int(stream["width"]), int(stream["height"])
    base, average = (_rate(stream.get(key)) for key in ("r_frame_rate", "avg_frame_rate"))
    constant = base == average or abs(base - average) < base / 1000
    return VideoStream(
        index=int(stream["index"]),
        codec=str(stream.get("codec_name")),
        width=height if turned else width,
        height=width if turned else height,
        rate=(base if constant else average) or Fraction(25),
        constant=constant,
        start=float(stream.get("start_time") or origin) - origin,
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


def _end(stream: dict[str, Any], origin: float) -> float:
    return float(stream.get("start_time") or origin) - origin + float(stream.get("duration") or 0.0)


def _seek(span: Span | None) -> dict[str, float]:
    return {"ss": span.start} if span else {}


class _Sounds:
    """The sound of the last few files, by how many bytes they take."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, int, int], npt.NDArray[np.float32]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, path: Path, rate: int) -> npt.NDArray[np.float32]:
        key = (str(path), path.stat().st_mtime_ns, rate)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        samples = _decode(path, rate)
        with self._lock:
            self._kept[key] = samples
            while sum(kept.nbytes for kept in self._kept.values()) > CACHE_BYTES and len(self._kept) > 1:
                self._kept.popitem(last=False)
        return samples


def _decode(path: Path, rate: int) -> npt.NDArray[np.float32]:
    info = probe(path).audio
    if info is None:
        raise ItemError("it has no sound")
    sound = ffmpeg.input(url(path), **ONE_FILE)[str(info.index)].filter("aresample", **{"async": 1, "first_pts": 0})
    args = sound.output("pipe:", format="f32le", acodec="pcm_f32le", ac=1, ar=rate).get_args()
    return np.frombuffer(run(path, args), np.float32)


_CACHE = _Sounds()
