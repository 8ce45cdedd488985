"""Emotional speech that voices are measured on and never trained on: read by path, with its labels, never kept here.

Each is a checkout of the repository that carries it, in a folder of `--corpora` by the repository's name; or any other folder
there with a `labels.csv` of the columns `file`, `label` and `speaker` (labels: anger, boredom, calm, disgust, fear, happiness,
neutral, sadness, surprise; any other counts as one that the head cannot tell).
"""

import csv
import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from schemas.errors import UsageError

AROUSED = frozenset({"anger", "fear", "happiness", "surprise"})
CALM = frozenset({"boredom", "calm", "disgust", "neutral", "sadness"})
BAD = frozenset({"anger", "disgust", "fear", "sadness"})
"""Negative, where happiness is positive."""


@dataclass(frozen=True, slots=True)
class Utterance:
    """A recording of one speaker, and what it is meant or judged to express."""

    path: Path
    label: str
    speaker: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Corpus:
    """Where a corpus lies under `--corpora`, what it is, and its terms as its authors state them."""

    name: str
    says: str
    repository: str
    terms: str
    read: Callable[[Path], Iterator[Utterance]]

    @property
    def folder(self) -> str:
        """Name of the folder: that of the repository."""
        return self.repository.partition("@")[0].rpartition("/")[2]


def _ravdess(folder: Path) -> Iterator[Utterance]:
    labels = dict(zip("12345678", "neutral calm happiness sadness anger fear disgust surprise".split(), strict=True))  # noqa: SIM905
    for path in folder.glob("speech-emotion-recognition-ravdess-data/Actor_*/*.wav"):
        _, _, emotion, _, _, _, actor = path.stem.split("-")
        yield Utterance(path, labels[emotion[1]], actor)


def _nemo(folder: Path) -> Iterator[Utterance]:
    for path in folder.glob("samples/*.wav"):
        speaker, emotion, _ = path.stem.split("_")
        yield Utterance(path, {"surprised": "surprise"}.get(emotion, emotion), speaker)


def _turev(folder: Path) -> Iterator[Utterance]:
    for place, label in {"Angry": "anger", "Happy": "happiness", "Calm": "neutral", "Sad": "sadness"}.items():
        for path in folder.glob(f"Sound Source/{place}/*.wav"):
            yield Utterance(path, label, path.stem.partition("_")[0])


def _india(folder: Path) -> Iterator[Utterance]:
    labels = {"happy": "happiness", "angry": "anger", "fearful": "fear", "calm": "neutral"}
    for path in folder.glob("*/*.wav"):
        _, around, emotion, *_, person = path.stem.split("-")
        if around == "safe" and emotion.lower() in labels:
            yield Utterance(path, labels[emotion.lower()], person)


def _urdu(folder: Path) -> Iterator[Utterance]:
    for place, label in {"Angry": "anger", "Happy": "happiness", "Neutral": "neutral", "Sad": "sadness"}.items():
        for path in folder.glob(f"{place}/*.wav"):
            yield Utterance(path, label, path.stem.partition("_")[0])


CORPORA = (
    Corpus(
        name="RAVDESS",
        says="English, acted",
        repository="Rahul5430/Speech-Emotion-Recognition-System@b6a1dd8",
        terms="CC BY-NC-SA 4.0",
        read=_ravdess,
    ),
    Corpus(name="nEMO", says="Polish, acted", repository="amu-cai/nEMO@66de999", terms="CC BY-NC-SA 4.0", read=_nemo),
    Corpus(
        name="TurEV-DB",
        says="Turkish, acted words",
        repository="Xeonen/TurEV-DB@be9873e",
        terms="CC BY-NC-ND 4.0",
        read=_turev,
    ),
    Corpus(
        name="emospeech v1",
        says="India, commands by non-professionals",
        repository="RakshakTeam/emospeech-dataset-v1@85b1ef5",
        terms="CC BY-NC-SA 4.0",
        read=_india,
    ),
    Corpus(
        name="URDU",
        says="Urdu, talk shows, natural",
        repository="siddiquelatif/URDU-Dataset@4b546d4",
        terms="research only",
        read=_urdu,
    ),
)


def corpora_in(folder: Path) -> tuple[Corpus, ...]:
    """Return the corpora that are there: those of `CORPORA` first, then those with a `labels.csv`, by name.

    Raises:
        UsageError: there are none.
    """
    known = tuple(corpus for corpus in CORPORA if (folder / corpus.folder).is_dir())
    own = tuple(_listed(path.parent) for path in sorted(folder.glob("*/labels.csv")))
    if not known + own:
        raise UsageError(f"--corpora {folder}: none of {', '.join(corpus.folder for corpus in CORPORA)}, and no labels.csv")
    return known + own


def _listed(folder: Path) -> Corpus:
    def read(place: Path) -> Iterator[Utterance]:
        with (place / "labels.csv").open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                yield Utterance(place / row["file"], row["label"], row["speaker"])

    return Corpus(name=folder.name, says="listed", repository=folder.name, terms="not stated", read=read)


def sampled(utterances: Sequence[Utterance], most: int) -> tuple[Utterance, ...]:
    """Return at most so many, chosen by a hash of the file's name, in the order of that hash."""
    return tuple(sorted(utterances, key=lambda one: hashlib.sha256(one.path.name.encode()).hexdigest())[:most])
