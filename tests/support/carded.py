"""A version that has something in every section of its card, and readers of what the card says."""

import re
from dataclasses import replace
from html import unescape

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.plan import read_plan
from pipeline.release.commit import commit
from pipeline.release.ledger import Ledger
from pipeline.release.shards import write_shard
from schemas.claims import FaceTrack, Language, Measure, Review, Speaker, Text
from schemas.record import DeadLetter
from schemas.versions.review_facts import ConflictFacts, FieldFacts, LearnedFacts, ReviewerFacts, ReviewFacts
from schemas.versions.rows import FOLDERS
from tests.support.feeling import felt
from tests.support.reported import clip

CLIPS = 60
LANGUAGES = (("en",), ("zh",), ("en", "fr"), ())
TERMS = (
    {"licence": "CC BY 4.0", "consent": "signed | form 7", "origin": "interviews", "language": "en"},
    {"licence": "by agreement of 2024-01-01", "origin": "talk shows"},
    {},
)
REVIEWS = ReviewFacts(
    answers=31,
    clips=14,
    decided=11,
    disputed=2,
    open=1,
    cannot=1,
    seconds=412.5,
    fields=(
        FieldFacts(field="all", items=12, answers=27, alpha=0.6123, pairwise=0.71),
        FieldFacts(field="valence", items=9, answers=18, alpha=None, pairwise=None),
    ),
    reviewers=tuple(
        ReviewerFacts(reviewer=name, answers=n, seconds=12.0, cannot=0, reliability=0.8) for name, n in (("r1", 16), ("r2", 15))
    ),
    learned=(
        LearnedFacts(
            what="route.conflict", before=0.3, after=0.35, items=11, measure="balanced", measure_before=0.7, measure_after=0.81
        ),
    ),
    conflicts=ConflictFacts(clips=8, expected=0.62, real=5),
)


def made(number, judge):
    """Return one of sixty unlike clips: routed by what it says; some audited, answered, paid for."""
    record = clip(number)
    record = replace(
        record,
        clip_id=f"{number:016x}",
        source=replace(record.source, **TERMS[number % 3]),
        languages=tuple(Language(by="words.made@1#0", language=name) for name in LANGUAGES[number % 4]),
        speakers=tuple(
            Speaker(by="turns.made@1#0", speaker=f"S{k}", seconds=1.0, embedding=(0.5, -0.25)) for k in range(number % 3)
        ),
        faces=(_face("F0", ("head", "half", "full")[number % 3]),) if record.video else (),
        transcript=record.transcript if number % 5 else None,
    )
    record = felt(record, judge)
    if number % 7 == 0:
        record = replace(record, texts=(*record.texts, _paid(number)))
    route = replace(record.routes[-1], audit=number % 2 == 0)
    return replace(record, routes=(*record.routes[:-1], route), reviews=_reviews(number))


def _face(track, view):
    series = dict.fromkeys(("times", "scores", "yaw", "pitch", "roll"), (0.0,))
    span = {"span": clip(0).requested}
    return FaceTrack(
        by="faces.made@1#0", track=track, **span, rate=12.0, view=view, area=0.1, boxes=(), blendshapes=((0.5, 0.25),), **series
    )


def _paid(number):
    spent = {"tokens_in": 100.0 + number, "tokens_out": 20.0} | ({"price": 0.0125} if number % 2 else {})
    return Text(
        by="rationale.llm@1#0",
        text_id="rationale.llm.1",
        kind="rationale",
        text="made",
        label_conditioned=number % 3 == 0,
        measures=tuple(Measure(name=name, value=value) for name, value in spent.items()),
    )


def _reviews(number):
    if number % 3:
        return ()
    cannot = "too dark" if number % 15 == 0 else None
    outcome = None if cannot else ("edited" if number % 9 == 0 else "accepted")
    one = Review(
        by="person.r1@1#0", review_id="a" * 16, kind="ordinary", outcome="accepted", seconds=9.0, submitted="2026-01-01T00:00:00Z"
    )
    return (one, replace(one, by="decision@1#0", kind="decision", outcome=outcome, cannot=cannot))


def version(clips, files, out, media="embed", split_of=lambda one: "train" if int(one.clip_id, 16) % 4 else "test"):
    """Write clips as a build does, in two splits; return the folder of the version."""
    plan, shards = read_plan("embedded"), []
    for decision, folder in FOLDERS.items():
        for split in sorted({split_of(one) for one in clips}):
            mine = [one for one in clips if one.routes[-1].decision == decision and split_of(one) == split]
            if mine:
                place = out / ".staging" / folder / f"{split}-00000-of-00001.parquet"
                shards.append(write_shard(mine, place, files, plan.release, media, {}))
    lost = DeadLetter(source_id="d" * 16, file="d.mp4", clip_id=None, step="probe", reason="no | media after 3.5 s")
    ledger = Ledger(shards=tuple(shards), dead=(lost, replace(lost, clip_id="1" * 16, step="cut")))
    commit(out / ".staging", out / "v1", plan=plan, inputs="0", found=(), copies=(), ledger=ledger)
    return out / "v1"


def frame(version_, folder=None):
    """Return rows as one pandas frame, of one folder or of all, with their folder and split."""
    tables = []
    for file in sorted(version_.glob(f"{folder or '*'}/*.parquet")):
        if file.parent.name in FOLDERS.values():
            table = pq.read_table(file)
            for name, value in (("folder", file.parent.name), ("split", file.name.split("-")[0])):
                table = table.append_column(name, pa.array([value] * len(table)))
            tables.append(table)
    return pa.concat_tables(tables).to_pandas()


def sections(card):
    """Return the Markdown of each section by its title; what comes before the first has none."""
    parts = re.split(r"^## (.+)$", card.split("\n---\n", 1)[1], flags=re.M)
    return {"": parts[0], **dict(zip(parts[1::2], parts[2::2], strict=True))}


def tables(text):
    """Return the rows of each table of a section, without heads, as a reader sees them."""
    found, lines = [], [*text.splitlines(), ""]
    for k, line in enumerate(lines):
        if re.fullmatch(r"\|(-+\|)+", line):
            end = next(n for n in range(k, len(lines)) if not lines[n].startswith("|"))
            found.append([cells(row) for row in lines[k + 1 : end]])
    return found


def cells(line):
    parts = re.split(r"(?<!\\)\|", line)
    assert (parts[0], parts[-1]) == ("", ""), line
    return tuple(seen(part.strip()) for part in parts[1:-1])


def seen(text):
    """Return what a reader sees of text of one line."""
    return unescape(re.sub(r"\\([!-/:-@\[-`{-~])|(?<!\\)[`*]", lambda m: m[1] or "", text))
