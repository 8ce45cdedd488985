"""How well `labels.words_minilm` reads: GoEmotions' development rows with one label, in Ekman's view."""

import csv

from annotators.text.labels_words_minilm import MinilmWordLabels
from schemas.claims import Label, Language
from schemas.record import Clip, Origin
from schemas.values import Span
from schemas.vocabulary.spaces import space
from tests.accuracy.scoring import Score, score
from tests.support.research import research

ORIGIN = Origin(source_id="0" * 16, sha256="0" * 64, file="a.wav", duration=9.0, streams="audio")


def clip(text: str | None, language: str | None = "en", words=()) -> Clip:
    """Return a clip in which this is said."""
    languages = (Language(by="w@1#0", language=language),) if language else ()
    span = Span(start=0.0, end=9.0)
    return Clip(source=ORIGIN, clip_id="1" * 16, requested=span, transcript=text, languages=languages, words=words)


def comments(limit: int | None = None) -> list[tuple[str, str]]:
    """Return texts with Ekman's label."""
    fine = space("goemotions28")
    with (research("goemotions") / "dev.tsv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE) if "," not in row[1]]
    return [(text, fine.maps["ekman7"][fine.labels[int(label)]]) for text, label, _ in rows[:limit]]


def measured(limit: int | None = None) -> Score:
    """Score the annotator on the first so many rows."""
    reader = MinilmWordLabels(phrases=0)
    model = reader.load("cpu")
    rows = [(text, label) for text, label in comments(limit) if text.strip()]
    said = []
    for claims in reader.annotate(model, [clip(text) for text, _ in rows]):
        (label,) = (claim for claim in claims if isinstance(claim, Label))
        said.append(dict(zip(label.names, label.scores, strict=True)))
    return score("`labels.words_minilm`, GoEmotions dev, one label, Ekman 7", said, [label for _, label in rows])


def rows() -> list[Score]:
    """Return what is measured."""
    return [measured()]
