"""Free words for emotions, brought into a label space: happy, joy and happiness are one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from pydantic import TypeAdapter

from schemas.vocabulary.distributions import sentiments
from schemas.vocabulary.spaces import space, spaces

_HOME = "ekman7"
"""The label space that the table of words is grouped by."""
_TABLE = TypeAdapter(dict[str, tuple[str, ...]])
_WORD = re.compile(r"[^\W\d_]+")
_NEGATED = frozenset({"not", "no", "never", "without", "不", "没", "无"})


def label_of(said: str, onto: str) -> str | None:
    """Return the label of the space `onto` that free words stand for; None where they are unknown, deny, or name several."""
    plain = " ".join(said.casefold().replace("_", " ").replace("-", " ").split())
    known = _known(onto)
    if plain in known:
        return known[plain]
    words = _WORD.findall(plain)
    if _NEGATED & set(words) or any(plain.startswith(one) for one in ("不", "没", "无")):
        return None
    found = {known[word] for word in words if word in known}
    # Calm joy is joy.
    felt = {label for label in found if sentiments(onto).get(label) != "neutral"} or found
    return felt.pop() if len(felt) == 1 else None


def unified(said: str, onto: str) -> str:
    """Return what to compare free words by: their label in the space `onto`, else the words themselves in lower case."""
    return label_of(said, onto) or " ".join(said.casefold().split())


@cache
def _known(onto: str) -> Mapping[str, str]:
    """Return words with their labels: of the table, of all spaces that lead to `onto`, and its own, which stand above all."""
    home = space(_HOME)
    leads = {name: name for name in home.labels} if onto == _HOME else home.maps.get(onto, {})
    found = {word: leads[label] for label, words in _table().items() for word in (label, *words) if label in leads}
    for one in spaces():
        for name, label in one.maps.get(onto, {}).items():
            found.setdefault(_plain(name), label)
    return found | {_plain(name): name for name in space(onto).labels}


@cache
def _table() -> Mapping[str, tuple[str, ...]]:
    return _TABLE.validate_json(files("schemas.vocabulary").joinpath("synonyms.json").read_bytes())


def _plain(name: str) -> str:
    return name.casefold().replace("_", " ")
