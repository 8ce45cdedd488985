"""`python -m tests.benchmarks`: the build beside the bare loop, and our cutting beside PySceneDetect's, over the same media.

Each contender runs in a process of its own, one after the other, in alternating order; the smallest of the runs counts,
because noise only adds. CPU seconds include the ffmpeg children. Ratios are what to look at: machines differ.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from pipeline.sample import assemble
from tests.support.media import media


@dataclass(frozen=True)
class Run:
    """One run of one contender."""

    wall: float
    cpu: float
    peak: int


def measure(command: list[str]) -> Run:
    """Run a command to its end; return wall and CPU seconds, children included, and the peak memory of the largest, in MiB."""
    start = time.monotonic()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"{' '.join(command)} ended with status {child.returncode}")
    return Run(time.monotonic() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss // 1024)


def contest(title: str, commands: dict[str, list[str]], rounds: int, clean: Path) -> None:
    """Print what each contender needs, and the first as a multiple of the second."""
    runs: dict[str, list[Run]] = {name: [] for name in commands}
    for turn in range(rounds):
        for name in list(commands) if turn % 2 == 0 else reversed(list(commands)):
            shutil.rmtree(clean, ignore_errors=True)
            runs[name].append(measure(commands[name]))
    print(f"\n{title}\n{'':<34}{'wall s':>9}{'CPU s':>9}{'peak MiB':>10}")
    best = {}
    for name, found in runs.items():
        best[name] = Run(min(r.wall for r in found), min(r.cpu for r in found), round(statistics.median(r.peak for r in found)))
        print(f"{name:<34}{best[name].wall:>9.1f}{best[name].cpu:>9.1f}{best[name].peak:>10}")
    ours, peer = best.values()
    print(f"{'ratio':<34}{ours.wall / peer.wall:>9.2f}{ours.cpu / peer.cpu:>9.2f}{ours.peak / peer.peak:>10.2f}")


def main() -> None:
    """Run both contests."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=2)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        raw, out = Path(folder, "raw"), Path(folder, "out")
        assemble(raw)
        python = sys.executable
        contest(
            "the build beside the bare loop (the same models called by hand), on the sample",
            {
                "pipeline.build": [python, "-m", "pipeline.build", "--source", str(raw), "--out", str(out)],
                "bare loop": [python, "-m", "tests.benchmarks.bare_loop", str(raw), str(out)],
            },
            args.rounds,
            out,
        )
        trailer = str(media("sintel"))
        contest(
            "find the shots of a trailer and cut them out, re-encoded",
            {
                "ours (shots.content + cut)": [python, "-m", "tests.benchmarks.bare_loop", "--shots", trailer, str(out)],
                "PySceneDetect (detect + split)": [python, "-m", "tests.benchmarks.peer_scenedetect", trailer, str(out)],
            },
            args.rounds,
            out,
        )
