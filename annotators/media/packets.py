"""The packets of a file, as they lie in it: which stream, when, how long, and where a decoder can begin."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from annotators.media import processes

Seconds = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Packets:
    """One value per packet, in the order of the file; times are those of the container's own clock, in seconds."""

    stream: Places
    shown: Seconds
    """When it is presented; NaN where the file does not say."""
    decoded: Seconds
    """When it is decoded: this one goes up where pictures are stored in another order than they are shown; NaN as above."""
    lasts: Seconds
    """NaN where the file does not say."""
    key: npt.NDArray[np.bool_]
    place: Places
    """Where its bytes begin in the file; -1 where that is not said."""
    size: Places
    """Bytes."""
    hidden: npt.NDArray[np.bool_]
    """It is decoded and not presented: an edit list leaves it out."""

    def of(self, stream: int) -> Places:
        """Return where the packets of a stream are, in the order of the file."""
        return np.flatnonzero(self.stream == stream)


def read_packets(path: Path) -> Packets:
    """Return the packets of all streams.

    Raises:
        ItemError: ffprobe cannot read the file, or makes no progress for a minute.
    """
    wanted = ("-show_entries", "packet=stream_index,pts_time,dts_time,duration_time,size,pos,flags", "-of", "csv=p=0")
    # Side data puts empty lines and commas between.
    lines = [line.split(",") for line in processes.probed(path, *wanted).decode("ascii", "replace").splitlines() if line]
    columns = list(zip(*(line[:7] for line in lines if len(line) >= 7), strict=True)) or [()] * 7
    flags = columns[6]
    return Packets(
        stream=np.array(columns[0], np.int64),
        shown=_seconds(columns[1]),
        decoded=_seconds(columns[2]),
        lasts=_seconds(columns[3]),
        place=_whole(columns[5]),
        size=_whole(columns[4]),
        key=np.array(["K" in one for one in flags], np.bool_),
        hidden=np.array(["D" in one for one in flags], np.bool_),
    )


def _seconds(texts: tuple[str, ...]) -> Seconds:
    return np.array([float("nan") if text == "N/A" else float(text) for text in texts], np.float64)


def _whole(texts: tuple[str, ...]) -> Places:
    return np.array([-1 if text == "N/A" else int(text) for text in texts], np.int64)
