"""What the next version costs where only a part of it is new, beside what that part costs alone.

Sources are pieces of the test media, each of another moment. Every build is the command, in a process of its own.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from annotators.models import local
from annotators.registry import used_by
from tests.benchmarks.bench import Run, measure
from tests.support.making import ffmpeg
from tests.support.media import media

FILMS = {"webcam": 150, "crew": 39, "woman": 19, "man": 7, "intro": 5}
"""Test media, and how many of their seconds are used."""
SECONDS = 1.5
LATER = "cues.yamnet"
"""The annotator that comes later."""


def pieces(folder: Path) -> Iterator[Path]:
    """Yield sources, each cut when it is asked for; they take turns between films."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(int(max(FILMS.values()) / SECONDS)):
        for name, seconds in FILMS.items():
            if (number + 1) * SECONDS <= seconds:
                place = folder / f"{name}-{number:03d}.mp4"
                ffmpeg("-ss", number * SECONDS, "-i", media(name), "-t", SECONDS, "-preset", "veryfast", place)
                yield place


def build(raw: Path, out: Path, plan: Path) -> Run:
    """Build, and return what it took."""
    return measure([sys.executable, "-m", "pipeline.build", "--source", str(raw), "--out", str(out), "--plan", str(plan)])


def told(what: str, run: Run, alone: Run | None = None) -> None:
    """Print one line."""
    ratio = f"{run.wall / alone.wall:>9.2f}{run.cpu / alone.cpu:>9.2f}" if alone else ""
    print(f"{what:<58}{run.wall:>9.1f}{run.cpu:>9.1f}{ratio}", flush=True)


def main(argv: Sequence[str] | None = None) -> None:
    """Build a version, then its successors, and the added sources alone."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.added", description=__doc__)
    parser.add_argument("--sources", type=int, default=100)
    parser.add_argument("--new", type=int, default=1)
    args = parser.parse_args(argv)
    for name in used_by("embedded"):
        local.fetch(name)
    whole = (Path(local.__file__).parents[2] / "pipeline" / "plans" / "embedded.toml").read_text()
    with tempfile.TemporaryDirectory() as folder:
        raw, alone, out = (Path(folder, name) for name in ("raw", "alone", "out"))
        plan, less = (Path(folder, f"{name}.toml") for name in ("plan", "less"))
        plan.write_text(whole)
        less.write_text(whole.replace(f'[[annotators]]\nname = "{LATER}"\n', ""))
        made = pieces(raw)
        old = len(list(islice(made, args.sources)))
        print(f"{'':<58}{'wall s':>9}{'CPU s':>9}{'ratio':>9}{'ratio':>9}")
        told(f"{old} sources, all but {LATER}", build(raw, out, less))
        told(f"{LATER} is added", build(raw, out, plan))
        told("nothing is added", build(raw, out, plan))
        new = list(islice(made, args.new))
        alone.mkdir()
        for file in new:
            (alone / file.name).write_bytes(file.read_bytes())
        added = build(raw, out, plan)
        told(f"{len(new)} sources are added", added, build(alone, Path(folder, "out alone"), plan))


if __name__ == "__main__":
    main()
