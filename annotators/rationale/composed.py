"""An explanation put together from the evidence alone, by fixed rules: the rationale where no language model is at hand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from annotators.annotator import Annotator
from annotators.rationale.chinese import Chinese
from annotators.rationale.contract import Sentence, rationale_texts
from annotators.rationale.english import English
from annotators.rationale.unusual import kind_of, unusual
from annotators.rationale.wording import Part, Wording, noted
from annotators.verbalize import impression
from schemas.claims import Claim, Cue, Label, Measure, Text
from schemas.record import Clip
from schemas.vocabulary.contrast import DISAGREE, SURE, contrast, emotional, evidence_by_modality, sure_enough
from schemas.vocabulary.distributions import about_target, by_modality, likeliest, pooled, ranked, scores_of
from schemas.vocabulary.languages import primary
from schemas.vocabulary.modalities import modality_order
from schemas.vocabulary.silence import unlabelled, withheld

_POSTURE = ("face.head_", "face.eyes_closed")
_WORDINGS: Mapping[str, Wording] = {"en": English(), "zh": Chinese()}


@dataclass(frozen=True, kw_only=True)
class ComposedRationale(Annotator[Clip, None]):
    """One sentence per modality, one on how they agree, one on the whole and on what is not known; each cites cues.

    () where there is neither a label nor a cue. The sentences are given a second time as texts of their own (kind `sentence`),
    each with its citations. Of the cues of a modality those that are most unusual are named, the most unusual first.
    """

    name: ClassVar[str] = "rationale.composed"
    version: ClassVar[str] = "3"
    requires: ClassVar[tuple[str, ...]] = (
        "labels", "cues", "faces", "targets", "speaker", "transcript", "languages", "requested", "actual",
    )  # fmt: skip
    provides: ClassVar[tuple[str, ...]] = ("texts",)
    shared: ClassVar[bool] = True

    space: str = "ekman7"
    """The label space in which modalities are compared."""
    disagree: Annotated[float, Field(ge=0, le=1)] = DISAGREE
    """Probability of a real conflict from which two modalities disagree."""
    sure: Annotated[float, Field(ge=0, le=1)] = SURE
    """Probability that the likeliest label of a modality needs, for the modality to contradict another."""
    most: Annotated[int, Field(ge=1)] = 3
    """Things that are named for one modality, the most unusual first."""
    languages: tuple[Literal["en", "zh"], ...] = ()
    """ISO 639-1; one rationale in each. None named: Chinese for a clip in which Chinese is spoken, else English."""

    def load(self, device: str) -> None:
        """Load nothing."""

    def annotate(self, model: None, records: Sequence[Clip]) -> Sequence[tuple[Claim, ...]]:
        """Return the rationales and their sentences."""
        return [tuple(self._texts(record)) for record in records]

    def _texts(self, clip: Clip) -> Iterator[Claim]:
        heard = by_modality(clip.labels, self.space)
        parts = list(self._parts(clip, heard))
        if not parts:
            return
        order = ranked(pooled(list(heard.values()))) if heard else []
        measures = (Measure(name="emotion", word=order[0][0]),) if order else ()
        for number, language in enumerate(self._languages(clip)):
            sentences = list(self._sentences(clip, parts, order, _WORDINGS[language]))
            text_id = f"{self.name}.{language}" if number else self.name
            whole = Text(by=self.key, text_id=text_id, kind="rationale", text="", language=language, measures=measures)
            yield from rationale_texts(whole, sentences)

    def _languages(self, clip: Clip) -> tuple[str, ...]:
        spoken = clip.languages[0].language if clip.languages else clip.source.language or ""
        return self.languages or (("zh",) if primary(spoken) == "zh" else ("en",))

    def _parts(self, clip: Clip, heard: Mapping[str, Mapping[str, float]]) -> Iterator[Part]:
        own = [label for label in clip.labels if about_target(label)]
        for modality in sorted({*(label.modality for label in own), *(cue.modality for cue in clip.cues)}, key=modality_order):
            mine = [label for label in own if label.modality == modality]
            label = next((one for one in reversed(mine) if one.scores and modality in heard), None)
            silent = next((one for one in reversed(mine) if one.withheld is not None and one.arousal is not None), None)
            first = _own(label or silent, clip.cues)
            told = [one.cue_id for one in (_own(label, clip.cues) for label in mine) if one is not None]
            others = [cue for cue in clip.cues if cue.modality == modality and cue.cue_id not in told]
            found = tuple(noted(sorted(others, key=_rank)))[: self.most]
            if first is not None or found:
                felt = ranked(heard[modality])[0] if label is not None else ("", 0.0)
                name = felt[0] if felt[1] >= self.sure else None
                yield Part(modality=modality, label=label, own=first, noted=found, felt=name)

    def _sentences(
        self, clip: Clip, parts: Sequence[Part], order: Sequence[tuple[str, float]], wording: Wording
    ) -> Iterator[Sentence]:
        yield from (wording.part(part, clip.span.duration) for part in parts)
        labelled = [part for part in parts if part.label is not None]
        if len(labelled) > 1:
            yield self._agreement(clip, labelled, wording)
        cites = dict.fromkeys(cite for part in labelled or parts for cite in part.cites)
        silent = withheld(clip.labels)
        known = {part.modality for part in parts} - silent.keys()
        unknown = {name: (why, name in silent) for name, why in unlabelled(clip, self.space).items() if name not in known}
        yield wording.whole(order, tuple(cites), unknown)

    def _agreement(self, clip: Clip, parts: Sequence[Part], wording: Wording) -> Sentence:
        said = {name: sure_enough(one, self.sure) for name, one in evidence_by_modality(clip.labels, self.space).items()}
        pairs = [(one, other) for one, other in combinations(parts, 2)]
        chances = {
            (one.modality, other.modality): contrast(said[one.modality], said[other.modality], self.space).probability
            for one, other in pairs
        }
        against = {pair for pair, chance in chances.items() if chance is not None and chance >= self.disagree}
        odd = [part for part in parts if len(parts) > 2 and all((part.modality in pair) == (pair in against) for pair in chances)]
        if odd:
            return wording.against(odd[0], [part for part in parts if part is not odd[0]])
        if against:
            return wording.disagree([part for part in parts if any(part.modality in pair for pair in against)])
        felt = {part.felt for part in parts}
        same = (
            len(felt) == 1 and None not in felt and len({likeliest(scores_of(part.label)) for part in parts if part.label}) == 1
        )
        if not same and all(chance is None for chance in chances.values()):
            return wording.apart(parts)
        shown = [part for part in parts if part.felt is not None and emotional([part.felt], self.space)]
        if len(shown) < len(parts) and None not in felt and len({part.felt for part in shown}) == 1:
            return wording.half(shown, [part for part in parts if part not in shown])
        if len({part.felt for part in shown}) > 1:
            return wording.lean(parts)
        return wording.alike(parts, same)


def _own(label: Label | None, cues: Sequence[Cue]) -> Cue | None:
    """Return the cue that says what a label says; None where the label has none."""
    if label is None or not (label.scores or label.arousal is not None):
        return None
    made = impression(label)
    return next((cue for cue in cues if (cue.by, cue.text, cue.span) == (made.by, made.text, None)), made)


def _rank(cue: Cue) -> tuple[float, bool, float, str]:
    """Return what cues are ordered by: the most unusual first, what nothing is known of last.

    Of equals, how the head is held comes after what the face does, which says more of an emotion; then the earliest comes first.
    """
    far = unusual(cue)
    posture = kind_of(cue.cue_id).startswith(_POSTURE)
    return -far if far is not None else 1.0, posture, cue.span.start if cue.span else -1.0, cue.cue_id
