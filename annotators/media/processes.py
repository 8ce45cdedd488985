"""Run ffmpeg and ffprobe as children: a list of arguments, never a shell; one file is read; a child that stalls is ended."""

from __future__ import annotations

import json
import os
import re
import select
import signal
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from schemas.errors import ItemError, StoppedError, TransientError

STALL_SECONDS = 60.0
_FORMATS = (
    "mov", "matroska", "avi", "mpegts", "mpeg", "mpegvideo", "mp3", "wav", "flac", "aac", "ogg", "w64", "asf", "flv", "mxf",
    "amr", "amrnb", "amrwb", "aiff", "caf", "au", "ac3", "eac3", "dts", "dv", "h264", "hevc", "ivf", "nut", "rm", "wv", "tta",
    "gxf",
)  # fmt: skip
# A playlist or a subtitle renamed to .mp4 must not make ffmpeg open other files or the network.
ONE_FILE = {"protocol_whitelist": "file,pipe", "format_whitelist": ",".join(_FORMATS)}


@dataclass(frozen=True, slots=True)
class _Program:
    words: tuple[str, ...]
    fails: str
    """What is said where it fails: of which file, and why."""


_FFMPEG = _Program(("ffmpeg", "-nostdin", "-hide_banner", "-loglevel", "error"), "{}: ffmpeg cannot read it: {}")
_TALKING = _Program(("ffmpeg", "-nostdin", "-hide_banner", "-nostats", "-loglevel", "info"), _FFMPEG.fails)
_FFPROBE = _Program(("ffprobe", "-hide_banner", "-loglevel", "error"), "not a media file that ffmpeg can read: {1}")
CRASHES = frozenset({"SIGSEGV", "SIGABRT", "SIGBUS", "SIGFPE", "SIGILL", "SIGTRAP", "SIGSYS"})
"""Signals by which a process ends of its own doing; any other comes from the system or from somebody."""
_FULL = b"No space left on device"
_REFUSED = re.compile(r"\[(?P<format>[^\]@]+) @ 0x[0-9a-f]+\] Format not on whitelist")
_ADDRESS = re.compile(r"\[[^\]]*@ 0x[0-9a-f]+\]\s*|0x[0-9a-f]{6,}")


class _Url(str):
    """Text whose `str` can always be encoded: ffmpeg-python hashes that, and a name on a disk need not be Unicode."""

    __slots__ = ()

    def __str__(self) -> str:
        return self.encode(errors="backslashreplace").decode()


def url(path: Path) -> str:
    """Return the path as ffmpeg reads it literally, whatever characters it holds."""
    return _Url(f"file:{path.absolute()}")


def called(path: Path) -> str:
    """Return the file's name as a person can read it: no folder, nothing that does not print."""
    return "".join(sign if sign.isprintable() else "?" for sign in path.name)


def run_ffmpeg(path: Path, args: Sequence[str]) -> bytearray:
    """Run ffmpeg with these arguments to its end and return its standard output.

    Raises:
        ItemError: ffmpeg failed, crashed or made no progress; `path` is the file that is to blame.
        StoppedError: the system ended it.
    """
    return _output(path, _FFMPEG, args)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion:
    """What became of a file that ffmpeg was to write."""

    pictures: int
    """How many it wrote."""
    complaints: str
    """What its decoders complained of, a line each."""


def convert(path: Path, args: Sequence[str]) -> Conversion:
    """Run ffmpeg with arguments that write a file, and return what became of it.

    Raises:
        ItemError: ffmpeg failed, crashed or made no progress; `path` is the file that is to blame.
        StoppedError: the system ended it.
    """
    with _child(path, _FFMPEG, ["-progress", "pipe:1", *args], None) as pipe:
        told = bytearray()
        while data := pipe.read(2**20, whole=False):
            told += data
    counts = re.findall(rb"^frame=\s*(\d+)", told, re.MULTILINE)
    return Conversion(pictures=max(map(int, counts), default=0), complaints=pipe.complaints.decode("utf-8", "replace"))


def ask(path: Path, *wanted: str) -> dict[str, Any]:
    """Return what ffprobe says about a file, as parsed JSON.

    Raises:
        ItemError: ffprobe cannot read it, or makes no progress for a minute.
    """
    told: dict[str, Any] = json.loads(probed(path, *wanted, "-of", "json").decode("utf-8", "replace"))
    return told


def probed(path: Path, *wanted: str) -> bytearray:
    """Return what ffprobe prints about a file.

    Raises:
        ItemError: ffprobe cannot read it, or makes no progress for a minute.
    """
    flags = [part for key, value in ONE_FILE.items() for part in (f"-{key}", value)]
    return _output(path, _FFPROBE, [*flags, *wanted, url(path)])


