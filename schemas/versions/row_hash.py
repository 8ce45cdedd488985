"""The hash of a row, and the sum of such hashes: what makes two versions the same, whatever their order and files."""

from __future__ import annotations

import hashlib
from typing import Any

from schemas.provenance import digest


def added(total: int) -> str:
    """Return a sum of sha256 hashes, modulo 2**256, as 64 hex digits: the same for the same hashes in any order."""
    return f"{total % 2**256:064x}"


def row_hash(row: dict[str, Any]) -> str:
    """Return the hash of one row, media by their own hash."""
    return digest(_hashable(row))


def _hashable(value: Any) -> Any:
    match value:
        case bytes():
            return hashlib.sha256(value).hexdigest()
        case dict():
            return {key: _hashable(inner) for key, inner in value.items()}
        case list() | tuple():
            return [_hashable(inner) for inner in value]
        case _:
            return value
