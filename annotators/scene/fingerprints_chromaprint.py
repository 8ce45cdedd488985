"""What a source sounds like, by Chromaprint (acoustid.org): 32 bits about every 0.12 s, computed inside ffmpeg."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import ffmpeg
import numpy as np
import numpy.typing as npt

from annotators.annotator import Annotator, Scope
from annotators.media import decoder, processes
from schemas.claims import Claim, Fingerprint
from schemas.errors import UsageError
from schemas.record import Source

_RATE = 11025
RATE = _RATE / 1365
"""Codes per second of Chromaprint's second algorithm: windows of 4,096 samples at 11,025 Hz that overlap by two thirds."""
REACH = (4096 + (16 + 4 - 1) * 1365) / _RATE
"""Seconds of sound in one code: 16 windows, smoothed over 5."""
_SILENCE = 627964279
"""The code of digital silence: nothing to recognise."""
_HALF = 8
"""Codes this close to one of silence are half of it: any sound that sets in after silence looks like any other."""


@dataclass(frozen=True, kw_only=True)
class ChromaprintFingerprints(Annotator[Source, None]):
    """Chromaprint of the whole sound; a source of less than 2.8 s is too short for a single code."""

    name: ClassVar[str] = "fingerprints.chromaprint"
    version: ClassVar[str] = "1"
    scope: ClassVar[Scope] = "source"
    provides: ClassVar[tuple[str, ...]] = ("fingerprints",)
    shared: ClassVar[bool] = True

    def check(self) -> None:
        """Refuse an ffmpeg that was built without Chromaprint."""
        told = subprocess.run(["ffmpeg", "-hide_banner", "-muxers"], capture_output=True, text=True, check=False).stdout
        if "chromaprint" not in told:
            raise UsageError(
                f"{self.name}: this ffmpeg has no Chromaprint; take that of Debian or Ubuntu, or leave it out of the plan"
            )

    def load(self, device: str) -> None:
        """Load nothing."""

    def annotate(self, model: None, records: Sequence[Source]) -> Sequence[tuple[Claim, ...]]:
        """Return one fingerprint per source, none for one without sound."""
        return [self._print(record) if "audio" in record.source.streams else () for record in records]

    def _print(self, record: Source) -> tuple[Claim, ...]:
        sound = decoder.audio(Path(record.path), rate=_RATE)
        with tempfile.TemporaryDirectory() as folder:
            made = Path(folder) / "sound"
            made.write_bytes(sound.tobytes())
            heard = ffmpeg.input(processes.url(made), format="f32le", ar=_RATE, ac=1)
            args = heard.output("pipe:", format="chromaprint", fp_format="raw").get_args()
            codes = np.frombuffer(bytes(processes.run_ffmpeg(made, args)), "<u4").copy()
        if len(codes):  # 2.8 s of sound give the first
            codes[near(codes == _SILENCE, _HALF)] = 0
        data = codes.astype(">u4").tobytes().hex()
        return (Fingerprint(by=self.key, stream="audio", rate=RATE, reach=REACH, bits=32, codes=data),)


def near(marked: npt.NDArray[np.bool_], steps: int) -> npt.NDArray[np.bool_]:
    """Return which places are at most so many steps from a marked one."""
    return np.convolve(marked.astype(np.float64), np.ones(2 * steps + 1))[steps : steps + len(marked)] > 0
