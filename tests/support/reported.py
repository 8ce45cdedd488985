"""Small versions to report on, harmless and hostile, and a reader of the page."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from html.parser import HTMLParser

from pipeline.clips.kept import Index, Ref
from pipeline.plan import Plan, read_plan
from pipeline.release.commit import commit
from pipeline.release.ledger import Ledger
from pipeline.release.shard_plan import PlanShards, Shard
from pipeline.release.shards import write_shard
from pipeline.runtime.context import RunContext
from schemas.claims import ABSENT, SPEAKING, Cue, KeyFrame, MediaFile, Person, Route, Target, Text
from schemas.record import Clip, DeadLetter, Origin
from schemas.values import Span
from schemas.versions.rows import FOLDERS
from schemas.vocabulary.distributions import fused_label

SCRIPT = "</script><script>document.title='owned';alert(1)</script>"
IMAGE = '<img src=x onerror="alert(2)"> \' " & &lt; <!-- '
HOSTILE = (
    SCRIPT,
    IMAGE,
    "\u202eleft\u2066\u200f",
    "a\u2028b\u2029c",
    "😀🏳️‍🌈",
    "nul \x00 bell \x07 escape \x1b",
    "x" * 10_000,
    "{{ 7 * 7 }} {% raw %}",
)
EVIL = " ".join(HOSTILE)
CLIPS_MADE = 24
VOID = {"meta", "link", "img", "input"}


class Node:
    def __init__(self, tag, attrs=()):
        self.tag, self.attrs, self.inside = tag, dict(attrs), []

    def all(self, wanted):
        """Return what is inside, at any depth, by `tag`, `.class` or `tag.class`."""
        tag, _, kind = wanted.partition(".")
        for one in self.inside:
            if isinstance(one, Node):
                if tag in {"", one.tag} and (not kind or kind in one.attrs.get("class", "").split()):
                    yield one
                yield from one.all(wanted)

    def one(self, wanted):
        return next(iter(self.all(wanted)))

    @property
    def text(self):
        return "".join(one if isinstance(one, str) else one.text for one in self.inside)


class Tree(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.open = [Node("")]
        self.feed(text)
        self.close()
        assert len(self.open) == 1, "an element is not closed"

    def handle_starttag(self, tag, attrs):
        node = Node(tag, attrs)
        self.open[-1].inside.append(node)
        if tag not in VOID:
            self.open.append(node)

    def handle_startendtag(self, tag, attrs):
        self.open[-1].inside.append(Node(tag, attrs))

    def handle_endtag(self, tag):
        assert self.open.pop().tag == tag

    def handle_data(self, data):
        self.open[-1].inside.append(data)


def tree(text):
    return Tree(text).open[0]


def clip(number, **more):
    """Return a clip of one of three sources; every fourth has no picture."""
    clip_id = hashlib.sha256(str(number).encode()).hexdigest()[:16]
    seen = number % 4 != 3
    still = MediaFile(path="a.jpg") if seen else None
    frames = (KeyFrame(by="faces.made@1#0", kind="best_face", time=1.1, track="F0", image=still),) if seen else ()
    span = Span(start=4.0 * number, end=4.0 * number + 4.0)
    file = f"{'abc'[number % 3]}.mp4"
    return Clip(
        **{
            "source": Origin(source_id=file[0] * 16, sha256=file[0] * 64, file=file, duration=600.0, streams="audio+video"),
            "clip_id": clip_id,
            "requested": span,
            "actual": span,
            "video": MediaFile(path="a.mp4") if seen else None,
            "audio": MediaFile(path="a.flac"),
            "image": still,
            "frames": frames,
            "speaker": "S0",
            "transcript": f"sentence number {number}",
            "persons": (Person(by="persons.made@1#0", track="F0", person="P7"),) if seen else (),
            "targets": (_target(seen),),
        }
        | more
    )


def _target(seen: bool) -> Target:
    track, state = ("F0", SPEAKING) if seen else (None, ABSENT)
    return Target(by="targets.made@1#0", speaker="S0", track=track, score=None, reason="made so", state=state)


def ref(clip: Clip, key: str) -> Ref:
    """Return what travels of a clip to the release."""
    route = clip.routes[-1]
    return Ref(
        source_id=clip.source.source_id,
        clip_id=clip.clip_id,
        start=clip.requested.start,
        end=clip.requested.end,
        label=fused_label(clip.labels),
        size=500_000,
        key=key,
        decision=route.decision,
        priority=route.priority,
    )


def hostile(number):
    """Return a clip for review that says nothing harmless."""
    cue = Cue(by=f"cues.{EVIL}@1#0", cue_id=f"face.{IMAGE}.1", modality="face", span=Span(start=0.5, end=1.0), text=EVIL)
    strange = replace(cue, cue_id="<b>.c.1", modality="<b onclick=alert(3)>", value=-3.0, span=None)
    text = Text(
        by=f"rationale.{EVIL}@1#0", text_id=SCRIPT, kind="rationale", text=f"{EVIL} [{cue.cue_id}]", cites=(cue.cue_id, "gone.1")
    )
    record = clip(number, transcript=EVIL, cues=(cue, strange), texts=(text,), authors=(EVIL,), speaker=SCRIPT)
    origin = replace(record.source, file=f"{EVIL}.mp4", licence=EVIL)
    target = replace(record.targets[0], reason=EVIL)
    route = Route(by="route@1#0", decision="review", reasons=(EVIL,), priority=1.0)
    return replace(record, source=origin, targets=(target,), routes=(route,))


def written(clips, files, out, media="embed", name="embedded"):
    """Write a version as a build does; return its folder."""
    plan = replace(read_plan("embedded"), name=name)
    shards = []
    for decision, folder in FOLDERS.items():
        mine = [one for one in clips if one.routes[-1].decision == decision]
        if mine:
            place = out / ".staging" / folder / "train-00000-of-00001.parquet"
            shards.append(write_shard(mine, place, files, plan.release, media, {}))
    dead = DeadLetter(source_id="d" * 16, file="d.mp4", clip_id="1" * 16, step="cut", reason="it ends at 3.25 s")
    ledger = Ledger(shards=tuple(shards), dead=(dead, replace(dead, clip_id="2" * 16, reason="it ends at 4 s")))
    commit(out / ".staging", out / "v1", plan=plan, inputs="0", found=(), copies=(), ledger=ledger)
    return out / "v1"


def visible(text):
    return text.replace("\x00", "␀").replace("\x07", "␇").replace("\x1b", "␛")


def planned(plan: Plan, context: RunContext, indexes: Sequence[Index]) -> Iterator[Shard]:
    """Yield the shards of a version that comes after none, as a build plans them."""
    return (found for found in PlanShards(plan, context, {}).process((None, indexes)) if isinstance(found, Shard))
