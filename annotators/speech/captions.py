"""What shown text means: words that are said, who says them, and sounds that are noted; each of them once."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from annotators.speech.subtitles import ShownText
from schemas.values import Span

_LETTER = re.compile(r"\w")
_NOTE = re.compile(
    r"\[([^\[\]]{0,200})\]|\(([^()]{0,200})\)|（([^（）]{0,200})）|【([^【】]{0,200})】|〔([^〔〕]{0,200})〕|［([^［］]{0,200})］"
)
_MUSIC = re.compile(r"[♪♫♬♩]+([^♪♫♬♩]*)(?:[♪♫♬♩]+|$)|^\s*#\s+(.*?)\s+#\s*$", re.MULTILINE)
_DASH = re.compile(r"^\s*(?:[-–—‐]\s*)?(?:>>+\s*)?(?:[-–—]\s+)?")
_LABEL = re.compile(r"([^\W_][^:：\n]{0,40}?)\s*[:：](?=\s|$|[^\x00-\x7f])")
_NUMBERED = re.compile(r"(?:speaker|spk|voice|person|participant|man|woman|male|female)[ _#-]*\d{1,3}", re.IGNORECASE)
_BRACKETED = re.compile(
    r"\s*(?:\[([^\[\]]{1,40})\]\s*[:：]|[（(]([^（）()]{1,40})[）)]\s*[:：]|（([^（）]{1,20})）(?=\s*[^\s（(【〔［]))\s*"
)
_HEARD = re.compile(r"[笑泣音声聲息歌曲拍叫鳴咳掌哭鈴铃]|着信|ノイズ|ベル|BGM|음악|웃|박수")
"""Signs of which what stands in full-width brackets before words is a sound, not a name."""
_OFTEN = 3
"""Times that something stands before a colon until it is taken for a name, where only that tells `Ann:` from `Remember:`."""
_NEXT = 0.1
"""Seconds after which captions do not roll on."""
_ROLLING = 0.5
"""Share of neighbouring captions that must carry on what stood there before, for a file to be rolling captions."""
_BLINK = 0.05
"""Seconds; rolling captions show what they carry on for so long before the new line comes."""


@dataclass(frozen=True, slots=True)
class SubtitleCue:
    """What one cue adds: words, or sounds that are noted, or both."""

    span: Span
    words: tuple[str, ...]
    speaker: str | None = None
    """As the subtitles call whoever speaks; None where they do not."""
    notes: tuple[str, ...] = ()
    """Sounds, as they are described."""


def read_cues(shown: Sequence[ShownText]) -> tuple[SubtitleCue, ...]:
    """Return words, speakers and notes in order of time; one cue for each speaker of a cue. What is shown again is said once."""
    names = _names(shown)
    return tuple(cue for one in _unrolled(shown) for cue in _cues(one, names))


def _unrolled(shown: Sequence[ShownText]) -> Iterator[ShownText]:
    """Yield what is shown without what rolling captions carry over from the cue before it."""
    rolls = _rolls(shown)
    before: ShownText | None = None
    for one in shown:
        fresh = _fresh(before, one) if rolls and before is not None else one.lines
        if fresh:
            yield replace(one, lines=fresh)
        before = one if one.lines else before


def _rolls(shown: Sequence[ShownText]) -> bool:
    """Tell whether most captions of a file begin with what stood there before and go on; people repeat themselves less often."""
    pairs = [(a, b) for a, b in pairwise([one for one in shown if one.lines]) if b.span.start <= a.span.end + _NEXT]
    held = [(a, b) for a, b in pairs if b.span.duration > _BLINK]
    rolling = sum(_fresh(a, b) not in ((), b.lines) for a, b in held)
    blinks = any(not _fresh(a, b) for a, b in pairs if b.span.duration <= _BLINK)
    return rolling >= (1 if blinks else 2) and rolling >= _ROLLING * len(held)


def _fresh(before: ShownText, one: ShownText) -> tuple[str, ...]:
    """Return the lines of a cue that do not stand at the end of the one before, or what is new in a line that goes on."""
    if one.span.start > before.span.end + _NEXT:
        return one.lines
    most = min(len(before.lines), len(one.lines))
    count = next((count for count in range(most, 0, -1) if before.lines[-count:] == one.lines[:count]), 0)
    if count and not any(_dashed(line) for line in one.lines[:count]):
        return one.lines[count:]
    old, new = " ".join(before.lines).split(), " ".join(one.lines).split()
    return (" ".join(new[len(old) :]),) if len(old) < len(new) and new[: len(old)] == old else one.lines


def _dashed(line: str) -> bool:
    """Tell whether a line begins as one of several people's does."""
    return line.lstrip().startswith(("-", "–", "—", "‐", ">>"))


