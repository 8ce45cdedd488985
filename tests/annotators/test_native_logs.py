"""Start-up noise of native libraries is held back; whatever else is written to stderr gets through, in its order."""

import os
import subprocess
import sys

import pytest

NOISE = (
    "WARNING: Logging before InitGoogleLogging() is written to STDERR",
    "I0000 00:00:1700000000.123456   12345 gl_context.cc:369] GL version: 3.2",
    "W0000 00:00:1700000000.123456   12345 inference_feedback_manager.cc:121] Feedback manager",
    "INFO: Created TensorFlow Lite XNNPACK delegate for CPU.",
    "[ WARN:0@0.123] global net_impl.cpp:178 setUpNet",
)
TRUE = ("E0000 00:00:1700000000.123456   12345 graph.cc:1] it failed", "something else", "see INFO: Created TensorFlow Lite")
SCRIPT = """
import os, sys
from annotators.native_logs import quietly
for line in sys.argv[2:]:
    os.write(2, b"before\\n") if line == "-" else None
try:
    with quietly():
        for line in sys.argv[2:]:
            os.write(2, line.encode() + b"\\n")
        if sys.argv[1] == "fail":
            raise ValueError("inside")
except ValueError:
    os.write(2, b"caught\\n")
os.write(2, b"after\\n")
"""


def written(how, *lines):
    command = [sys.executable, "-c", SCRIPT, how, *lines]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ})
    return done.stderr.splitlines()


@pytest.mark.parametrize("how", ["pass", "fail"])
def test_noise_is_held_back_and_the_rest_comes_in_its_order_whatever_happens(how):
    mixed = [NOISE[0], TRUE[0], *NOISE[1:3], TRUE[1], *NOISE[3:], TRUE[2]]
    assert written(how, *mixed) == [*TRUE, *["caught"] * (how == "fail"), "after"]


def test_nothing_written_is_nothing_passed_on():
    assert written("pass") == ["after"]
