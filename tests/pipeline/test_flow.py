"""How a run ends that cannot go on."""

import errno

import apache_beam as beam
import pytest

from pipeline.flow import _to_the_end
from schemas.errors import TransientError


def ended(error):
    def fail(_):
        raise error

    pipeline = beam.Pipeline(runner="FnApiRunner")
    _ = pipeline | beam.Create([1]) | "Fail" >> beam.Map(fail)
    _to_the_end(pipeline)


@pytest.mark.parametrize(
    ("error", "kind", "says"),
    [
        (KeyboardInterrupt(), KeyboardInterrupt, "^$"),
        (OSError(errno.ENOSPC, "No space left on device"), TransientError, "No space left on device$"),
        (TransientError("the lock is held"), TransientError, "is held$"),
        (FileNotFoundError(errno.ENOENT, "a bug"), RuntimeError, "a bug"),
        (KeyError("a bug"), KeyError, "a bug"),
    ],
)
def test_what_the_user_and_the_world_did_is_no_bug(error, kind, says, caplog):
    with pytest.raises(kind, match=says):
        ended(error)
    assert ("Traceback" in caplog.text) == (kind in {RuntimeError, KeyError})
