"""`python -m tests.accuracy.voice --corpora DIR`: what `labels.voice_affect` says of voices that it was not trained on.

EMO-DB's actors are each judged by a head trained on the others. The corpora of `corpora.py` and everyday speech are judged by
the head that ships, which was trained on none of them. Features come from the annotator's own pieces, of the first 10 s; what is
usual for a speaker from up to 20 pieces of their other utterances, as in `baselines.voice`. Utterances under 1 s are not judged.
"""

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path

import numpy as np

from annotators.models import local
from annotators.training.voice_emodb import Corpus, held_out_verdicts
from annotators.voice.features import VoiceFeatures, piece_of, speech_pieces
from annotators.voice.head import LABELS, Head, Usual, Verdict
from schemas.claims import Turn
from schemas.values import Span
from tests.accuracy.corpora import AROUSED, BAD, CALM, Utterance, corpora_in, sampled
from tests.accuracy.everyday import CALM as PLAIN
from tests.accuracy.everyday import everyday
from tests.accuracy.scoring import BINS
from tests.support.research import research

RATE = 16000
_LONGEST = 10.0
_BASELINE = 20
_SAME = {"boredom": "neutral", "calm": "neutral"}
"""Labels that count as one that the head can tell."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """Verdicts on one corpus. What is measured on labels given is None where none was."""

    what: str
    items: int
    given: int
    """How many got a label."""
    accuracy: float | None
    low: float | None
    high: float | None
    """Of accuracy: Wilson's interval of 95 %; a bootstrap of ten that are all right has no width."""
    recall: float | None
    """Unweighted average over those of `LABELS` that are the truth of a label given."""
    macro_f1: float | None
    ece: float | None
    """Expected calibration error, 15 bins of equal width."""
    majority: float
    """Share of the commonest label of the corpus: what always saying it would reach."""
    arousal: float | None
    """Area under the curve, all utterances: anger, fear, happiness and surprise against the rest."""
    valence: float | None
    """Area under the curve of valence, where it is told: happiness against anger, disgust, fear and sadness."""
    other: float
    """Share of all utterances that get a label other than neutral."""
    swing: float
    """Mean absolute valence over all utterances, 0 where none is told."""


@dataclass(frozen=True, slots=True)
class Pieces:
    """An utterance as the annotator hears it: one row of features and a duration per piece."""

    label: str
    speaker: str
    features: np.ndarray
    seconds: np.ndarray


def heard(ear: VoiceFeatures, sound: np.ndarray, label: str, speaker: str) -> Pieces | None:
    """Return an utterance of one speaker; None where the annotator would say nothing about it."""
    whole = Span(start=0.0, end=min(_LONGEST, int(len(sound) / RATE * 1000) / 1000))
    if whole.duration < 1.0:
        return None
    spans = speech_pieces([Turn(by="turns.known@1#0", span=whole, speaker=speaker, floor=(whole,))], speaker)
    found = [(span.duration, ear.features(piece_of(sound, span))) for span in spans]
    rows = [(seconds, features) for seconds, features in found if features is not None]
    if not rows:
        return None
    return Pieces(label, speaker, np.stack([features for _, features in rows]), np.array([seconds for seconds, _ in rows]))


def listened(utterances: Sequence[Utterance]) -> tuple[Pieces, ...]:
    """Return the utterances that the annotator would judge; decoded here, in one process, as they are many."""
    from faster_whisper import decode_audio

    ear = VoiceFeatures.load(local.fetch("whisper-base"))
    made = (heard(ear, decode_audio(str(one.path), sampling_rate=RATE), one.label, one.speaker) for one in utterances)
    return tuple(one for one in made if one is not None)


