"""SubRip (.srt) and WebVTT (.vtt) as they are found in the wild, read down to what is said and when.

Own parser: what both formats share is a line with `-->` and the lines up to the next blank one. A library such as pysubs2 would
still leave decoding, rolling captions, names and sound descriptions (which nobody says) to us.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from schemas.errors import ItemError
from schemas.values import Span

LARGEST = 16 * 2**20
_TIME = r"(?:(\d{1,3}):)?(\d{1,2}):(\d{1,2})[.,](\d{1,3})"
_TIMES = re.compile(rf"^\s*{_TIME}\s*-->\s*{_TIME}")
_TAGS = re.compile(r"</?[A-Za-z0-9][^<>]{0,200}>|\{\\[^{}]{0,200}\}")
_SOUNDS = re.compile(r"\[[^\[\]]{0,200}\]|\([^()]{0,200}\)|[♪♫]+")
_NAMES = re.compile(r"^\s*(?:[-–—‐]\s*)?(?:>>+\s*)?(?:[A-Z][A-Z0-9 .'’&-]{1,30}:\s)?(?:[-–—]\s+)?")
_LETTER = re.compile(r"\w")
# Files that are not UTF-8 carry no mark of what they are: the usual code page of the language, else that of Western Europe.
_CODE_PAGES = {
    "cp1250": "bs cs hr hu pl ro sk sl sq", "cp1251": "be bg kk mk ru sr uk", "cp1253": "el", "cp1254": "az tr", "cp1255": "he",
    "cp1256": "ar fa ur", "cp1257": "et lt lv", "cp1258": "vi", "cp874": "th", "cp932": "ja", "cp949": "ko", "gb18030": "zh",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class SubtitleCue:
    """Words that are shown together; never empty."""

    span: Span
    words: tuple[str, ...]


def read_subtitles(path: Path, language: str | None) -> str:
    """Return the text of a subtitle file.

    Raises:
        ItemError: it is missing, empty, too large or not text; the message names the file.
    """
    try:
        data = path.read_bytes() if path.stat().st_size <= LARGEST else None
    except OSError as error:
        raise ItemError(f"{path.name}: the subtitles cannot be read: {error.strerror}") from error
    if data is None:
        raise ItemError(f"{path.name}: more than {LARGEST // 2**20} MiB is too large for subtitles")
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(mark):
            return data.decode(encoding, "replace").lstrip("\ufeff")
    if b"\0" in data:
        raise ItemError(f"{path.name}: the subtitles are not text")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        page = next((page for page, codes in _CODE_PAGES.items() if language in codes.split()), "cp1252")
        return data.decode(page, "replace")


def parse(text: str, name: str = "subtitles") -> tuple[SubtitleCue, ...]:
    """Return the cues in order of time. Cues without words or with impossible times are left out.

    Raises:
        ItemError: there is text, but no line with times; the message holds `name`.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x0b", " ").split("\n")
    shown = list(_shown(lines))
    if not shown and any(line.strip() not in {"", "WEBVTT"} for line in lines):
        raise ItemError(f"{name}: no line has the times of a subtitle (00:00:01,000 --> 00:00:02,000)")
    shown.sort(key=lambda cue: cue[0])
    cues = []
    before: tuple[Span, list[str]] | None = None
    for span, block in shown:
        fresh = _fresh(span, block, before)
        words = tuple(word for line in _said(fresh) for word in line.split() if _LETTER.search(word))
        if words and span.duration > 0:
            cues.append(SubtitleCue(span, words))
        before = (span, block)
    return tuple(cues)


def _shown(lines: list[str]) -> Iterator[tuple[Span, list[str]]]:
    """Yield times and lines of every block that has a line of times."""
    at = 0
    while at < len(lines):
        found = _TIMES.match(lines[at])
        at += 1
        if not found:
            continue
        block = []
        while at < len(lines) and lines[at].strip() and not _TIMES.match(lines[at]):
            block.append(lines[at].strip())
            at += 1
        if at < len(lines) and _TIMES.match(lines[at]) and block and block[-1].isdigit():
            block.pop()
        start, end = _seconds(found.groups()[:4]), _seconds(found.groups()[4:])
        if start < end:
            yield Span(start=start, end=end), block


def _seconds(parts: tuple[str | None, ...]) -> float:
    hours, minutes, seconds, fraction = (part or "0" for part in parts)
    return int(hours) * 3600 + int(minutes) * 60 + int(seconds) + int(fraction.ljust(3, "0")) / 1000


def _fresh(span: Span, block: list[str], before: tuple[Span, list[str]] | None) -> list[str]:
    """Return the lines that rolling captions show for the first time: they carry the last line over into the next cue."""
    if before is None or span.start > before[0].end + 0.1 or (len(block) < 2 and span.duration > 0.05):
        return block
    old = {_plain(line) for line in before[1]}
    lines = list(block)
    while lines and _plain(lines[0]) in old:
        lines.pop(0)
    return lines


def _plain(line: str) -> str:
    return html.unescape(_TAGS.sub("", line)).strip()


def _said(lines: list[str]) -> list[str]:
    """Return the lines without markup, names of speakers and sounds."""
    named = [_NAMES.sub("", _plain(line)) for line in lines]
    return [_SOUNDS.sub(" ", "\n".join(named)).replace("\n", " ")]
