"""Peak memory of assess + split + route + write over 10,000 and over 1,000,000 made-up records.

The code is the build's own; only the work store is replaced, by one that makes each record when it is asked for.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.clips.kept import Index, Ref
from pipeline.plan import ReleaseSettings, budgeted, read_plan
from pipeline.release.shard_plan import WriteShard
from pipeline.runtime.context import RunContext
from pipeline.split.links import PackedVector, SourceIdentity
from schemas.claims import Cue, Label
from schemas.record import Clip, Origin
from schemas.values import Span
from schemas.vocabulary.spaces import space
from tests.support.reported import planned, ref

EACH = 1000
"""Clips of one source."""
VOICE, FACE = 256, 128
"""Values of one vector."""
NAMES = space("ekman7").labels


@dataclass(frozen=True)
class Made:
    """A work store whose records are made when they are asked for."""

    judge: Any

    def get(self, kind: str, key: str, adapter: object) -> Any:
        if kind == "clips":
            return self.clip(key)
        if kind == "kin":
            return self.kin(key)
        return self.refs(int(key))

    @lru_cache(maxsize=1)  # noqa: B019 - one object, one process
    def refs(self, source: int) -> tuple[Ref, ...]:
        return tuple(ref(self.clip(f"{source * EACH + number}"), f"{source * EACH + number}") for number in range(EACH))

    def kin(self, key: str) -> SourceIdentity:
        """A source in which two strangers speak. No fingerprints: what these hold grows with hours of media, not with clips."""
        chance = np.random.default_rng(int(key))
        people = {size: tuple(PackedVector.of("made@1#0", chance.normal(size=size)) for _ in range(2)) for size in (VOICE, FACE)}
        return SourceIdentity(
            source_id=f"{int(key):016x}", file="a.mp4", duration=9e3, pictured=True, voices=people[VOICE], faces=people[FACE]
        )

    def clip(self, key: str) -> Clip:
        chance = random.Random(int(key))
        number = int(key)
        origin = Origin(source_id=f"{number // EACH:016x}", sha256="0" * 64, file="a.mp4", duration=9e3, streams="audio+video")
        labels = tuple(label(modality, chance) for modality in ("face", "voice", "words"))
        cues = tuple(
            Cue(by="cues.made@1#0", cue_id=f"{modality}.sign.1", modality=modality, span=None, text="a sign", value=0.5)
            for modality in ("face", "voice", "words")
        )
        start = float(9 * (number % EACH))
        span = Span(start=start, end=start + 8.0)
        clip_id = hashlib.sha256(key.encode()).hexdigest()[:16]
        made = Clip(source=origin, clip_id=clip_id, requested=span, actual=span, labels=labels, cues=cues)
        return self.judge(made)


def label(modality: str, chance: random.Random) -> Label:
    weights = [chance.random() ** 3 for _ in NAMES]
    scores = tuple(round(weight / sum(weights), 4) for weight in weights)
    return Label(by=f"labels.{modality}@1#0", modality=modality, space="ekman7", names=NAMES, scores=scores)


@dataclass(frozen=True, kw_only=True)
class MadeContext(RunContext):
    """Where made-up records come from."""

    made: Any

    @property
    def store(self) -> Any:
        return self.made


def run(records: int) -> None:
    """Assess, route under a budget and write; print the peak memory in MiB, the seconds and the rows."""
    plan = budgeted(read_plan("embedded"), "20%")
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        context = MadeContext(work=Path(folder), device="cpu", workers=1, made=Made(plan.judge))
        indexes = [Index(source_id=f"{source:016x}", key=str(source), kin=str(source)) for source in range(records // EACH)]
        settings = ReleaseSettings(row_group_rows=100)
        writer = WriteShard(context, Path(folder), settings, "embed", {})
        rows = 0
        for shard in planned(replace(plan, release=settings), context, indexes):
            for written in writer.work(shard):
                rows += written.rows
                (Path(folder) / written.file).unlink()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(peak, round(time.monotonic() - begun), rows)


def main() -> None:
    """Run both sizes, each in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, help="only this many, in this process")
    parser.add_argument("--most", type=int, default=1_000_000)
    args = parser.parse_args()
    if args.records:
        run(args.records)
        return
    peaks = {}
    for records in (10_000, args.most):
        done = subprocess.run(
            [sys.executable, "-m", "tests.benchmarks.memory", "--records", str(records)],
            capture_output=True,
            text=True,
            check=True,
        )
        peaks[records], seconds, rows = map(int, done.stdout.split())
        print(f"{rows:>9} records: peak {peaks[records]} MiB, {seconds} s", flush=True)
    print(f"ratio {peaks[args.most] / peaks[10_000]:.2f}")


if __name__ == "__main__":
    main()