def kept(file: Path | None, make: Callable[[], tuple[Pieces, ...]]) -> tuple[Pieces, ...]:
    """Return what is in the file, else what is made, which is written there; features do not depend on the head."""
    if file is None or not file.is_file():
        pieces = make()
        if file is not None:
            file.parent.mkdir(parents=True, exist_ok=True)
            owner = np.repeat(np.arange(len(pieces)), [len(one.seconds) for one in pieces])
            rows, seconds = (np.concatenate(part) for part in zip(*((one.features, one.seconds) for one in pieces), strict=True))
            names = {"labels": np.array([one.label for one in pieces]), "speakers": np.array([one.speaker for one in pieces])}
            np.savez(file, rows=rows, seconds=seconds, owner=owner, **names)
        return pieces
    with np.load(file) as held:
        rows, seconds, owner = held["rows"], held["seconds"], held["owner"]
        who = enumerate(zip(held["labels"].tolist(), held["speakers"].tolist(), strict=True))
        return tuple(Pieces(label, speaker, rows[owner == k], seconds[owner == k]) for k, (label, speaker) in who)


def judged(pieces: Sequence[Pieces], head: Head, known: bool, seed: int = 0) -> tuple[Verdict, ...]:
    """Return what the head says of each utterance, with a baseline from others of its speaker if `known`."""
    rng = np.random.default_rng(seed)
    return tuple(head.verdict(one.features, one.seconds, _usual(pieces, one, rng) if known else None) for one in pieces)


def _usual(pieces: Sequence[Pieces], one: Pieces, rng: np.random.Generator) -> Usual | None:
    rows = [row for other in pieces if other.speaker == one.speaker and other is not one for row in other.features]
    if not rows:
        return None
    return Usual.of(np.stack(rows)[rng.choice(len(rows), min(_BASELINE, len(rows)), replace=False)])


def scored(what: str, truth: Sequence[str], verdicts: Sequence[Verdict]) -> Row:
    """Return the figures of one corpus."""
    labels = np.array([_SAME.get(label, label) for label in truth])
    given = np.array([verdict.scores is not None for verdict in verdicts])
    told = np.array([LABELS[int(v.scores.argmax())] if v.scores is not None else "" for v in verdicts])
    sure = np.array([v.scores.max() if v.scores is not None else np.nan for v in verdicts])
    right = (told == labels)[given]
    low, high = _wilson(int(right.sum()), len(right)) if given.any() else (None, None)
    of = [name for name in LABELS if (labels[given] == name).any()]
    arousal, valence = (np.array([np.nan if x is None else x for x in xs]) for xs in zip(*map(_point, verdicts), strict=True))
    return Row(
        what=what,
        items=len(truth),
        given=int(given.sum()),
        accuracy=float(right.mean()) if given.any() else None,
        low=low,
        high=high,
        recall=float(np.mean([(told[given] == name)[labels[given] == name].mean() for name in of])) if of else None,
        macro_f1=float(np.mean([_f1(told[given] == name, labels[given] == name) for name in of])) if of else None,
        ece=_ece(sure[given], right) if given.any() else None,
        majority=float(np.unique(labels, return_counts=True)[1].max() / len(labels)),
        arousal=_auc(arousal, np.isin(truth, list(AROUSED)), np.isin(truth, list(CALM))),
        valence=_auc(valence, labels == "happiness", np.isin(labels, list(BAD))),
        other=float((given & (told != "neutral")).mean()),
        swing=float(np.abs(np.nan_to_num(valence)).mean()),
    )


def _wilson(hits: int, of: int, z: float = 1.96) -> tuple[float, float]:
    middle, half = (hits + z * z / 2) / (of + z * z), z * (hits * (of - hits) / of + z * z / 4) ** 0.5 / (of + z * z)
    return max(0.0, middle - half), min(1.0, middle + half)


def _point(verdict: Verdict) -> tuple[float, float | None]:
    return verdict.arousal, verdict.valence


def _f1(told: np.ndarray, true: np.ndarray) -> float:
    return 2 * float((told & true).sum()) / float(told.sum() + true.sum())


def _ece(sure: np.ndarray, right: np.ndarray) -> float:
    bins = np.minimum((sure * BINS).astype(int), BINS - 1)
    return float(sum(abs((right[bins == b] - sure[bins == b]).sum()) for b in range(BINS)) / len(sure))


