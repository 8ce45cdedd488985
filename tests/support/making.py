"""Media made on the spot, with marks at known times: a white flash and a beep that begin together.

`marks_of` reads them back with PyAV, so that what our decoder says is never checked by itself.
"""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

import av
import numpy as np

MARKS = (1.0, 2.6, 4.2, 5.8)
"""Seconds at which flash and beep begin; on the picture grid at 25 and 50 per second."""
LASTS = 0.2
HOSTILE = "-i; rm -rf $(x) 'é\n%03d: .mp4"
X264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-bf", "2", "-g", "50")


def ffmpeg(*args: object) -> None:
    subprocess.run(["ffmpeg", "-nostdin", "-y", "-loglevel", "error", *map(str, args)], check=True, stdin=subprocess.DEVNULL)


def on(marks: Sequence[float]) -> str:
    """Return an expression that is 1 while a mark lasts."""
    return "+".join(f"gte(t,{mark - 0.001})*lt(t,{mark + LASTS - 0.001})" for mark in marks)


def picture(rate: str = "25", size: str = "320x240", seconds: float = 8.0, marks: Sequence[float] = MARKS) -> str:
    whole = ",format=yuv444p" if any(int(side) % 2 for side in size.split("x")) else ""
    return f"color=0x202020:s={size}:r={rate}:d={seconds}{whole},drawbox=t=fill:color=white:enable='{on(marks)}'"


def sound(layout: str = "mono", seconds: float = 8.0, marks: Sequence[float] = MARKS, hertz: int = 1000) -> str:
    wave = f"0.5*sin(2*PI*{hertz}*t)*({on(marks).replace('0.001', '0')})"
    channels = {"mono": 1, "stereo": 2, "5.1": 6}[layout]
    return f"aevalsrc='{'|'.join([wave] * channels)}':c={layout}:s=48000:d={seconds}"


def video(out: Path, rate: str = "25", size: str = "320x240", layout: str = "mono", **more: float) -> Path:
    """Picture and sound, constant rate, B-frames, a key frame every 50 pictures."""
    pixels = ("-pix_fmt", "yuv444p") if any(int(side) % 2 for side in size.split("x")) else ()
    made = ("-f", "lavfi", "-i", picture(rate, size, **more), "-f", "lavfi", "-i", sound(layout, **more))
    codec = ("-c:a", "libopus" if out.suffix == ".webm" else "aac")
    coded = ("-c:v", "libvpx", "-deadline", "realtime", "-g", "50") if out.suffix == ".webm" else (*X264, *pixels)
    ffmpeg(*made, *coded, *codec, f"file:{out.absolute()}")
    return out


def variable(out: Path) -> Path:
    """A picture rate that varies: about 12 per second with holes of up to 3 s, and a picture where each mark begins and ends."""
    edges = "+".join(f"eq(n,{round(50 * at)})" for mark in MARKS for at in (mark, mark + LASTS))
    keep = f"eq(n,0)+{edges}+lt(n,70)*not(mod(n*n+3*n,7))+gt(n,300)*not(mod(n*n,5))"
    made = ("-f", "lavfi", "-i", f"{picture('50')},select='{keep}'", "-f", "lavfi", "-i", sound())
    ffmpeg(*made, "-vsync", "vfr", *X264, "-c:a", "aac", "-video_track_timescale", 90000, out)
    return out


def seldom(out: Path) -> Path:
    """A new picture at 0, 2.6 and 4.2 s only, and sound: fewer than one in two seconds, at no constant rate."""
    keep = "+".join(f"eq(n,{round(50 * at)})" for at in (0.0, *MARKS[1:3]))
    made = ("-f", "lavfi", "-i", f"{picture('50')},select='{keep}'", "-f", "lavfi", "-i", sound())
    ffmpeg(*made, "-vsync", "vfr", *X264, "-c:a", "aac", "-video_track_timescale", 90000, out)
    return out


def slides(out: Path, spoken: Sequence[object], rate: int, seconds: float) -> Path:
    """Numbered pictures at a low rate over the sound that `spoken`, arguments of ffmpeg, makes of its input 1 on."""
    made = ("-f", "lavfi", "-i", f"testsrc=s=320x240:r={rate}:d={seconds}")
    ffmpeg(*made, *spoken, "-map", "0:v", *X264, "-c:a", "aac", "-t", seconds, out)
    return out


def late_sound(out: Path, seconds: float = 0.4) -> Path:
    """The audio track begins late; its marks are still in step with the picture."""
    late = f"{sound()},atrim=start={seconds}"
    ffmpeg("-f", "lavfi", "-i", picture(), "-f", "lavfi", "-i", late, "-copyts", *X264, "-c:a", "aac", out)
    return out


def late_picture(out: Path, seconds: float = 0.6) -> Path:
    """The video track begins late."""
    late = f"{picture()},trim=start={seconds}"
    ffmpeg("-f", "lavfi", "-i", late, "-f", "lavfi", "-i", sound(), "-copyts", *X264, "-c:a", "aac", out)
    return out


def edited(out: Path, whole: Path, start: float = 0.52) -> Path:
    """The file presents `whole` from `start` on, by an edit list that begins inside a group of pictures."""
    ffmpeg("-ss", start, "-i", whole, "-c", "copy", out)
    return out


