"""What the name of a subtitle file says: of which source it is, in which language, and of which kind."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from schemas.errors import UsageError
from schemas.vocabulary.languages import language_code

SUFFIXES = frozenset({".srt", ".vtt", ".ass", ".ssa", ".ttml", ".dfxp"})
"""Of subtitle files, in small letters."""
_DEAF = frozenset({"sdh", "hi", "cc", "hoh", "captions"})
"""For those who do not hear: sounds are described, too."""
_ORIGINAL = frozenset({"orig", "original"})
_KINDS = _DEAF | _ORIGINAL | {"forced", "default", "full", "auto"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SidecarMarks:
    """What stands between the name of a source and the suffix of its subtitles."""

    language: str | None = None
    """As `language_code` gives it."""
    deaf: bool = False
    forced: bool = False
    """Only what is said in another language than the rest."""
    original: bool = False
    """In the language that is spoken, as a site for video marks it."""


def marks_of(subtitles: Path, stem: str) -> SidecarMarks | None:
    """Return what the name of a subtitle file says beside that of its source, None where it is of another source.

    What is neither a known kind nor a language belongs to another source, as `talk.part2.srt` to `talk.part2.mp4`.
    """
    name, start = subtitles.stem.casefold(), stem.casefold()
    if name == start:
        return SidecarMarks()
    if not name.startswith(f"{start}."):
        return None
    marks = [mark for mark in name[len(start) + 1 :].split(".") if mark]
    if marks == ["hi"]:  # Hindi, where no other language stands beside it
        return SidecarMarks(language="hi")
    kinds = {kind for mark in marks for kind in re.split(r"[-_]", mark) if kind in _KINDS}
    languages = [_code(mark) for mark in marks if mark not in _KINDS]
    if None in languages or len(languages) > 1:
        return None
    return SidecarMarks(
        language=languages[0] if languages else None,
        deaf=bool(kinds & _DEAF),
        forced="forced" in kinds,
        original=bool(kinds & _ORIGINAL),
    )


def _code(mark: str) -> str | None:
    try:
        return language_code(mark)
    except UsageError:
        return None