def _auc(value: np.ndarray, high: np.ndarray, low: np.ndarray) -> float | None:
    above, below = value[high & ~np.isnan(value)], value[low & ~np.isnan(value)]
    if not len(above) or not len(below):
        return None
    pairs = above[:, None] - below
    return float((pairs > 0).mean() + (pairs == 0).mean() / 2)


@cache
def corpus() -> Corpus:
    """Return the features of EMO-DB's utterances."""
    local.fetch("whisper-base")
    return Corpus.read(research("emodb"))


def rows() -> Iterator[Row]:
    """Yield EMO-DB, each speaker left out, with nothing known of the speaker and with 20 others of theirs as baseline."""
    names = {0: "nothing known of the speaker", _BASELINE: "20 of their utterances as baseline"}
    for size, found in held_out_verdicts(corpus(), tuple(names), seed=0).items():
        yield scored(f"EMO-DB, speakers left out, {names[size]}", corpus().emotions.tolist(), found)


def given(row: Row) -> Row:
    """Return a row about the labels given alone, which says how many had none."""
    return replace(row, what=f"`labels.voice_affect`, {row.what}, {row.given / row.items:.0%} get a label", items=row.given)


def everyday_rows(keep: Path | None = None) -> Iterator[Row]:
    """Yield everyday speech in which no emotion is acted or meant."""

    def make() -> tuple[Pieces, ...]:
        ear = VoiceFeatures.load(local.fetch("whisper-base"))
        made = (heard(ear, sound, PLAIN, speaker) for speaker, sound in everyday())
        return tuple(one for one in made if one is not None)

    head, pieces = shipped(), kept(keep and keep / "everyday.npz", make)
    for known, what in ((False, "nothing known of the speaker"), (True, "speaker known")):
        yield scored(f"everyday speech, {what}", [one.label for one in pieces], judged(pieces, head, known))


def corpus_rows(folder: Path, most: int, keep: Path | None = None) -> Iterator[Row]:
    """Yield the corpora of a folder, at most so many utterances each."""
    head = shipped()
    for one in corpora_in(folder):
        chosen = partial(sampled, tuple(one.read(folder / one.folder)), most)
        pieces = kept(keep and keep / f"{one.folder}-{most}.npz", lambda chosen=chosen: listened(chosen()))
        for known, what in ((False, "nothing known of the speaker"), (True, "speaker known")):
            yield scored(f"{one.name} ({one.says}), {what}", [p.label for p in pieces], judged(pieces, head, known))


def shipped() -> Head:
    """Return the head that ships."""
    return Head.load(local.fetch("voice-affect") / "head.safetensors")


HEADS = (
    "on",
    "n",
    "get a label",
    "right [95 %]",
    "commonest label",
    "recall",
    "calibration error",
    "arousal AUC",
    "valence AUC",
    "other than neutral",
    "mean abs. valence",
)


def cells(row: Row) -> tuple[str, ...]:
    """Return a row as it is printed."""
    interval = "" if row.accuracy is None else f"{row.accuracy:.2f} [{row.low:.2f}, {row.high:.2f}]"
    figures = (row.majority, row.recall, row.ece, row.arousal, row.valence, row.other, row.swing)
    told = ("" if figure is None else f"{figure:.2f}" for figure in figures)
    return (row.what, str(row.items), f"{row.given / row.items:.1%}", interval, *told)


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(prog="python -m tests.accuracy.voice", description="The voice on speech of other kinds.")
    parser.add_argument("--corpora", type=Path, help="folder of the corpora; without it everyday speech only")
    parser.add_argument("--most", type=int, default=500, help="utterances per corpus, by a hash of their names")
    parser.add_argument("--keep", type=Path, help="folder in which features are kept, so that a second run takes seconds")
    args = parser.parse_args()
    sys.stdout.write(f"| {' | '.join(HEADS)} |\n|{'---|' * len(HEADS)}\n")
    for found in (everyday_rows(args.keep), corpus_rows(args.corpora, args.most, args.keep) if args.corpora else ()):
        for row in found:
            sys.stdout.write(f"| {' | '.join(cells(row))} |\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
