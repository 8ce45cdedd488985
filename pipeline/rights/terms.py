"""What `sources.csv` states of a source, and whether the source may leave the house by it."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

# fmt: off
_UNLICENSED = frozenset((
    "no", "proprietary", "confidential", "withheld", "tbd", "tba", "todo", "n/a", "n.a", "na", "nan", "nil", "null",
))
# fmt: on
_NO_LICENCE = re.compile(
    r"^(unknown|pending|unclear|none|not|forbidden|prohibited)\b|\bunlicen[cs]ed\b"
    r"|\b(no|not|without( an?y?)?) (licen[cs]e|permission)\b"
    r"|\blicen[cs]e (is )?(unknown|pending|unclear|missing|refused|revoked|expired)\b"
    r"|\ball rights reserved\b|\bno rights\b(?! reserved)|\b(do not|not for) (re)?distribut|\binternal use\b",
    re.IGNORECASE,
)
_REFUSAL = re.compile(
    r"\b(no|not|non(?!-)|none|never|without|cannot|withheld|withhold\w*|refus\w*|reject\w*|den(y|ied)|declin\w*|withdr[ae]w\w*"
    r"|revok\w*|pending|unknown|expired|missing|absent|false|0|nope|nein|opt(ed|ing|s)?[ -]?out|cancel\w*|retract\w*"
    r"|rescind\w*|object\w*|disagree\w*|prohibit\w*|forbid\w*|unsigned|unclear|unsure|tbd|tba|invalid|incomplete|lapsed"
    r"|terminated|disputed)\b|^n$|n't\b|[?\u2715-\u2718\u274c]",
    re.IGNORECASE,
)
_SIGNS = str.maketrans({"\u2019": "'", "\u02bc": "'", "_": " "})


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """What `sources.csv` stated about a source, and how many clips are of it."""

    source_id: str
    file: str
    licence: str | None
    consent: str | None
    clips: int

    @property
    def kept_back(self) -> str | None:
        """Return why the source may not leave, None where it may."""
        licence = _plain(self.licence or "").rstrip(".!").casefold()
        if not licence:
            return "no licence is stated"
        if licence in _UNLICENSED or _NO_LICENCE.search(licence) or not any(map(str.isalnum, licence)):
            return f"its licence is {self.licence!r}"
        if self.consent and _REFUSAL.search(_plain(self.consent)):
            return f"its consent is {self.consent!r}"
        return None


def _plain(stated: str) -> str:
    """Return a cell with its words apart, one space between them, and the apostrophe of a keyboard."""
    text = unicodedata.normalize("NFKC", stated).translate(_SIGNS)
    return " ".join(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text).split())