def rotated(out: Path, whole: Path, degrees: int = 90) -> Path:
    ffmpeg("-i", whole, "-c", "copy", "-metadata:s:v", f"rotate={degrees}", out)
    return out


def anamorphic(out: Path) -> Path:
    """Stored at 320x240, shown at 426x240."""
    ffmpeg("-f", "lavfi", "-i", f"{picture()},setsar=4/3", *X264, out)
    return out


def offset(out: Path, whole: Path, seconds: float = 10.0) -> Path:
    """The same streams in a container whose clock starts at `seconds`."""
    ffmpeg("-i", whole, "-c", "copy", "-output_ts_offset", seconds, out)
    return out


def tracks(out: Path, default: int = 1) -> Path:
    """Two audio tracks: silence and beeps; `default` is marked."""
    quiet = "anullsrc=r=48000:cl=mono,atrim=end=8"
    inputs = [part for source in (picture(), quiet, sound()) for part in ("-f", "lavfi", "-i", source)]
    marked = [part for k in (0, 1) for part in (f"-disposition:a:{k}", "default" if k == default else "0")]
    ffmpeg(*inputs, "-map", 0, "-map", 1, "-map", 2, *X264, "-c:a", "aac", *marked, out)
    return out


def silent(out: Path, seconds: float = 8.0) -> Path:
    ffmpeg("-f", "lavfi", "-i", picture(seconds=seconds), *X264, out)
    return out


def one_frame(out: Path) -> Path:
    ffmpeg("-f", "lavfi", "-i", picture(), "-frames:v", 1, *X264, out)
    return out


def spoken(out: Path, layout: str = "mono") -> Path:
    """Sound alone; the suffix decides the format."""
    ffmpeg("-f", "lavfi", "-i", sound(layout), out)
    return out


def covered(out: Path) -> Path:
    """Sound with a cover picture."""
    cover = out.with_suffix(".png")
    ffmpeg("-f", "lavfi", "-i", "color=red:s=64x64", "-frames:v", 1, cover)
    inputs = ("-f", "lavfi", "-i", sound(), "-i", cover)
    ffmpeg(*inputs, "-map", 0, "-map", 1, "-c:v", "copy", "-disposition:v", "attached_pic", out)
    return out


def broken(out: Path, whole: Path, share: float = 0.5) -> Path:
    """The first `share` of the bytes of `whole`."""
    data = whole.read_bytes()
    out.write_bytes(data[: int(share * len(data))])
    return out


def spoilt(out: Path, whole: Path, first: float = 0.45, last: float = 0.6) -> Path:
    """Write the file with zeros in a part of it; the index of an MP4 lies in front."""
    data = whole.read_bytes()
    start, end = round(first * len(data)), round(last * len(data))
    out.write_bytes(data[:start] + bytes(end - start) + data[end:])
    return out


SHAPES = {
    "constant": lambda out: video(out / "a.mp4"),
    "ntsc": lambda out: video(out / "a.mp4", rate="30000/1001"),
    "variable": lambda out: variable(out / "a.mp4"),
    "edit list": lambda out: edited(out / "b.mp4", video(out / "a.mp4")),
    "late sound": lambda out: late_sound(out / "a.mp4"),
    "late picture": lambda out: late_picture(out / "a.mp4"),
    "rotated": lambda out: rotated(out / "b.mp4", video(out / "a.mp4")),
    "clock at 10 s, mkv": lambda out: offset(out / "b.mkv", video(out / "a.mp4")),
    "clock at 10 s, ts": lambda out: offset(out / "b.ts", video(out / "a.mp4")),
    "5.1": lambda out: video(out / "a.mp4", layout="5.1"),
    "webm": lambda out: video(out / "a.webm"),
}
"""Makers of media in which picture and sound do not simply begin together at 0, by what is odd about each."""


def marks_of(path: Path) -> tuple[list[float], list[float]]:
    """Return when flashes and beeps begin, in seconds from the start of the container."""
    with av.open(f"file:{path.absolute()}") as container:
        origin = (container.start_time or 0) / 1e6
        flashes, before = [], False
        for frame in container.decode(video=0) if container.streams.video else ():
            white = bool(frame.to_ndarray(format="gray").mean() > 128)
            flashes += [frame.time - origin] if white and not before else []
            before = white
    return flashes, _beeps(path, origin)


def _beeps(path: Path, origin: float) -> list[float]:
    with av.open(f"file:{path.absolute()}") as container:
        if not container.streams.audio:
            return []
        loud = []
        for frame in container.decode(audio=0):
            samples = np.abs(frame.to_ndarray().astype(np.float64))
            flat = samples.max(axis=0) if frame.format.is_planar else samples.reshape(-1, frame.layout.nb_channels).max(axis=1)
            flat = flat / 32768 if frame.format.name.startswith("s16") else flat
            loud += list(frame.time - origin + np.flatnonzero(flat > 0.1) / frame.sample_rate)
    return onsets(loud)


def onsets(loud: Sequence[float]) -> list[float]:
    """Return the times that follow a pause."""
    return [float(now) for before, now in zip([-9.0, *loud], loud, strict=False) if now - before > 0.1]
