"""What a container says of itself, by its name and by its header, beside what ffprobe makes of it."""

from __future__ import annotations

import struct
import wave
from pathlib import Path

from annotators.media import processes
from schemas.errors import ItemError

_SUFFIXES = {
    "mov": ".mp4 .m4v .mov .m4a .m4b .3gp .3g2 .f4v .qt",
    "matroska": ".mkv .mk3d .mka .webm .weba",
    "avi": ".avi .divx",
    "mpegts": ".ts .mts .m2ts .m2t",
    "mpeg": ".mpg .mpeg .mpe .vob",
    "asf": ".wmv .wma .asf",
    "flv": ".flv .f4v",
    "ogg": ".ogg .oga .ogv .opus .spx",
    "wav": ".wav",
    "mp3": ".mp3 .mp2",
    "flac": ".flac",
    "aac": ".aac",
}
"""By ffprobe's first name of a container: the suffixes that files of it have."""
_MP3_RATES = (44100, 48000, 32000, 0)
_HEAD = 4096
_UNKNOWN = 0x7FFFF000
"""Bytes of sound from which a header does not say how many there are."""


def misnamed(path: Path) -> str | None:
    """Return what container a file is by its content, in ffprobe's words, where its suffix is that of another one."""
    try:
        form = processes.ask(path, "-show_format").get("format", {})
    except ItemError:
        return None
    suffix, name = path.suffix.lower(), str(form.get("format_name")).split(",")[0]
    of_others = any(suffix in suffixes.split() for container, suffixes in _SUFFIXES.items() if container != name)
    mine = suffix in _SUFFIXES.get(name, "").split()
    return str(form.get("format_long_name") or name) if of_others and not mine else None


def seconds_of_header(path: Path) -> float:
    """Return how many seconds the header of a RIFF file or an mp3 speaks of, 0 where it does not.

    ffprobe goes by the size of the file.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD)
    found = head.find(b"avih")
    if head[:4] == b"RIFF" and head[8:12] == b"AVI " and 0 < found <= len(head) - 28:
        each, frames = (struct.unpack_from("<I", head, found + place)[0] for place in (8, 24))
        return float(each * frames) / 1e6
    if head[:3] == b"ID3" or head[:1] == b"\xff":
        return _of_mp3(path, head)
    try:
        with wave.open(str(path), "rb") as sound:
            # Whoever writes to a pipe does not know the size, and says the largest.
            size = sound.getnframes() * sound.getnchannels() * sound.getsampwidth()
            return sound.getnframes() / sound.getframerate() if size < _UNKNOWN else 0.0
    except (wave.Error, EOFError, ZeroDivisionError):
        return 0.0


def _of_mp3(path: Path, head: bytes) -> float:
    """Return how long all frames last that the first frame of an mp3 counts (Xing, also where it is called Info)."""
    start = (
        10 + sum((byte & 127) << shift for byte, shift in zip(head[6:10], (21, 14, 7, 0), strict=True))
        if head[:3] == b"ID3"
        else 0
    )
    with path.open("rb") as file:
        file.seek(start)
        frame = file.read(64)
    if len(frame) < 64 or frame[0] != 0xFF or frame[1] & 0xE6 != 0xE2:
        return 0.0
    # MPEG 2.5, none, MPEG 2, MPEG 1: ISO/IEC 11172-3 and 13818-3, layer III.
    version, mono = frame[1] >> 3 & 3, frame[3] >> 6 == 3
    rate = _MP3_RATES[frame[2] >> 2 & 3] / {0: 4, 2: 2, 3: 1}.get(version, 1)
    place = 4 + ((17 if mono else 32) if version == 3 else (9 if mono else 17))
    if not rate or frame[place : place + 4] not in {b"Xing", b"Info"} or not frame[place + 7] & 1:
        return 0.0
    count = int(struct.unpack_from(">I", frame, place + 8)[0])
    return count * (1152 if version == 3 else 576) / rate