def reason(stderr: bytes | bytearray, path: Path) -> str:
    """Return the first useful line of complaint: the same in every run, and naming no folder."""
    text = stderr.decode("utf-8", "replace")
    if (refused := _REFUSED.search(text)) is not None:
        return f"by its content it is {refused['format']}, which is not read"
    for long in (url(path), str(path.absolute())):
        text = text.replace(os.fsencode(long).decode("utf-8", "replace"), called(path))
    lines = (_ADDRESS.sub("", line).strip() for line in text.splitlines())
    return next((line for line in lines if line), "no reason given")[:300]


def _output(path: Path, program: _Program, args: Sequence[str]) -> bytearray:
    told = bytearray()
    with _child(path, program, args, None) as pipe:
        while data := pipe.read(2**20, whole=False):
            told += data
    return told


@contextmanager
def running(path: Path, args: Sequence[str], heard: Callable[[str], bool] | None = None) -> Iterator[Pipe]:
    """Run ffmpeg and hand out its standard output; end the child when the block ends or nothing comes for a minute.

    `heard` gets each line that ffmpeg writes beside, and tells whether the line was meant for it; the others are complaints.
    """
    with _child(path, _FFMPEG if heard is None else _TALKING, args, heard) as pipe:
        yield pipe


@contextmanager
def _child(path: Path, program: _Program, args: Sequence[str], heard: Callable[[str], bool] | None) -> Iterator[Pipe]:
    out = err = subprocess.PIPE
    command = [*program.words, *args]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, bufsize=0, pipesize=2**20) as child:
        pipe = Pipe(child, path, program.words[0], heard)
        try:
            yield pipe
            pipe.finish()
        finally:
            if child.poll() is None:
                child.kill()
    if child.returncode < 0:
        raise _signalled(path, program.words[0], -child.returncode)
    if child.returncode and _FULL in pipe.complaints:
        raise TransientError(f"{called(path)}: {program.words[0]} cannot write: no space left on device")
    if child.returncode:
        raise ItemError(program.fails.format(called(path), reason(pipe.complaints, path)))


def signal_name(number: int) -> str:
    """Return what a signal is called."""
    return signal.Signals(number).name if number in set(signal.Signals) else f"signal {number}"


def _signalled(path: Path, program: str, number: int) -> ItemError | StoppedError:
    """Return what it means that a signal ended a child: a crash is of the file, anything else is the world's."""
    name = signal_name(number)
    if name in CRASHES:
        return ItemError(f"{called(path)}: {program} crashed on it ({name})")
    return StoppedError(f"{called(path)}: {program} was ended by the system ({name}), as where memory runs out")


class Pipe:
    """What a child says, read without waiting longer than a minute for the next byte."""

    def __init__(
        self, child: subprocess.Popen[bytes], path: Path, program: str = "ffmpeg", heard: Callable[[str], bool] | None = None
    ) -> None:
        if child.stdout is None or child.stderr is None:
            raise ValueError("the child needs two pipes")
        self._child, self._path, self._program, self._heard = child, path, program, heard
        self._begun = b""
        self._out, self._err = child.stdout.fileno(), child.stderr.fileno()
        self._open = {self._out, self._err}
        self._poll = select.poll()
        for stream in self._open:
            self._poll.register(stream, select.POLLIN)
        self.complaints = bytearray()

    def read(self, size: int, whole: bool = True) -> bytearray:
        """Return `size` bytes, fewer at the end; with `whole=False` as soon as there are any."""
        data, got = bytearray(size), 0
        while got < size and self._out in self._open and (whole or not got):
            if self._out in self._ready():
                count = os.readv(self._out, [memoryview(data)[got:]])
                got += count
                if not count:
                    self._close(self._out)
        return data if got == size else data[:got]

    def finish(self) -> None:
        """Hear the child out and wait for its end; output that nobody wanted is thrown away."""
        while self._open:
            if self._out in self._ready() and not os.read(self._out, 2**20):
                self._close(self._out)
        self._child.wait()

    def _ready(self) -> set[int]:
        ready = {stream for stream, _ in self._poll.poll(STALL_SECONDS * 1000)}
        if not ready:
            self._child.kill()
            raise ItemError(f"{called(self._path)}: {self._program} made no progress for {STALL_SECONDS:.0f} s")
        if self._err in ready:
            said = os.read(self._err, 2**16)
            self._hear(said)
            if not said:
                self._close(self._err)
        return ready

    def _hear(self, said: bytes) -> None:
        if self._heard is not None:
            *lines, self._begun = (self._begun + said).split(b"\n")
            lines += [self._begun] if not said else []
            said = b"".join(line + b"\n" for line in lines if not self._heard(line.decode("utf-8", "replace")))
        self.complaints += said[: 2**16 - len(self.complaints)]

    def _close(self, stream: int) -> None:
        self._poll.unregister(stream)
        self._open.discard(stream)
