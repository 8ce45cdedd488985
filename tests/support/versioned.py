"""Small versions without media, to compare, and large ones made up as they are read."""

from dataclasses import replace
from itertools import groupby

from pipeline.build import about
from pipeline.ingest.sources import Found, Terms
from pipeline.plan import read_plan
from pipeline.release.commit import commit
from pipeline.release.ledger import Ledger
from pipeline.release.shards import write_shard
from schemas.claims import Label
from schemas.versions.rows import FOLDERS
from schemas.vocabulary.spaces import space
from tests.support.feeling import felt
from tests.support.reported import clip

PLAN = read_plan("embedded")
EKMAN = space("ekman7").labels


def bare(number, **more):
    """Return a clip of one of three sources with made-up feelings and no media."""
    none = {"video": None, "audio": None, "image": None, "frames": ()}
    return felt(clip(number, **none, **more), replace(PLAN.judge, judged=True))


def says(by, name, modality="face", score=0.9):
    rest = (1 - score) / (len(EKMAN) - 1)
    scores = tuple(score if one == name else rest for one in EKMAN)
    return Label(by=by, modality=modality, space="ekman7", names=EKMAN, scores=scores)


def routed(one, decision, *reasons):
    route = replace(one.routes[-1], decision=decision, reasons=reasons or one.routes[-1].reasons)
    return replace(one, routes=(*one.routes[:-1], route))


def source(one):
    origin = one.source
    return Found(path="", file=origin.file, sha256=origin.sha256, terms=Terms(file=origin.file))


def version(out, name, clips, *, plan=PLAN, dead=(), sources=(), copies=()):
    """Write clips as a version of `out`, as a build does."""
    staging = out / f".{name}"
    place = sorted(
        clips, key=lambda one: (one.routes[-1].decision, one.source.split or "train", one.source.source_id, one.requested.start)
    )
    shards = []
    for (decision, split), mine in groupby(place, key=lambda one: (one.routes[-1].decision, one.source.split or "train")):
        file = staging / FOLDERS[decision] / f"{split}-00000-of-00001.parquet"
        shards.append(write_shard(mine, file, out, plan.release, "embed", about(plan)))
    found = {one.source.source_id: source(one) for one in clips} | {one.source_id: one for one in sources}
    ledger = Ledger(shards=tuple(sorted(shards, key=lambda shard: shard.file)), dead=tuple(dead))
    commit(staging, out / name, plan=plan, inputs=name, found=list(found.values()), copies=tuple(copies), ledger=ledger)
    return out / name
