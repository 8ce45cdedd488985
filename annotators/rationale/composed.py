"""An explanation put together from the evidence alone, by fixed rules: the rationale where no language model is at hand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Annotated, ClassVar

from pydantic import Field

from annotators.annotator import Annotator
from annotators.rationale.contract import Sentence
from annotators.verbalize import impression, label_name
from schemas.claims import Claim, Cue, Label, Measure, Text
from schemas.record import Clip
from schemas.vocabulary.distributions import ALL, DISAGREE, by_modality, divergence, likeliest, outlier, pooled, ranked
from schemas.vocabulary.modalities import modalities, modality_of, modality_order


@dataclass(frozen=True, kw_only=True)
class ComposedRationale(Annotator[Clip, None]):
    """One sentence per modality, one on how they agree, one on the whole; every sentence cites cues, () without any label.

    The sentences are given a second time as texts of their own (kind `sentence`), each with its citations.
    """

    name: ClassVar[str] = "rationale.composed"
    version: ClassVar[str] = "1"
    requires: ClassVar[tuple[str, ...]] = ("labels", "cues", "faces", "targets", "speaker", "transcript")
    provides: ClassVar[tuple[str, ...]] = ("texts",)
    shared: ClassVar[bool] = True

    space: str = "ekman7"
    """The label space in which modalities are compared."""
    disagree: Annotated[float, Field(ge=0, le=1)] = DISAGREE
    """Divergence (bits) from which two modalities disagree."""
    most: Annotated[int, Field(ge=1)] = 3
    """Cues that are named for one modality, the strongest first."""

    def load(self, device: str) -> None:
        """Load nothing."""

    def annotate(self, model: None, records: Sequence[Clip]) -> Sequence[tuple[Claim, ...]]:
        """Return the rationale and its sentences."""
        return [self._texts(record) for record in records]

    def _texts(self, clip: Clip) -> tuple[Claim, ...]:
        labels = {label.modality: label for label in clip.labels if label.scores and label.modality != ALL}
        heard = by_modality(clip.labels, self.space)
        labels = {name: labels[name] for name in sorted(heard, key=modality_order)}
        if not labels:
            return ()
        cues = {name: _grounds(label, clip.cues) for name, label in labels.items()}
        sentences = [
            *(self._modality(clip, label, cues[name]) for name, label in labels.items()),
            *self._agreement(heard, labels, cues),
            self._whole(clip, heard, cues),
        ]
        emotion = likeliest(pooled(list(heard.values())))
        whole = Text(
            by=self.key,
            text_id=self.name,
            kind="rationale",
            text=" ".join(sentence.text for sentence in sentences),
            language="en",
            cites=tuple(dict.fromkeys(cite for sentence in sentences for cite in sentence.cites)),
            measures=(Measure(name="emotion", word=emotion),),
        )
        parts = (
            Text(
                by=self.key,
                text_id=f"{self.name}.{number}",
                kind="sentence",
                text=sentence.text,
                language="en",
                parent=whole.text_id,
                cites=sentence.cites,
            )
            for number, sentence in enumerate(sentences, 1)
        )
        return (whole, *parts)

    def _modality(self, clip: Clip, label: Label, grounds: Sequence[Cue]) -> Sentence:
        first, *others = grounds
        strongest = sorted(others, key=lambda cue: (-abs(cue.value or 0.0), cue.cue_id))[: self.most]
        shown = sorted(strongest, key=lambda cue: (cue.span.start if cue.span else -1.0, cue.cue_id))
        text = f"{modality_of(label.modality).subject_text} {first.text} [{first.cue_id}]"
        if shown:
            text += f": the person {_joined([_told(cue) for cue in shown])}"
        return Sentence(text=f"{text}.", cites=(first.cue_id, *(cue.cue_id for cue in shown)))

    def _agreement(
        self, heard: Mapping[str, Mapping[str, float]], labels: Mapping[str, Label], cues: Mapping[str, Sequence[Cue]]
    ) -> Iterator[Sentence]:
        if len(heard) < 2:
            return
        apart = {pair: far for pair in combinations(labels, 2) if (far := divergence(heard[pair[0]], heard[pair[1]])) is not None}
        against = [pair for pair, far in apart.items() if far >= self.disagree]
        odd = outlier(apart, self.disagree)
        cites = tuple(cues[name][0].cue_id for name in labels)
        marks = f"[{', '.join(cites)}]"
        if odd is not None:
            rest = [name for name in labels if name != odd]
            stands = "stand" if modality_of(odd).plural else "stands"
            text = f"The {odd} {stands} against the {_joined(rest)}: {_view(labels[odd])}, while {_views(labels, rest)} {marks}."
        elif against:
            names = [name for name in labels if any(name in pair for pair in against)]
            text = f"The modalities disagree: {_views(labels, names)}, and nothing here tells which of them to trust {marks}."
        elif apart:
            text = f"The {_joined(list(labels))} do not contradict each other {marks}."
        else:
            text = f"The {_joined(list(labels))} speak of different things, so that they cannot be compared {marks}."
        yield Sentence(text=text, cites=cites)

    def _whole(self, clip: Clip, heard: Mapping[str, Mapping[str, float]], cues: Mapping[str, Sequence[Cue]]) -> Sentence:
        order = ranked(pooled(list(heard.values())))
        (first, most), (second, next_) = order[:2]
        cites = tuple(found[0].cue_id for found in cues.values())
        guess = (
            f"most likely {label_name(first)} ({most:.2f})"
            if most - next_ >= 0.1
            else f"{label_name(first)} or {label_name(second)}"
        )
        silent = (one for name, one in modalities().items() if name not in heard)
        missing = [reason for one in silent if (reason := one.missing(clip)) is not None]
        without = f"; {_joined(missing)}, so that this part of the evidence is missing" if missing else ""
        return Sentence(text=f"Taken together, the person is {guess} [{', '.join(cites)}]{without}.", cites=cites)


def _grounds(label: Label, cues: Sequence[Cue]) -> list[Cue]:
    """Return the label's own impression, then all other cues of its modality."""
    made = impression(label)
    own = next((cue for cue in cues if (cue.by, cue.text, cue.span) == (made.by, made.text, None)), made)
    return [own, *(cue for cue in cues if cue.modality == label.modality and cue.cue_id != own.cue_id)]


def _view(label: Label) -> str:
    return f"{modality_of(label.modality).subject_text.lower()} {impression(label).text}"


def _views(labels: Mapping[str, Label], names: Sequence[str]) -> str:
    return _joined([_view(labels[name]) for name in names])


def _told(cue: Cue) -> str:
    when = f" at {cue.span.start:.1f} s" if cue.span else ""
    # A quotation must not look like a citation.
    return f"{cue.text.replace('[', '(').replace(']', ')')}{when} [{cue.cue_id}]"


def _joined(parts: Sequence[str]) -> str:
    return " and ".join(part for part in (", ".join(parts[:-1]), *parts[-1:]) if part)
