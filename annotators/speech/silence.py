"""Long stretches without any sound (gaps of a recording, a muted channel) are not listened to: nothing is there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from schemas.values import Span

_LEAST = 20.0
"""Seconds of nothing but zeros from which a part of them is left out."""
_KEPT = 10.0
"""Seconds of them that stay: who listens in windows of 5 s hears what was before end, and what follows begin."""


@dataclass(frozen=True, slots=True, eq=False)
class Squeezed:
    """Sound without the inside of long silences."""

    samples: npt.NDArray[np.float32]
    cuts: tuple[tuple[float, float], ...]
    """Where in it something was left out, and how much, in seconds."""

    def whole(self, span: Span) -> Span:
        """Return where a span of it is in the whole sound."""
        return Span(start=self._at(span.start), end=self._at(span.end))

    def _at(self, time: float) -> float:
        return time + sum(seconds for cut, seconds in self.cuts if time > cut)


def squeezed(sound: npt.NDArray[np.float32], rate: int) -> Squeezed:
    """Return mono sound without the inside of its long silences; sound without such is returned as it is."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], sound == 0, [False]]).astype(np.int8)))
    kept, parts, cuts, left_out = round(_KEPT / 2 * rate), [], [], 0
    reached = 0
    for start, end in edges.reshape(-1, 2):
        if end - start >= _LEAST * rate:
            parts.append(sound[reached : start + kept])
            cuts.append(((start + kept - left_out) / rate, (end - start - 2 * kept) / rate))
            reached, left_out = int(end - kept), left_out + int(end - start - 2 * kept)
    return Squeezed(np.concatenate([*parts, sound[reached:]]), tuple(cuts)) if cuts else Squeezed(sound, ())
