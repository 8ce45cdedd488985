"""Who said it: the author of a claim, named so that anyone can repeat the work."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Annotated

from schemas.meta import Says


def digest(value: object, length: int = 64) -> str:
    """Return the first `length` hex digits of the sha256 of `value` as canonical JSON."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()[:length]


def canonical(settings: object) -> str:
    """Return settings as canonical JSON."""
    return json.dumps(settings, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRef:
    """One model, by name and by the sha256 over its files."""

    name: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """An annotator (program or person) at one version with one configuration."""

    name: Annotated[str, Says("annotator, as <field>.<tool>")]
    version: Annotated[str, Says("version of the annotator's own code and of the library it runs on")]
    config: Annotated[str, Says("every setting that can change a claim, as canonical JSON")]
    models: tuple[ModelRef, ...] = ()

    @property
    def key(self) -> str:
        """Return `name@version#hash`; the hash covers configuration and model files."""
        return f"{self.name}@{self.version}#{digest(asdict(self), 12)}"
