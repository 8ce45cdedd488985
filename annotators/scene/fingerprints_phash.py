"""What a source looks like: a perceptual hash of 256 bits per picture, a few pictures per second.

ImageHash's `phash`: the signs of the lowest frequencies of a cosine transform. PDQ tells as much, but must be compiled.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field

from annotators.annotator import Annotator, Scope
from annotators.media import decoder
from schemas.claims import Claim, Fingerprint
from schemas.record import Source

_SIDE = 16
BITS = _SIDE * _SIDE
_NOTHING = bytes(BITS // 8)


@dataclass(frozen=True, kw_only=True)
class PhashFingerprints(Annotator[Source, None]):
    """Perceptual hashes of the picture at a fixed rate; a picture with too little in it, as a black one, is a code of zeros."""

    name: ClassVar[str] = "fingerprints.phash"
    version: ClassVar[str] = "1"
    scope: ClassVar[Scope] = "source"
    provides: ClassVar[tuple[str, ...]] = ("fingerprints",)
    shared: ClassVar[bool] = True
    rate: Annotated[float, Field(gt=0, le=30)] = 2.0
    """Pictures per second."""
    width: Annotated[int, Field(ge=64)] = 128
    """Pictures are hashed at this width, in pixels; the hash itself looks at 64 x 64."""
    contrast: Annotated[float, Field(ge=0, le=128)] = 6.0
    """Least standard deviation of the brightness, in steps of 256, of a picture to recognise."""

    def load(self, device: str) -> None:
        """Load nothing."""

    def annotate(self, model: None, records: Sequence[Source]) -> Sequence[tuple[Claim, ...]]:
        """Return one fingerprint per source, none for one without picture."""
        return [self._print(record) if "video" in record.source.streams else () for record in records]

    def _print(self, record: Source) -> tuple[Claim, ...]:
        codes = b"".join(self._codes(Path(record.path)))
        return (Fingerprint(by=self.key, stream="video", rate=self.rate, reach=1 / self.rate, bits=BITS, codes=codes.hex()),)

    def _codes(self, path: Path) -> Iterator[bytes]:
        import imagehash  # noqa: PLC0415
        from PIL import Image  # noqa: PLC0415

        given = 0
        for frame in decoder.frames(path, self.rate, width=self.width):
            place = round(frame.time * self.rate)
            yield from (_NOTHING for _ in range(given, place))
            picture = Image.fromarray(np.ascontiguousarray(frame.image)).convert("L")
            flat = float(np.asarray(picture).std()) < self.contrast
            yield _NOTHING if flat else np.packbits(imagehash.phash(picture, hash_size=_SIDE).hash).tobytes()
            given = place + 1
