"""Subtitle files as they are found in the wild: what is shown when, in SubRip, WebVTT, SubStation Alpha or TTML.

pysubs2 reads SubStation Alpha, ttconv TTML. SubRip and WebVTT are read here: of both, pysubs2 (1.8) takes a NOTE for words of the
cue before it, a line with two karaoke times for the times of a cue, and a number that ends a cue for that of the next cue.
"""

from __future__ import annotations

import codecs
import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

from schemas.errors import ItemError
from schemas.values import Span

LARGEST = 16 * 2**20
_TIME = r"(?:(\d{1,3}):)?(\d{1,2}):(\d{1,2})(?:[.,](\d{1,3}))?"
_TIMES = re.compile(rf"^\s*{_TIME}\s*-{{1,2}}>\s*{_TIME}(?![\d:])")
_VOICE = re.compile(r"<v(?:\.[^\s>]*)?\s+([^<>]{1,80})>", re.IGNORECASE)
_TAGS = re.compile(r"</?[A-Za-z0-9][^<>]{0,200}>|</>|\{\\[^{}]{0,200}\}")
_BLOCK = re.compile(r"(?:NOTE|STYLE|REGION)(?:\s|$)")
_NOT_SHOWN = re.compile(r"^\s*(?:WEBVTT.*|\d*)\s*$")
_OLD_TTML = re.compile(r"http://www\.w3\.org/(?:2004/11|2006/04|2006/10)/ttaf1")
_OPEN = 360_000
"""Seconds; what lasts so long has no end, and stands until the next text."""
_DECLARED = re.compile(r"^\s*<\?xml[^>]*\?>")
# Files that are not UTF-8 carry no mark of what they are: the usual code page of the language, else that of Western Europe.
_CODE_PAGES = {
    "cp1250": "bs cs hr hu pl ro sk sl sq", "cp1251": "be bg kk mk ru sr uk", "cp1253": "el", "cp1254": "az tr", "cp1255": "he",
    "cp1256": "ar fa ur", "cp1257": "et lt lv", "cp1258": "vi", "cp874": "th", "cp932": "ja", "cp949": "ko", "gb18030": "zh",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ShownText:
    """Lines that are shown together, without markup; nothing is known yet about what they mean."""

    span: Span
    lines: tuple[str, ...]
    """Without those that are blank; () where something is shown that is no text."""
    voice: str | None = None
    """Who says it, where the format has a place for that."""


def read_subtitles(path: Path, language: str | None) -> str:
    """Return the text of a subtitle file.

    Raises:
        ItemError: it is missing, too large or not text; the message names the file.
    """
    try:
        data = path.read_bytes() if path.stat().st_size <= LARGEST else None
    except OSError as error:
        raise ItemError(f"{path.name}: the subtitles cannot be read: {error.strerror}") from error
    if data is None:
        raise ItemError(f"{path.name}: more than {LARGEST // 2**20} MiB is too large for subtitles")
    if data.startswith(codecs.BOM_UTF8):
        return data.decode("utf-8-sig", "replace")
    if wide := _wide(data):
        return data.decode(wide, "replace").removeprefix("\ufeff")
    if b"\0" in data:
        raise ItemError(f"{path.name}: the subtitles are not text")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        page = next((page for page, codes in _CODE_PAGES.items() if language in codes.split()), "cp1252")
        return data.decode(page, "replace")


def _wide(data: bytes) -> str | None:
    """Return which UTF-16 it is, by its mark or by the zeros of the times in it, None where it is none."""
    for mark, encoding in ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")):
        places = [data.find(sign.encode(encoding)) for sign in ("-->", "Dialogue:", "<tt")]
        if data.startswith(mark) or any(place >= 0 and place % 2 == 0 for place in places):
            return encoding
    return None


def shown_texts(text: str, name: str = "subtitles") -> tuple[ShownText, ...]:
    """Return what is shown, in order of time; what has impossible times is left out.

    Raises:
        ItemError: there is text, but nothing in it has the times of a subtitle; the message holds `name`.
    """
    if re.search(r"^\s*\[Script Info\]|^Dialogue:", text[:100_000], re.IGNORECASE | re.MULTILINE):
        shown = list(_substation(text, name))
    elif re.match(r"\s*(?:<\?xml|<!--|<(?:\w+:)?tt[\s>])", text):
        shown = list(_timed_text(text, name))
    else:
        shown = list(_cues(re.sub(r"\r*\n|\r", "\n", text.replace("\x0b", " ").replace("\x0c", " ")).split("\n"), name))
    return tuple(sorted(shown, key=lambda one: one.span))


def _cues(lines: list[str], name: str) -> Iterator[ShownText]:
    """Yield the cues of SubRip or WebVTT: after each line of times, what comes up to the next one."""
    at = [k for k, line in enumerate(lines) if _TIMES.match(line)]
    if not at and not all(_NOT_SHOWN.match(line) for line in lines):
        raise ItemError(f"{name}: no line has the times of a subtitle (00:00:01,000 --> 00:00:02,000)")
    web = next((line for line in lines if line.strip()), "").startswith("WEBVTT")
    before = [line.strip() for line in lines[: at[0] if at else 0] if line.strip()]
    counted = bool(before) and before[-1].isdigit()
    for begin, end in pairwise([*at, len(lines)]):
        found = _TIMES.match(lines[begin])
        block = lines[begin + 1 : end]
        block = _own(block, counted, web) if end < len(lines) else block
        block = _without_notes(block) if web else block
        start, stop = (_seconds(found.groups()[part]) for part in (slice(4), slice(4, 8))) if found else (0.0, 0.0)
        if start < stop:
            voice = next((match[1].strip() for line in block if (match := _VOICE.search(line))), None)
            yield ShownText(Span(start=start, end=stop), _plain(block), html.unescape(voice) if voice else None)


def _own(block: list[str], counted: bool, web: bool) -> list[str]:
    """Return the lines of a cue without the number or the name of the next one."""
    whole = list(block)
    if web and len(whole) > 1 and whole[-1].strip() and not whole[-2].strip():
        return whole[:-1]
    while whole and not whole[-1].strip():
        whole.pop()
    return whole[:-1] if counted and whole and whole[-1].strip().isdigit() else whole


def _without_notes(block: list[str]) -> list[str]:
    """Return the lines of a cue of WebVTT without the comments, styles and regions that stand after it."""
    parts: list[list[str]] = [[]]
    for line in block:
        if line:
            parts[-1].append(line)
        else:
            parts.append([])
    return [line for part in parts if part and not _BLOCK.match(part[0]) for line in part]


def _seconds(parts: Sequence[str | None]) -> float:
    hours, minutes, seconds, fraction = (part or "0" for part in parts)
    return int(hours) * 3600 + int(minutes) * 60 + int(seconds) + int(fraction.ljust(3, "0")) / 1000


def _plain(lines: Sequence[str]) -> tuple[str, ...]:
    """Return the lines that are not blank, without markup."""
    bare = (html.unescape(_TAGS.sub("", line)).replace("\u200b", "").strip() for line in lines)
    return tuple(line for line in bare if line)


def _substation(text: str, name: str) -> Iterator[ShownText]:
    from pysubs2 import SSAFile  # noqa: PLC0415
    from pysubs2.exceptions import Pysubs2Error  # noqa: PLC0415

    try:
        events = SSAFile.from_string(text, "ass").events
    except (Pysubs2Error, ValueError, LookupError) as error:
        raise ItemError(f"{name}: not SubStation Alpha as pysubs2 reads it: {error}") from error
    seen: set[tuple[int, int, str]] = set()
    for event in events:
        said = (int(event.start), int(event.end), event.plaintext)
        # Layers of one caption, for its shadow or glow, say the same.
        if event.is_text and 0 <= event.start < event.end and said not in seen:
            seen.add(said)
            span = Span(start=event.start / 1000, end=event.end / 1000)
            yield ShownText(span, _plain(event.plaintext.split("\n")), event.name.strip() or None)


def _timed_text(text: str, name: str) -> Iterator[ShownText]:
    import xml.etree.ElementTree as ET  # noqa: PLC0415

    from ttconv.imsc.reader import to_model  # noqa: PLC0415

    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise ItemError(f"{name}: TTML with entities of its own is not read")
    try:
        root = ET.fromstring(_OLD_TTML.sub("http://www.w3.org/ns/ttml", _DECLARED.sub("", text)))  # noqa: S314
        for part in root.iter():
            # ttconv (1.2) loses what is in a part that begins late and has no end of its own.
            if part.tag.endswith(("}body", "}div")) and "begin" in part.attrib and not {"end", "dur"} & part.attrib.keys():
                part.set("dur", f"{_OPEN}s")
        model = to_model(ET.ElementTree(root))
    except Exception as error:  # what ttconv raises at a hostile file is not told by its interface
        raise ItemError(f"{name}: not TTML as ttconv reads it: {error}") from error
    body = model.get_body() if model is not None else None
    if body is None:
        raise ItemError(f"{name}: no TTML with a body")
    parts = sorted(_parts(body, Fraction(0), None), key=lambda one: one.span)
    for one, later in pairwise([*parts, None]):
        if one is not None and one.span.duration < _OPEN / 2:
            yield one
        elif one is not None and later is not None and one.span.start < later.span.start:
            yield replace(one, span=Span(start=one.span.start, end=later.span.start))


def _parts(element: Any, offset: Fraction, until: Fraction | None) -> Iterator[ShownText]:
    """Yield each paragraph, or its parts with times of their own; times of TTML count from where what is around them begins."""
    from ttconv import model  # noqa: PLC0415

    start = offset + (element.get_begin() or 0)
    ends = [end for end in (until, None if element.get_end() is None else offset + element.get_end()) if end is not None]
    end = min(ends, default=None)
    spans = [one for one in element if isinstance(one, model.Span)]
    pieces = [one for one in spans if (one.get_begin(), one.get_end()) != (None, None)]
    if isinstance(element, (model.P, model.Span)) and not pieces:
        end = start + _OPEN if end is None else end
        if start < end:
            yield ShownText(Span(start=float(start), end=float(end)), _plain(_written(element).split("\n")))
        return
    for one in pieces or element:
        yield from _parts(one, start, end)


def _written(element: Any) -> str:
    from ttconv.model import Br, Text  # noqa: PLC0415

    if isinstance(element, Text):
        return re.sub(r"\s+", " ", element.get_text())
    return "\n" if isinstance(element, Br) else "".join(_written(one) for one in element)
