"""What a version says as a whole: counters over all its rows, in memory that does not grow with their number."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from itertools import combinations

from schemas.claims import Assessment, Conflict, Label, Route
from schemas.record import Clip
from schemas.versions.dead_letters import generalised
from schemas.versions.rows import ACCEPT, FOLDERS
from schemas.vocabulary.distributions import by_modality, fused, likeliest
from schemas.vocabulary.silence import withheld

COLUMNS = ("actual", "requested", "labels", "assessments", "routes")
BINS = 10
"""Steps of a share from 0 to 1."""
AXIS = 11
"""Steps of valence and arousal from -1 to 1; the middle one holds 0."""
_UNROUTED = Route(by="", decision=ACCEPT, reasons=(), priority=0.0)


class DecisionCounters:
    """The clips of one decision."""

    def __init__(self) -> None:
        self.clips, self.audit = 0, 0
        self.seconds = 0.0
        self.conflicts, self.expected = 0, 0.0
        """Clips that a person decides because modalities conflict, and how many of these are expected to be real."""
        self.reasons: Counter[str] = Counter()

    def add(self, route: Route, seconds: float) -> None:
        """Count one clip; a reason counts once per clip, whatever its numbers."""
        self.clips += 1
        self.seconds += seconds
        self.audit += route.audit
        if route.expected is not None:
            self.conflicts += 1
            self.expected += route.expected
        self.reasons.update({generalised(reason) for reason in route.reasons})


class ModalityCounters:
    """What one modality says, in the label space of the plan, and where it has them on the axes."""

    def __init__(self) -> None:
        self.clips = 0
        self.likeliest: Counter[str] = Counter()
        self.mass: dict[str, float] = defaultdict(float)
        self.valence: Counter[int] = Counter()
        self.both: Counter[tuple[int, int]] = Counter()
        """Steps of valence and arousal of what has both."""
        self.arousal: Counter[int] = Counter()
        self.withheld: Counter[str] = Counter()
        """Why no label is given, by reasons without their numbers."""

    def add(self, distribution: Mapping[str, float]) -> None:
        """Count one distribution."""
        self.clips += 1
        self.likeliest[likeliest(distribution)] += 1
        for name, share in distribution.items():
            self.mass[name] += share

    def place(self, valence: float | None, arousal: float | None) -> None:
        """Count one point, or one number."""
        across, up = (None if value is None else step((value + 1) / 2, AXIS) for value in (valence, arousal))
        if across is not None:
            self.valence[across] += 1
        if up is not None:
            self.arousal[up] += 1
        if across is not None and up is not None:
            self.both[across, up] += 1


class PairCounters:
    """How two modalities compare."""

    def __init__(self) -> None:
        self.divergence: Counter[int] = Counter()
        self.probability: Counter[int] = Counter()
        self.incomparable, self.opposed = 0, 0
        self.labels: Counter[tuple[str, str]] = Counter()
        """Likeliest label of the first and of the second."""

    def add(self, conflict: Conflict) -> None:
        """Count one comparison."""
        if conflict.divergence is None:
            self.incomparable += 1
        else:
            self.divergence[step(conflict.divergence)] += 1
        if conflict.probability is not None:
            self.probability[step(conflict.probability)] += 1
        self.opposed += bool(conflict.opposed)


class VersionCounters:
    """All counters of a version."""

    def __init__(self, space: str) -> None:
        self.space = space
        self.destinations = {decision: DecisionCounters() for decision in FOLDERS}
        self.felt: dict[str, ModalityCounters] = {}
        self.pairs: dict[tuple[str, str], PairCounters] = {}
        self.categories: Counter[str] = Counter()
        self.outliers: Counter[str] = Counter()
        self.ambiguity: Counter[int] = Counter()

    def add(self, clip: Clip) -> None:
        """Count one clip with the columns `COLUMNS`."""
        route = routed(clip)
        self.destinations[route.decision].add(route, clip.span.duration)
        spoken = by_modality(clip.labels, self.space)
        for modality, distribution in {**fused(clip.labels), **spoken}.items():
            self.felt.setdefault(modality, ModalityCounters()).add(distribution)
        for modality, label in _placed(clip.labels).items():
            self.felt.setdefault(modality, ModalityCounters()).place(label.valence, label.arousal)
        for modality, why in withheld(clip.labels).items():
            self.felt.setdefault(modality, ModalityCounters()).withheld[generalised(why)] += 1
        for first, second in combinations(spoken, 2):
            self.pairs.setdefault((first, second), PairCounters()).labels[
                likeliest(spoken[first]), likeliest(spoken[second])
            ] += 1
        for assessment in clip.assessments[-1:]:
            self._assessed(assessment)

    def _assessed(self, assessment: Assessment) -> None:
        self.categories[assessment.category] += 1
        self.outliers[assessment.outlier or "none"] += 1
        if assessment.ambiguity is not None:
            self.ambiguity[step(assessment.ambiguity)] += 1
        for conflict in assessment.conflicts:
            self.pairs.setdefault((conflict.first, conflict.second), PairCounters()).add(conflict)


def routed(clip: Clip) -> Route:
    """Return the route of a clip; without one it lies among the accepted, for no reason and of no priority."""
    return clip.routes[-1] if clip.routes else _UNROUTED


def step(share: float, of: int = BINS) -> int:
    """Return in which of the steps from 0 to 1 a share lies."""
    return min(of - 1, max(0, int(share * of + 1e-9)))


def _placed(labels: Iterable[Label]) -> dict[str, Label]:
    """Return the last label with a valence or an arousal of each modality that is about the target and the whole clip."""
    about = (label for label in labels if label.person is None and label.span is None and label.perspective == "expressed")
    return {label.modality: label for label in about if (label.valence, label.arousal) != (None, None)}
