"""Hold back the lines that native libraries write to stderr while they start; everything else gets through."""

from __future__ import annotations

import os
import re
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager

# mediapipe 1.2 heeds neither GLOG_minloglevel nor TF_CPP_MIN_LOG_LEVEL nor absl's own settings (its issue 5737).
_NOISE = re.compile(
    rb"WARNING: Logging before InitGoogle"
    rb"|[IW]\d{4} \d\d:\d\d:\d+\.\d+ +\d+ [\w.]+\.(cc|h):\d+\]"
    rb"|INFO: Created TensorFlow Lite"
    rb"|\[ WARN:\d+@[\d.]+\] global net_impl"
)
_STDERR = 2
_starting = threading.Lock()


@contextmanager
def quietly() -> Iterator[None]:
    """Run the block with stderr set aside, then pass on each line of it that is not known start-up noise."""
    with _starting, tempfile.TemporaryFile() as aside:
        kept = os.dup(_STDERR)
        os.dup2(aside.fileno(), _STDERR)
        try:
            yield
        finally:
            os.dup2(kept, _STDERR)
            os.close(kept)
            aside.seek(0)
            for line in aside:
                if not _NOISE.match(line):
                    os.write(_STDERR, line)
