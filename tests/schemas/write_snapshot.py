"""`python -m tests.schemas.write_snapshot`: put the schema of the present version on record."""

import json

from schemas.arrow import snapshot
from schemas.record import Clip, DeadLetter
from tests.schemas.test_arrow import SNAPSHOT

if __name__ == "__main__":
    SNAPSHOT.write_text(json.dumps({kind.__name__: snapshot(kind) for kind in (Clip, DeadLetter)}, indent=1) + "\n")
