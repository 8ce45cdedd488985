"""`python -m label_studio.status --shards shards/`: how far the review is, and how well people agree."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from label_studio.arguments import status_arguments
from label_studio.command import connected, ended
from label_studio.consensus.consensus import fit_consensus
from label_studio.consensus.facts import review_facts
from label_studio.project.answers import ANSWERS, REVIEWS, load_answers
from label_studio.project.queue import projects
from label_studio.push import review_items, review_settings
from label_studio.server.client import LabelStudioClient
from schemas.errors import TransientError, UsageError
from schemas.versions.review_facts import ReviewFacts
from schemas.versions.rows import opened


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One project on the server."""

    kind: str
    tasks: int
    done: int
    """Tasks with as many answers as are asked for."""
    answers: int
    annotators: int


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status."""
    args = status_arguments().parse_args(argv)
    return ended("label_studio.status", lambda: _main(args))


def _main(args: argparse.Namespace) -> int:
    version, manifest = opened(args.shards, None)
    known = review_facts(fit_consensus(load_answers(args.shards / REVIEWS / ANSWERS), review_settings(manifest)))
    sys.stdout.write(f"{version}: {len(review_items(version))} clips for people to review\n")
    sys.stdout.write("\n".join((*_server(args), *pulled_lines(known))) + "\n")
    return 0


def queue(client: LabelStudioClient) -> tuple[Line, ...]:
    """Return what lies on a server, a line for each of our projects."""
    lines = []
    for project in projects(client):
        counts = client.get(f"/api/projects/{project.number}")
        lines.append(
            Line(
                kind=project.kind,
                tasks=counts["task_number"],
                done=counts["finished_task_number"],
                answers=counts["total_annotations_number"],
                annotators=project.annotators,
            )
        )
    return tuple(lines)


def pulled_lines(known: ReviewFacts) -> Iterator[str]:
    """Yield lines about what has been pulled."""
    if not known.answers:
        yield "no answers yet: python -m label_studio.pull brings them"
        return
    yield (
        f"{known.answers} answers to {known.clips} clips: {known.decided} decided, {known.disputed} disputed, {known.open} open, "
        f"{known.cannot} cannot be judged; {known.seconds / known.answers:.1f} s per answer"
    )
    yield f"{'agreement':<12}{'clips':>7}{'answers':>9}{'alpha':>8}{'pairs':>8}"
    for one in known.fields:
        yield f"{one.field:<12}{one.items:>7}{one.answers:>9}{_number(one.alpha):>8}{_number(one.pairwise):>8}"
    yield f"{'reviewer':<12}{'answers':>9}{'seconds':>9}{'cannot':>8}{'reliability':>13}"
    for person in known.reviewers:
        counts = f"{person.answers:>9}{person.seconds:>9.1f}{person.cannot:>8}"
        yield f"{person.reviewer:<12}{counts}{_number(person.reliability):>13}"


def _server(args: argparse.Namespace) -> Iterator[str]:
    try:
        connection = connected(args)
        with connection.client as client:
            lines = queue(client)
    except (TransientError, UsageError) as error:
        yield f"the queue is not known: {error}"
        return
    yield f"{'queue':<12}{'tasks':>7}{'done':>7}{'answers':>9}   {connection.client.url}"
    for line in lines:
        people = "1 person each" if line.annotators == 1 else f"{line.annotators} people each"
        yield f"{line.kind:<12}{line.tasks:>7}{line.done:>7}{line.answers:>9}   {people}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


if __name__ == "__main__":
    sys.exit(main())
