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
    """Return how many seconds the header of a RIFF file speaks of, 0 where it does not: ffprobe goes by the size of the file."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    found = head.find(b"avih")
    if head[:4] == b"RIFF" and head[8:12] == b"AVI " and 0 < found <= len(head) - 28:
        each, frames = (struct.unpack_from("<I", head, found + place)[0] for place in (8, 24))
        return float(each * frames) / 1e6
    try:
        with wave.open(str(path), "rb") as sound:
            # Whoever writes to a pipe does not know the size, and says the largest.
            size = sound.getnframes() * sound.getnchannels() * sound.getsampwidth()
            return sound.getnframes() / sound.getframerate() if size < _UNKNOWN else 0.0
    except (wave.Error, EOFError, ZeroDivisionError):
        return 0.0
