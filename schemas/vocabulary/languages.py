"""What languages are called, and how they are written: the one place that knows which of them put no space between words."""

from __future__ import annotations

from collections.abc import Iterable

from iso639 import Language, LanguageNotFoundError

from schemas.errors import UsageError

_UNSPACED = frozenset({"ja", "lo", "my", "th", "yue", "zh"} | {"bur", "chi", "cmn", "jpn", "lao", "mya", "tha", "wuu", "zho"})
"""ISO 639-1 (639-3 for Cantonese), as Whisper's tokenizer has them; then the other codes of the same languages."""

_ALSO = {"cmn": "zh", "mandarin": "zh", "mandarin chinese": "zh", "cantonese": "yue", "iw": "he", "in": "id", "ji": "yi"}
"""Names that ISO 639 lacks, one language of which recognisers know only the group, and codes from before 1989."""


def primary(tag: str) -> str:
    """Return the language of a tag (BCP 47, or with underscores) without script and region: zh of zh-Hant-TW, ja of ja_JP."""
    return tag.strip().replace("_", "-").partition("-")[0].lower()


def language_code(stated: str) -> str:
    """Return the ISO 639-1 code of a language, its ISO 639-3 code where it has none: `en` of `en-US`, `eng`, `English`.

    Mandarin is `zh`, and Cantonese `yue`, as recognisers have them.

    Raises:
        UsageError: it is neither a code, a tag nor an English name.
    """
    known = _ALSO.get(stated.strip().casefold())
    for name in (known,) if known else (primary(stated), stated.strip()):
        try:
            found = Language.match(name, strict_case=False)
        except LanguageNotFoundError:
            continue
        return found.part1 or found.part3
    raise UsageError(f"{stated!r} is no language; write its code, as en, or its English name")


def spaced(languages: Iterable[str | None]) -> bool:
    """Tell whether a text in these languages has spaces between its words; one in an unknown language has."""
    return _UNSPACED.isdisjoint(primary(language) for language in languages if language is not None)


def running_text(words: Iterable[str], languages: Iterable[str | None]) -> str:
    """Return words, or sentences, as a text in these languages."""
    return (" " if spaced(languages) else "").join(words)
