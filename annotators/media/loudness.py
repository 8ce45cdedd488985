"""How loud a sound is."""

from __future__ import annotations

import re
from pathlib import Path

import ffmpeg

from annotators.media import processes

_SILENT = -70.0
"""LUFS; the gate of ITU-R BS.1770, below which nothing counts."""
_INTEGRATED = re.compile(r"^\s*I:\s+(-?[\d.]+) LUFS")


def integrated_loudness(path: Path) -> float | None:
    """Return the integrated loudness of a file with sound (ITU-R BS.1770-4, EBU R 128), in LUFS; None where it is silent.

    Raises:
        ItemError: it cannot be decoded.
    """
    told: list[float] = []

    def summed(line: str) -> bool:
        if found := _INTEGRATED.match(line):
            told.append(float(found[1]))
        return "]" not in line or "Parsed_ebur128" in line

    sound = ffmpeg.input(processes.url(path), **processes.ONE_FILE).audio.filter("ebur128", framelog="verbose")
    with processes.running(path, sound.output("pipe:", format="null").get_args(), summed):
        pass
    return told[-1] if told and told[-1] > _SILENT else None
