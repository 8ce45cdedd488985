"""How languages are written: the one place that knows which of them put no space between words."""

from __future__ import annotations

from collections.abc import Iterable

UNSPACED = frozenset({"ja", "lo", "my", "th", "yue", "zh"})
"""ISO 639-1 (639-3 for Cantonese); Whisper's tokenizer has the same list."""


def spaced(languages: Iterable[str | None]) -> bool:
    """Tell whether a text in these languages has spaces between its words; one in an unknown language has."""
    return UNSPACED.isdisjoint(languages)


def running_text(words: Iterable[str], languages: Iterable[str | None]) -> str:
    """Return words, or sentences, as a text in these languages."""
    return (" " if spaced(languages) else "").join(words)
