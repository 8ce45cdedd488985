"""What a source looks like, by PDQ: 256 bits per picture (Facebook 2019, "The TMK+PDQF video-hashing algorithm and the PDQ
image-hashing algorithm"), a few pictures per second.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field

from annotators import media
from annotators.annotator import Annotator, Scope
from schemas.claims import Claim, Fingerprint
from schemas.record import Source

BITS = 256
_NOTHING = bytes(BITS // 8)


@dataclass(frozen=True, kw_only=True)
class PdqFingerprints(Annotator[Source, None]):
    """PDQ hashes of the picture at a fixed rate; a picture with too little in it, as a black one, is a code of zeros."""

    name: ClassVar[str] = "fingerprints.pdq"
    version: ClassVar[str] = "1"
    scope: ClassVar[Scope] = "source"
    provides: ClassVar[tuple[str, ...]] = ("fingerprints",)
    shared: ClassVar[bool] = True
    rate: Annotated[float, Field(gt=0, le=30)] = 2.0
    """Pictures per second."""
    width: Annotated[int, Field(ge=64)] = 128
    """Pictures are hashed at this width, in pixels; PDQ itself looks at 64 x 64."""
    quality: Annotated[int, Field(ge=0, le=100)] = 50
    """Least PDQ quality of a picture to recognise; its authors advise 50."""

    def load(self, device: str) -> None:
        """Load nothing."""

    def annotate(self, model: None, records: Sequence[Source]) -> Sequence[tuple[Claim, ...]]:
        """Return one fingerprint per source, none for one without picture."""
        return [self._print(record) if "video" in record.source.streams else () for record in records]

    def _print(self, record: Source) -> tuple[Claim, ...]:
        codes = b"".join(self._codes(Path(record.path)))
        return (Fingerprint(by=self.key, stream="video", rate=self.rate, reach=1 / self.rate, bits=BITS, codes=codes.hex()),)

    def _codes(self, path: Path) -> Iterator[bytes]:
        import pdqhash  # noqa: PLC0415

        given = 0
        for frame in media.frames(path, self.rate, width=self.width):
            place = round(frame.time * self.rate)
            yield from (_NOTHING for _ in range(given, place))
            bits, quality = pdqhash.compute(np.ascontiguousarray(frame.image))
            yield np.packbits(bits).tobytes() if quality >= self.quality else _NOTHING
            given = place + 1
