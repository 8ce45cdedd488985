"""The contract of an exporter, and the door through which all of them come in."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import EntryPoint
from typing import Any, ClassVar

from pipeline.export.outlet import Outlet
from schemas.doors import behind
from schemas.errors import UsageError, did_you_mean
from schemas.record import Clip
from schemas.validate import validate

EXPORTERS = "affectory.exporters"
"""The entry-point group; an exporter is registered under its own name."""


@dataclass(frozen=True, kw_only=True)
class Exporter(ABC):
    """A format. Configuration only: every field is a setting of the command, and stands in the note beside what is written.

    It sees only clips that may leave, and writes only through the outlet. Subclasses are frozen dataclasses.
    """

    name: ClassVar[str]
    version: ClassVar[str]
    """Changed whenever the same clips can give other files."""
    says: ClassVar[str]
    """What the format is, in a line."""
    omits: ClassVar[str] = ""
    """What of a clip the format has no place for, in words; it stands in the note."""
    columns: ClassVar[tuple[str, ...] | None] = None
    """What is read of a clip, as `labels` or `source.file`; None: all of it, with its media."""

    @abstractmethod
    def write(self, clips: Iterable[Clip], out: Outlet) -> None:
        """Write the clips, which come in the order of the version's files, once.

        Raises:
            UsageError: these clips cannot be written in this form.
        """

    @property
    def settings(self) -> dict[str, Any]:
        """Return every field, as JSON can hold it."""
        return asdict(self)


def exporters() -> dict[str, EntryPoint]:
    """Return all exporters by name, none of them imported yet.

    Raises:
        UsageError: two packages register one name.
    """
    return behind(EXPORTERS)


def exporter_kind(name: str) -> type[Exporter]:
    """Return the exporter of that name.

    Raises:
        UsageError: there is none, or it is no exporter.
    """
    known = exporters()
    if name not in known:
        raise UsageError(f"--format {name}: there is no such format; there are {', '.join(known)}{did_you_mean(name, known)}")
    try:
        kind = known[name].load()
    except (ImportError, AttributeError) as error:
        raise UsageError(f"the exporter {name} ({known[name].value}) cannot be imported: {error}") from error
    if not (isinstance(kind, type) and issubclass(kind, Exporter)):
        raise UsageError(f"the exporter {name} ({known[name].value}) is no subclass of pipeline.export.exporter.Exporter")
    return kind


def configured_exporter(name: str, settings: Mapping[str, str]) -> Exporter:
    """Return the exporter of that name with its settings, which may be written as text.

    Raises:
        UsageError: there is no such exporter or setting, or a value is wrong.
    """
    made: Exporter = validate(exporter_kind(name), dict(settings), f"--format {name}")
    return made
