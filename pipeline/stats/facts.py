"""What a version's card may say: numbers read from its rows and its manifest, and what its maker states. Nothing else.

Unless a name says otherwise, a number is about the accepted clips, those in `data/`: only they are published.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from pipeline.stats.audit import Audit
from schemas.versions.accounts import SecondsTotal
from schemas.versions.manifest import Counts
from schemas.versions.review_facts import ConflictFacts, ReviewFacts
from schemas.versions.split_facts import SplitFacts as GroupFacts

Counted = tuple[tuple[str, int], ...]
"""Names and how often they were seen, the commonest first, of equals by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DataFile:
    """One Parquet file of `data/`."""

    file: str
    split: str
    rows: int
    bytes: int
    unpacked: int
    """Bytes of its columns before compression, by its footer."""
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitCounts:
    """One split."""

    name: str
    clips: int
    seconds: float
    labels: Counted
    """Likeliest label of all modalities together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionFacts:
    """All clips of one decision: accept, review or reject."""

    decision: str
    clips: int
    seconds: float
    reasons: Counted
    """Without their numbers; a clip may have several."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelFacts:
    """What one modality, or all together, says."""

    modality: str
    clips: int
    likeliest: Counted
    mean: tuple[tuple[str, float], ...]
    """Mean probability of each label."""
    withheld: Counted = ()
    """Why clips have no label of it although somebody looked, without numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubgroupFacts:
    """The clips that have one value of a property, whatever their decision."""

    value: str | None
    """None where nothing states it."""
    clips: int
    accepted: int
    review: int
    rejected: int
    seconds: float
    """Of the accepted."""
    ambiguity: float | None
    """Mean, over those of its clips that were assessed; None where none was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Property:
    """A property of clips by which a version falls into groups."""

    name: str
    groups: tuple[SubgroupFacts, ...]
    """Those with the most clips first."""
    others: int
    """Clips of any decision with other values than these."""
    withheld: int = 0
    """Clips with a value in somebody's own words that no published clip has: it is not told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CostFacts:
    """What texts by one author cost when they were written. A text without a count is not in its sum."""

    author: str
    texts: int
    tokens_in: float
    tokens_out: float
    price: float
    priced: int
    """Texts whose price is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFacts:
    """One file or service that an annotator used."""

    annotator: str
    name: str
    sha256: str | None
    """None where it was asked over a network."""
    licence: str | None
    """None where nothing states it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """How well one annotator does on data that it was not fitted on. None: not measured."""

    annotator: str
    model: str
    """Measured with this model; with another one it says nothing."""
    on: str
    items: int
    command: str = "python -m tests.accuracy"
    """What measures it, in a checkout of Affectory."""
    labelled: float | None = None
    """Share of the items that get a label; the measures of labels are of these."""
    accuracy: float | None = None
    macro_f1: float | None = None
    recall: float | None = None
    """Unweighted."""
    calibration_error: float | None = None
    commonest: float | None = None
    """Accuracy of always giving the commonest label."""
    word_error: float | None = None
    diarization_error: float | None = None
    arousal_auc: float | None = None
    """Area under the curve: aroused emotions against the rest, all items."""
    found: float | None = None
    """Share of the items in which the face that speaks is found."""
    false_claims: float | None = None
    """Share of the items in which a face is said to speak that does not."""
    sent: float | None = None
    """Share of the items that go to people as conflicts."""
    sent_real: float | None = None
    """Share of these that are real conflicts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What only the publisher can state. None and (): not stated."""

    title: str | None = None
    address: str | None = None
    """URL of its page."""
    date: str | None = None
    """ISO 8601."""
    creators: tuple[str, ...] = ()
    contact: str | None = None
    """Where to ask for a takedown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CardFacts:
    """All of it."""

    name: str
    affectory: str
    schema: int
    plan: str
    plan_hash: str
    rows_sha256: str
    space: str
    labels: tuple[str, ...]
    """Of the label space in which modalities are joined."""
    ledger: Counts
    lost: Counted
    """Reasons of dead letters."""
    spent: SecondsTotal
    """What became of the seconds of all sources."""
    unused: int
    """Files under the source folder of which nothing was used."""
    features: str
    """Columns of the rows as `datasets` knows them, as JSON."""
    embedded: bool
    """Whether media lie in the rows, not beside them."""
    files: tuple[DataFile, ...]
    splits: tuple[SplitCounts, ...]
    decisions: tuple[DecisionFacts, ...]
    sources: int
    seconds: float
    shortest: float | None
    longest: float | None
    columns: Counted
    """Clips in which video, audio, image and transcript are there."""
    said: tuple[LabelFacts, ...]
    categories: Counted
    outliers: Counted
    rationales: int
    """Clips that have one."""
    label_conditioned: int
    """Texts that were written with the label in view."""
    by_people: int
    """Clips whose label people decided."""
    properties: tuple[Property, ...]
    costs: tuple[CostFacts, ...]
    models: tuple[ModelFacts, ...]
    measured: tuple[Measured, ...]
    audit: Audit
    conflicts: ConflictFacts | None
    """Clips of this version that wait for people because modalities conflict; None where there are none."""
    reviews: ReviewFacts | None
    grouped: GroupFacts | None
    """What holds sources in one split together; None in versions that do not tell."""
    published: Published = field(default_factory=Published)

    @property
    def clips(self) -> int:
        """Return how many clips are published."""
        return self.ledger.accepted

    def of(self, name: str) -> Property:
        """Return the property of that name."""
        return next(one for one in self.properties if one.name == name)
