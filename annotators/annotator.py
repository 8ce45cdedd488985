"""The contract that every annotator keeps, and the one door through which all of them come in."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from types import MappingProxyType
from typing import ClassVar, Generic, Literal, TypeVar

from annotators.models import local
from schemas.claims import Claim
from schemas.provenance import Provenance, canonical
from schemas.record import Clip, Record

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
    uses: ClassVar[tuple[str, ...]] = ()
    """Record fields that are read like those in `requires`, and that no annotator need give."""
    provides: ClassVar[tuple[str, ...]] = ()
    """Record fields that are filled."""
    shared: ClassVar[bool] = False
    """True: one loaded model serves all threads of a process; False: one model per thread."""

    seconds_per_second: ClassVar[float] = 20.0
    """The longest that it works for each second of a record, beyond the first minute: what takes longer is held to hang."""

    @cached_property
    def provenance(self) -> Provenance:
        """Return the author of the claims that this annotator makes."""
        config = {field.name: getattr(self, field.name) for field in fields(self) if not field.metadata.get("speed")}
        return Provenance(
            name=self.name,
            version=self.version,
            config=canonical(config),
            models=tuple(local.ref(name) for name in self.model_names()),
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
    def batch_size(self) -> int:
        """Return how many records are asked about at once, of whatever source; their claims must not depend on it."""
        return 1

    def time_limit(self, record: R) -> float:
        """Return the seconds after which an answer about a record is not waited for any more."""
        span = record.span if isinstance(record, Clip) else None
        return 60.0 + self.seconds_per_second * (record.source.duration if span is None else span.duration)

    @property
    def concurrency(self) -> int | None:
        """Return how many records are in work at once, in a pool of their own: for annotators that wait more than they work.

        None: as many as there are workers, in the pool that all steps share, and in a process apart from the build's own.
        """
        return None

    def check(self) -> None:
        """Raise UsageError where the work cannot even begin, for want of something outside the plan; a build asks first."""

    def is_final(self, claims: Sequence[Claim]) -> bool:
        """Tell whether an answer may be kept. If not, because the world failed, it stands in the row and is asked for again."""
        return True

    def usage(self, model: M) -> Mapping[str, int]:
        """Return what was used since the last call, as counters for the closing table: {} for what costs nothing but time."""
        return {}

    @abstractmethod
    def load(self, device: str) -> M:
        """Return the model in memory, on "cpu" or "cuda". Called once per worker (see `shared`)."""

    @abstractmethod
    def annotate(self, model: M, records: Sequence[R]) -> Sequence[tuple[Claim, ...]]:
        """Return one tuple of claims per record, () where there is nothing to say.

        Raises:
            ItemError: the record cannot be used; with several records, the caller asks again one by one.
            TransientError: something outside failed and may work later.

        Anything else that is raised, an answer that is none, a crash, and more time than `time_limit` are bugs: the record is
        asked about once more, then put aside by name.
        """
