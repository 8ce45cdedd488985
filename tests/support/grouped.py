"""A version of five made-up sources as a build plans and writes it: one is a copy of another in part, two share a voice."""

import hashlib
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

import numpy as np

from pipeline.clips.kept import Index
from pipeline.ingest.sources import Found, Terms
from pipeline.plan import read_plan
from pipeline.release.commit import commit
from pipeline.release.ledger import Ledger
from pipeline.release.shard_plan import PlanShards, Shard, WriteShard
from pipeline.runtime.context import RunContext
from pipeline.split.links import PackedVector, SourceIdentity
from schemas.claims import Fingerprint
from schemas.values import Span
from tests.support.published import licensed
from tests.support.reported import ref

RATE, SECONDS, CLIP = 8, 40, 4
FILES = ("anna.mp4", "again.mp4", "cleo.mp4", "dora.mp4", "emil.mp4")
SHA256 = {file: hashlib.sha256(file.encode()).hexdigest() for file in FILES}
LATE = 6
"""Seconds before the scene of anna.mp4 begins in again.mp4, which then holds all of it up to its own end."""
PLAN = read_plan("embedded")


@dataclass(frozen=True, kw_only=True)
class MadeContext(RunContext):
    """Where made-up records come from."""

    held: Any

    @property
    def store(self):
        return SimpleNamespace(get=lambda kind, key, adapter: self.held[kind, key])


def codes(seed, seconds):
    return np.random.default_rng(seed).integers(1, 256, 4 * RATE * seconds).astype(np.uint8).tobytes()


def sound(data):
    return Fingerprint(by="fingerprints.made@1#0", stream="audio", rate=float(RATE), reach=2.0, bits=32, codes=data.hex())


def kin():
    """Return what ties the sources."""
    scene = codes(1, SECONDS)
    voice = (PackedVector.of("turns.made@1#0", (0.6, 0.8)),)
    told = {
        "anna.mp4": {"fingerprints": (sound(scene),), "duration": SECONDS + 1.0},
        "again.mp4": {"fingerprints": (sound(codes(2, LATE) + scene[: 4 * RATE * (SECONDS - LATE)]),)},
        "cleo.mp4": {"fingerprints": (sound(codes(3, SECONDS)),), "voices": voice},
        "dora.mp4": {"fingerprints": (sound(codes(4, SECONDS)),), "voices": voice},
        "emil.mp4": {"fingerprints": (sound(codes(5, SECONDS)),)},
    }
    basis = {"duration": float(SECONDS), "pictured": True}
    return [SourceIdentity(**{**basis, **more}, source_id=SHA256[file][:16], file=file) for file, more in told.items()]


def clips(file):
    """Return the clips of a source, one after the other."""
    for place in range(SECONDS // CLIP):
        number = 100 * FILES.index(file) + place
        made = licensed(number, decision=("accept", "accept", "review", "reject")[place % 4])
        span = Span(start=float(CLIP * place), end=float(CLIP * (place + 1)))
        origin = replace(made.source, file=file, sha256=SHA256[file], source_id=SHA256[file][:16], speakers=())
        yield replace(made, source=origin, requested=span, actual=span)


def version(out, media, budget=None):
    """Write it as v1 in `out`; return its folder."""
    plan, held, indexes = replace(PLAN, route=replace(PLAN.route, budget=budget)), {}, []
    for one in kin():
        refs = []
        for number, clip in enumerate(clips(one.file)):
            held["clips", f"{one.file} {number}"] = clip
            refs.append(ref(clip, f"{one.file} {number}"))
        held["indexes", one.file], held["kin", one.file] = tuple(refs), one
        indexes.append(Index(source_id=one.source_id, key=one.file, kin=one.file))
    context = MadeContext(work=media, device="cpu", workers=1, held=held)
    told = list(PlanShards(plan, context, {}).process((None, indexes)))
    writer = WriteShard(context, out / ".staging", plan.release, "embed", {})
    shards = [written for shard in told if isinstance(shard, Shard) for written in writer.work(shard)]
    (facts,) = [one.value for one in told if not isinstance(one, Shard)]
    found = [Found(path="", file=file, sha256=sha256, terms=Terms(file=file)) for file, sha256 in SHA256.items()]
    ledger = Ledger(shards=tuple(sorted(shards, key=lambda one: one.file)), dead=(), grouped=facts)
    commit(out / ".staging", out / "v1", plan=plan, inputs="0", found=found, copies=(), ledger=ledger)
    return out / "v1"
