"""How languages are written: the one place that knows which of them put no space between words."""

from __future__ import annotations

from collections.abc import Iterable

_UNSPACED = frozenset({"ja", "lo", "my", "th", "yue", "zh"} | {"bur", "chi", "cmn", "jpn", "lao", "mya", "tha", "wuu", "zho"})
"""ISO 639-1 (639-3 for Cantonese), as Whisper's tokenizer has them; then the other codes of the same languages."""


def primary(tag: str) -> str:
    """Return the language of a tag (BCP 47, or with underscores) without script and region: zh of zh-Hant-TW, ja of ja_JP."""
    return tag.strip().replace("_", "-").partition("-")[0].lower()


def spaced(languages: Iterable[str | None]) -> bool:
    """Tell whether a text in these languages has spaces between its words; one in an unknown language has."""
    return _UNSPACED.isdisjoint(primary(language) for language in languages if language is not None)


def running_text(words: Iterable[str], languages: Iterable[str | None]) -> str:
    """Return words, or sentences, as a text in these languages."""
    return (" " if spaced(languages) else "").join(words)