def _names(shown: Sequence[ShownText]) -> frozenset[str]:
    """Return what stands before a colon and is a name of a speaker in this file."""
    lines = [_DASH.sub("", line) for one in shown for line in one.lines]
    counts = Counter(found[1] for found in map(_LABEL.match, lines) if found)
    small = any(line != line.upper() for line in lines)
    return frozenset(label for label, count in counts.items() if _is_name(label, small) or (count >= _OFTEN and _capital(label)))


def _is_name(label: str, small: bool) -> bool:
    """Tell whether a label is a name by itself: `Speaker 1`, or capitals in a file that has small letters too."""
    capitals = label == label.upper() != label.lower() and sum(sign.isalpha() for sign in label) > 1
    return bool(_NUMBERED.fullmatch(label)) or (small and capitals)


def _capital(label: str) -> bool:
    """Tell whether a label is one to three words that begin as names do, in scripts without capitals any short one."""
    parts = label.split()
    return len(parts) <= 3 and all(part[0].isupper() or part.lower() == part.upper() for part in parts)


def _cues(shown: ShownText, names: frozenset[str]) -> Iterator[SubtitleCue]:
    """Yield one cue for each speaker whom a cue names, with that part of its time which its part of the words has."""
    parts: list[tuple[str | None, str]] = []
    for line in _joined(shown.lines):
        bare = _DASH.sub("", line)
        speaker, said = _spoken(bare, names)
        if speaker is not None or not parts or (bare != line and parts[-1][0] is not None):
            parts.append((speaker or (shown.voice if not parts or bare == line else None), said))
        else:
            parts[-1] = (parts[-1][0], f"{parts[-1][1]}\n{said}")
    noted = [(speaker, *_noted(said)) for speaker, said in parts]
    weights = [sum(len(word) + 1 for word in words) for _, words, _ in noted]
    done, total = 0, sum(weights)
    for (speaker, words, notes), weight in zip(noted, weights, strict=True):
        span = shown.span
        if words:
            start, done = span.start + span.duration * done / total, done + weight
            span = Span(start=start, end=shown.span.start + shown.span.duration * done / total)
        if words or notes:
            yield SubtitleCue(span, words, speaker, notes)


def _joined(lines: Sequence[str]) -> Iterator[str]:
    """Yield lines, those between which a bracket is open as one."""
    held = ""
    for line in lines:
        held = f"{held} {line}" if held else line
        if all(held.count(opened) <= held.count(closed) for opened, closed in ("[]", "()", "（）", "【】")):
            yield held
            held = ""
    if held:
        yield held


def _spoken(line: str, names: frozenset[str]) -> tuple[str | None, str]:
    """Return who says a line, where it begins with that, and what is said."""
    if (found := _BRACKETED.match(line)) and not (found[3] and _HEARD.search(found[3])):
        return (found[1] or found[2] or found[3]).strip(), line[found.end() :]
    if (found := _LABEL.match(line)) and found[1] in names:
        return found[1], line[found.end() :]
    return None, line


def _noted(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the words of a text, and the sounds that it notes: neither is the other."""
    notes: list[str] = []

    def music(found: re.Match[str]) -> str:
        sung = " ".join((found[1] or found[2] or "").split())
        notes.append(f"music: {sung}" if _LETTER.search(sung) else "music")
        return "\n"

    def sound(found: re.Match[str]) -> str:
        notes.append(" ".join("".join(part or "" for part in found.groups()).split()))
        return " "

    bare = _NOTE.sub(sound, _MUSIC.sub(music, text))
    words = tuple(word for word in bare.split() if _LETTER.search(word))
    return words, tuple(note for note in notes if _LETTER.search(note))
