"""Rules of one's own about where a clip goes: the contract, and the door through which they come in."""

from __future__ import annotations

from abc import ABC
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Literal

from schemas.doors import behind
from schemas.errors import UsageError
from schemas.record import Clip
from schemas.validate import validate

RULES = "affectory.rules"
"""The entry-point group; a rule is registered under its own name."""


@dataclass(frozen=True, kw_only=True)
class Rule(ABC):
    """Configuration only: every field can change a route, is a setting in the plan, and belongs to the author of routes.

    Subclasses are frozen dataclasses, and pure: the same clip gives the same reasons. A clip comes with its fused label and its
    assessment.
    """

    name: ClassVar[str]
    """`<lab>.<rule>`, for example `gaitlab.slow`."""
    version: ClassVar[str]
    """Changed whenever the same clip can get another route."""

    def reject(self, clip: Clip) -> Iterable[str]:
        """Yield why a clip cannot be used."""
        return ()

    def review(self, clip: Clip) -> Iterable[str]:
        """Yield why a person should decide about a clip."""
        return ()

    @property
    def settings(self) -> dict[str, Any]:
        """Return name, version and every field, as JSON can hold it."""
        return {"name": self.name, "version": self.version, **asdict(self)}


def reasons(rules: Sequence[Rule], of: Literal["reject", "review"], clip: Clip) -> Iterator[str]:
    """Yield the reasons of all rules, each behind the name of its rule.

    Raises:
        UsageError: a rule fails; the message names it and the clip.
    """
    for rule in rules:
        try:
            said = tuple(getattr(rule, of)(clip))
        except Exception as error:
            raise UsageError(f"the rule {rule.name} fails on clip {clip.clip_id}: {type(error).__name__}: {error}") from error
        if isinstance(said, str) or not all(isinstance(one, str) and one for one in said):
            raise UsageError(f"the rule {rule.name} gives clip {clip.clip_id} a reason that is no text")
        yield from (f"{rule.name}: {one}" for one in said)


def configured_rule(table: Mapping[str, object], where: str) -> Rule:
    """Return the rule that a table of a plan asks for: its `name`, and its settings.

    Raises:
        UsageError: there is no such rule, or it has no such setting.
    """
    known, name = behind(RULES), str(table.get("name", ""))
    if name not in known:
        raise UsageError(f"{where} no rule {name!r} is installed; there are {', '.join(known) or 'none'}")
    try:
        kind = known[name].load()
    except (ImportError, AttributeError) as error:
        raise UsageError(f"the rule {name} ({known[name].value}) cannot be imported: {error}") from error
    if not (isinstance(kind, type) and issubclass(kind, Rule)):
        raise UsageError(f"the rule {name} ({known[name].value}) is no subclass of pipeline.judge.rule.Rule")
    made: Rule = validate(kind, {key: value for key, value in table.items() if key != "name"}, f"{where} {name}")
    return made
