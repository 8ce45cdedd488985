"""Research data that may be used but not handed on: in $AFFECTORY_DATA, or in shared/data beside the checkout."""

import os
from pathlib import Path

import pytest

ABSENT = "research data"


def research(name: str) -> Path:
    """Return the folder `goemotions`, `emodb` or `crema-d`; without it the calling test is skipped, also in CI."""
    homes = (os.environ.get("AFFECTORY_DATA"), Path(__file__).parents[3] / "shared" / "data")
    for home in homes:
        if home and (Path(home) / name).is_dir():
            return Path(home) / name
    pytest.skip(f"{ABSENT}: {name} is not here; its licence keeps it out of this project. Put it into $AFFECTORY_DATA/{name}")
