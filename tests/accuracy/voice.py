"""How well `labels.voice_emodb` hears acted emotion, each actor judged by a head that was trained on the others.

EMO-DB's utterances are 2 s long, German and acted, and the same ten sentences for all: read the numbers as an upper bound.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from annotators.models import local
from annotators.training.voice_emodb import ALL, Corpus, Known, held_out_scores
from tests.support.research import research

VIEWS = {
    Known(ALL): "everything that the speaker says as baseline",
    Known(10): "10 of their utterances as baseline",
    Known(10, calm=True): "up to 10 of their neutral utterances as baseline",
    Known(0): "nothing known of the speaker",
}


@dataclass(frozen=True, kw_only=True)
class Row:
    """One way of using the head, on speakers that it was not fitted on."""

    what: str
    items: int
    accuracy: float
    recall: float
    """Unweighted average over the labels."""
    macro_f1: float
    ece: float
    """Expected calibration error of the likeliest label, 15 bins of equal width."""
    majority: float
    """Accuracy of always saying the commonest label."""


@cache
def corpus() -> Corpus:
    """Return the features of all utterances."""
    local.fetch("whisper-base")
    return Corpus.read(research("emodb"))


def rows(draws: int = 5) -> Iterator[Row]:
    """Yield one row per way of knowing the speaker, averaged over so many random baselines."""
    for score in held_out_scores(corpus(), tuple(VIEWS), draws, seed=0):
        yield Row(
            what=f"`labels.voice_emodb`, EMO-DB, {VIEWS[score.view]}",
            items=score.items,
            accuracy=score.accuracy,
            recall=score.recall,
            macro_f1=score.macro_f1,
            ece=score.ece,
            majority=score.majority,
        )
