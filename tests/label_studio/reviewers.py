"""Answers by made-up reviewers, and by the real people who voted on CREMA-D."""

import csv
import hashlib
import random
from dataclasses import replace

from label_studio.project.answers import Answer, Given
from schemas.vocabulary.modalities import modalities
from tests.support.research import research

LABELS = ("anger", "disgust", "fear", "happiness", "neutral", "sadness")
VOTED = {"voice": "voice", "face": "face", "multimodal": "all"}


def answer(clip, reviewer, kind="conflict", minute=0, **said):
    """Return an answer: `all="anger"` names a label of a modality, the rest are fields of Answer or of what is said of all."""
    scores = {name: said.pop(name) for name in ("valence", "arousal", "intensity") if name in said}
    named = {name: said.pop(name) for name in (*modalities(), "all") if name in said}
    told = tuple(
        Given(modality=name, names=(label,) if isinstance(label, str) else label, **(scores if name == "all" else {}))
        for name, label in named.items()
    )
    blank = Answer(
        answer_id=hashlib.sha256(f"{clip} {reviewer} {kind} {minute}".encode()).hexdigest()[:16],
        clip_id=clip,
        version="v1",
        form="f" * 12,
        kind=kind,
        reviewer=reviewer,
        seconds=12.5,
        submitted=f"2025-01-01T00:{minute:02}:00Z",
        given=told,
        truth=None,
        cannot=None,
        label_outcome=None,
        rationale=None,
        rationale_outcome=None,
        preferred=None,
    )
    return replace(blank, **said)


def planted(skills, items, seed=0, labels=LABELS):
    """Return answers and the truth by clip; a reviewer of skill s is right with s, else names any label at random."""
    chance = random.Random(seed)
    truth = {f"{number:016x}": chance.choice(labels) for number in range(items)}
    made = [
        answer(clip, who, all=label if chance.random() < skill else chance.choice(labels), valence=chance.uniform(-1, 1))
        for clip, label in truth.items()
        for who, skill in skills.items()
    ]
    return tuple(made), truth


def crema_d(actors=100, voters=12):
    """Return CREMA-D's votes as answers: the nth vote on a clip, in an order by hash, is reviewer n's."""
    cast = {}
    with (research("crema-d") / "tabulatedVotes.csv").open() as file:
        for row in csv.DictReader(file):
            if int(row["fileName"][:4]) <= 1000 + actors:
                ballots = [name for name in LABELS for _ in range(int(row[name[0].upper()]))]
                random.Random(f"{row['fileName']} {row['modality']}").shuffle(ballots)
                cast.setdefault(row["fileName"], {})[VOTED[row["modality"]]] = ballots[:voters]
    return tuple(
        answer(clip, f"r{number:02}", **{modality: ballots[number] for modality, ballots in by.items() if number < len(ballots)})
        for clip, by in sorted(cast.items())
        for number in range(voters)
        if any(number < len(ballots) for ballots in by.values())
    )
