"""What a pull remembers for the next one: a file per server."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from schemas.atomic import write_atomic
from schemas.errors import UsageError

PULLED = ".pulled-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """An annotation that is no answer, and why."""

    task: int
    clip: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulled:
    """How far the answers of a server have been pulled."""

    since: dict[int, str] = field(default_factory=dict)
    """By project: changes before this time, in the server's clock, are known."""
    seen: dict[int, dict[int, tuple[int, ...]]] = field(default_factory=dict)
    """By project, by task: the numbers of its annotations, be they answers or not."""
    lost: dict[int, tuple[int, ...]] = field(default_factory=dict)
    """By task that the server no longer has: the numbers of the annotations that it had."""
    unread: dict[int, Unread] = field(default_factory=dict)
    """By number of the annotation."""


_PULLED = TypeAdapter(Pulled)


def remembered(place: Path) -> Pulled:
    """Return what the last pull left; nothing where there is none, or one that did not know which annotations it had seen.

    Raises:
        UsageError: the file is damaged.
    """
    try:
        pulled = _PULLED.validate_json(place.read_bytes())
    except FileNotFoundError:
        return Pulled()
    except ValidationError as error:
        raise UsageError(f"{place} is damaged; delete it, and all answers are pulled again, each once") from error
    return pulled if pulled.seen else Pulled()


def remember(place: Path, pulled: Pulled) -> None:
    """Leave it for the next pull, whole or not at all."""
    write_atomic(place, _PULLED.dump_json(pulled, indent=1))
