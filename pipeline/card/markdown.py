"""Text of unknown origin in Markdown: it shows as it is, on one line, and nothing in it is a mark or HTML.

Nothing in it is a link either, but for an e-mail address, which GitHub's Markdown finds whatever stands before its @.
"""

from __future__ import annotations

import re
import unicodedata

from markupsafe import Markup

LONGEST = 200
"""Characters of one text that are shown."""
_CODE = re.compile(r"[A-Za-z0-9_.@#+/:=-]{1,200}")
_MARKS = re.compile(r"([\\`*_{}\[\]#!|~$])")
_LINKED = re.compile(r"(?i)(https?|ftp|mailto|xmpp|www)([:.])")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"}
# Invisible, or changing the direction of what follows it.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def plain(text: str) -> str:
    """Return a text on one line, of at most LONGEST characters, what cannot be seen as �."""
    line = " ".join(text.split())
    seen = "".join("\ufffd" if unicodedata.category(char) in _UNSEEN else char for char in line[: LONGEST + 1])
    return seen if len(seen) <= LONGEST else f"{seen[: LONGEST - 1]}…"


def escaped(text: str) -> Markup:
    """Return a text as Markdown that shows it, safe within a paragraph or a cell of a table."""
    marked = _LINKED.sub(r"\1\\\2", _MARKS.sub(r"\\\1", plain(text)))
    return Markup("".join(_ENTITIES.get(char, char) for char in marked))  # noqa: S704


def code(name: str) -> Markup:
    """Return a name of ours as code; one that is not made like a name is escaped instead."""
    return Markup(f"`{name}`") if _CODE.fullmatch(name) else escaped(name)  # noqa: S704
