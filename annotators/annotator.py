"""The contract that every annotator keeps, and the one door through which all of them come in."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from importlib.metadata import EntryPoint, entry_points
from types import MappingProxyType
from typing import Any, ClassVar, Generic, Literal, TypeVar

from annotators import models
from schemas.checked import checked
from schemas.claims import Claim
from schemas.errors import UsageError
from schemas.provenance import Provenance, canonical
from schemas.record import Record

ENTRY_POINTS = "affectory.annotators"
SPEED: Mapping[str, bool] = MappingProxyType({"speed": True})
Scope = Literal["source", "clip", "clips of a source"]
R = TypeVar("R", bound=Record)
M = TypeVar("M")


@dataclass(frozen=True, kw_only=True)
class Annotator(ABC, Generic[R, M]):
    """Configuration only: every field can change a claim and goes into the provenance; heavy work starts in `load`.

    A field with the metadata `SPEED` cannot change a claim and stays out of the provenance.
    Subclasses are frozen dataclasses. A field called `model` or ending in `_model` names an entry of models.toml.
    """

    name: ClassVar[str]
    """`<field>.<tool>`, for example `turns.pyannote`."""
    version: ClassVar[str]
    """Changed whenever the same input can give another claim."""
    scope: ClassVar[Scope] = "clip"
    """What one call sees: sources, clips, or all clips of one source in order of time."""
    requires: ClassVar[tuple[str, ...]] = ()
    """Record fields that are read; work is done again when one of them changes."""
    provides: ClassVar[tuple[str, ...]] = ()
    """Record fields that are filled."""
    shared: ClassVar[bool] = False
    """True: one loaded model serves all threads of a process; False: one model per thread."""

    @cached_property
    def provenance(self) -> Provenance:
        """Return the author of the claims that this annotator makes."""
        config = {field.name: getattr(self, field.name) for field in fields(self) if not field.metadata.get("speed")}
        return Provenance(
            name=self.name,
            version=self.version,
            config=canonical(config),
            models=tuple(models.ref(name) for name in self.model_names()),
        )

    @property
    def key(self) -> str:
        """Return the `by` of every claim that this annotator makes."""
        return self.provenance.key

    def model_names(self) -> tuple[str, ...]:
        """Return the models in use, in order of field name: those named by `model` and by fields that end in `_model`."""
        names = sorted(f.name for f in fields(self) if f.name == "model" or f.name.endswith("_model"))
        return tuple(getattr(self, name) for name in names if getattr(self, name) is not None)

    @property
    def concurrency(self) -> int | None:
        """Return how many records are in work at once, in a pool of their own: for annotators that wait more than they work.

        None: as many as there are workers, in the pool that all steps share.
        """
        return None

    def check(self) -> None:
        """Raise UsageError where the work cannot even begin, for want of something outside the plan; a build asks first."""

    def settled(self, claims: Sequence[Claim]) -> bool:
        """Tell whether an answer may be kept. If not, because the world failed, it stands in the row and is asked for again."""
        return True

    @abstractmethod
    def load(self, device: str) -> M:
        """Return the model in memory, on "cpu" or "cuda". Called once per worker (see `shared`)."""

    @abstractmethod
    def annotate(self, model: M, records: Sequence[R]) -> Sequence[tuple[Claim, ...]]:
        """Return one tuple of claims per record, () where there is nothing to say.

        Raises:
            ItemError: the record cannot be used; with several records, the caller asks again one by one.
            TransientError: something outside failed and may work later.
        """


def registered() -> dict[str, EntryPoint]:
    """Return all annotators by name, built-in and third-party alike, none of them imported yet.

    Raises:
        UsageError: two packages register one name.
    """
    found: dict[str, EntryPoint] = {}
    for entry in sorted(entry_points(group=ENTRY_POINTS), key=lambda e: (e.name, e.value)):
        if entry.name in found:
            raise UsageError(f"two installed packages register the annotator {entry.name}; remove one of them")
        found[entry.name] = entry
    return found


def _imported(entry: EntryPoint) -> type[Annotator[Any, Any]]:
    try:
        kind = entry.load()
    except (ImportError, AttributeError) as error:
        raise UsageError(f"the annotator {entry.name} ({entry.value}) cannot be imported: {error}") from error
    if not (isinstance(kind, type) and issubclass(kind, Annotator)):
        raise UsageError(f"the annotator {entry.name} ({entry.value}) is no subclass of annotators.annotator.Annotator")
    return kind


def configured(table: Mapping[str, object], where: str) -> Annotator[Any, Any]:
    """Return the annotator that a table of a plan asks for: its `name`, and its settings.

    Raises:
        UsageError: there is no such annotator, or it has no such setting.
    """
    known = registered()
    if "name" not in table:
        raise UsageError(f"{where} one has no name")
    name = str(table["name"])
    if name not in known:
        raise UsageError(f"{where} no annotator {name!r} is installed; there are {', '.join(sorted(known))}")
    settings = {key: value for key, value in table.items() if key != "name"}
    made: Annotator[Any, Any] = checked(_imported(known[name]), settings, f"{where} {name}")
    return made
