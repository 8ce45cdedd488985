"""What a demuxer passes over in silence in files whose packets have no times: their clock counts what came before.

What lies behind a damage in such a file would come earlier by what is lost. Where the packets lie in the file tells how much that
is: of frames that follow one another, by the bytes between two of them; of an AVI, by its index.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from annotators.media.packets import Packets, Places, Seconds

_FRAMED = {"mp3", "ac3", "eac3", "dts"}
"""Formats, as ffprobe calls them, of frames and nothing between them but tags; AAC is another one."""
_LEAST = 0.1
"""Seconds from which it counts; parsers put some bytes aside where a file is whole, too."""
_AROUND = 100
"""Packets on either side that tell how long a byte lasts."""
_TAGS = (b"APETAGEX", b"ID3", b"TAG")
_INDEX = np.dtype([("stream", "S2"), ("kind", "S2"), ("flags", "<u4"), ("place", "<u4"), ("size", "<u4")])


@dataclass(frozen=True, slots=True, kw_only=True)
class Skip:
    """A part of a stream that no packet holds."""

    clock: float
    """What the stream's clock says behind it, in seconds, as if it were not there."""
    seconds: float
    """How long it lasts."""


def passed(skips: tuple[Skip, ...], clock: Seconds) -> Seconds:
    """Return by how many seconds each time of the stream's clock is too early."""
    late = np.zeros(len(clock))
    for skip in skips:
        late += np.where(clock >= skip.clock - 0.0005, skip.seconds, 0.0)
    return late


def skips(path: Path, form: str, packets: Packets, stream: int) -> tuple[Skip, ...]:
    """Return what is passed over in a stream of a file that ffprobe calls `form`, in order; () of other formats."""
    places = packets.of(stream)
    places = places[(packets.place[places] >= 0) & (packets.size[places] > 0) & ~np.isnan(packets.decoded[places])]
    if len(places) < 2:
        return ()
    if form in _FRAMED:
        found = _inside_packets(path, packets, places)
    elif form == "aac":
        found = _between_frames(path, packets, places)
    elif form == "avi":
        found = _left_of_index(path, packets, places, stream)
    else:
        return ()
    return tuple(Skip(clock=float(clock), seconds=round(lost, 6)) for clock, lost in found if lost >= _LEAST)


def _inside_packets(path: Path, packets: Packets, places: Places) -> Iterator[tuple[float, float]]:
    """Yield what lies between two frames that begin alike: it is at the end of the packet of the first."""
    size = packets.size[places]
    for k in np.flatnonzero(size > 2 * np.median(size)):
        near = np.delete(size[max(0, k - _AROUND) : k + _AROUND], min(k, _AROUND))
        if k + 1 < len(places) and len(near) and size[k] > 2 * near.max():
            start = int(packets.place[places[k]])
            lost = int(size[k] - np.median(near)) - _tags(path, start, start + int(size[k]))
            yield packets.decoded[places[k + 1]], lost * _per_byte(packets, np.delete(places, k), int(k))


def _between_frames(path: Path, packets: Packets, places: Places) -> Iterator[tuple[float, float]]:
    """Yield what lies between two frames of AAC, each of which says how long it is (ADTS, ISO/IEC 13818-7)."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        yield from _broken_chains(path, data, packets, places)


def _broken_chains(path: Path, data: mmap.mmap, packets: Packets, places: Places) -> Iterator[tuple[float, float]]:
    at, frames = data.find(b"\xff"), 0
    while 0 <= at < len(data) - 7:
        end = at + _adts(data, at)
        if end > at:
            at, frames = end, frames + 1
            continue
        found = next((k for k in _marks(data, at) if _adts(data, k + _adts(data, k))), -1)
        if frames and found > at and frames < len(places):
            yield packets.decoded[places[frames]], (found - at - _tags(path, at, found)) * _per_byte(packets, places, frames)
        at = found


def _marks(data: mmap.mmap, start: int) -> Iterator[int]:
    at = data.find(b"\xff", start + 1)
    while 0 <= at < len(data) - 7:
        if _adts(data, at):
            yield at
        at = data.find(b"\xff", at + 1)


def _adts(data: mmap.mmap, at: int) -> int:
    """Return how many bytes the frame that begins there has, 0 where none does."""
    if at + 7 > len(data) or data[at] != 0xFF or data[at + 1] & 0xF6 != 0xF0:
        return 0
    size = (data[at + 3] & 3) << 11 | data[at + 4] << 3 | data[at + 5] >> 5
    return size if size > 7 else 0


def _per_byte(packets: Packets, places: Places, k: int) -> float:
    near = places[max(0, k - _AROUND) : k + _AROUND]
    return float(np.nansum(packets.lasts[near]) / packets.size[near].sum())


def _tags(path: Path, start: int, end: int) -> int:
    """Return how many bytes between there are tags: joined files have some between them."""
    with path.open("rb") as file:
        file.seek(start)
        data = file.read(end - start)
    held = 0
    while found := [(at, name) for name in _TAGS if (at := data.find(name)) >= 0]:
        at, name = min(found)
        size = min(len(data) - at, _size(data[at:], name))
        held, data = held + size, data[at + size :]
    return held


def _size(tag: bytes, name: bytes) -> int:
    if name == b"ID3" and len(tag) >= 10:
        return 10 + sum((byte & 127) << shift for byte, shift in zip(tag[6:10], (21, 14, 7, 0), strict=True))
    if name == b"APETAGEX" and len(tag) >= 16:
        return 32 + int(struct.unpack_from("<I", tag, 12)[0])
    return 128


def _left_of_index(path: Path, packets: Packets, places: Places, stream: int) -> Iterator[tuple[float, float]]:
    starts, sizes, sound = _index(path, stream)
    if not len(starts):
        return
    entries = np.searchsorted(starts, packets.place[places], side="right") - 1
    if (entries < 0).any() or (packets.place[places] >= starts[entries] + sizes[entries]).any():
        return
    usual = float(np.nanmedian(packets.lasts[places]))
    for k, (before, now) in enumerate(pairwise(entries), 1):
        if now - before > 1:
            lost = sizes[before + 1 : now]
            yield packets.decoded[places[k]], float(lost.sum()) * _per_byte(packets, places, k) if sound else len(lost) * usual


def _index(path: Path, stream: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], bool]:
    """Return where the pieces of a stream begin by the index of an AVI, how many bytes they have, and whether they are sound."""
    nothing = np.zeros(0, np.int64)
    size = path.stat().st_size
    with path.open("rb") as file:
        movi, data, place = None, b"", 12
        while place + 12 <= size:
            file.seek(place)
            name, length, kind = struct.unpack("<4sI4s", file.read(12))
            if name == b"LIST" and kind == b"movi":
                movi = place + 8
            if name == b"idx1":
                file.seek(place + 8)
                data = file.read(min(length, size - place - 8))
                break
            place += 8 + length + length % 2
    table = np.frombuffer(data[: len(data) // _INDEX.itemsize * _INDEX.itemsize], _INDEX)
    mine = table[(table["stream"] == b"%02d" % stream) & (table["size"] > 0)]
    if movi is None or not len(mine):
        return nothing, nothing, False
    first = int(table["place"].min())
    starts = mine["place"].astype(np.int64) + 8 + (movi if first < movi else 0)
    return starts, mine["size"].astype(np.int64), bool((mine["kind"] == b"wb").all())
