"""Where all that is fetched once lies."""

from __future__ import annotations

import os
from pathlib import Path


def cache() -> Path:
    """Return the folder for all that is fetched: $AFFECTORY_CACHE, else ~/.cache/affectory."""
    home = os.environ.get("AFFECTORY_CACHE") or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "affectory"
    return Path(home).expanduser()
