"""What the words say: emotion of the transcript by MiniLM-L6, adapted to GoEmotions (Demszky et al. 2020)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from annotators.annotator import Annotator
from annotators.models import local
from annotators.verbalize import impression
from schemas.claims import Claim, Cue, Label
from schemas.record import Clip
from schemas.validate import InnerProportion, NotNegativeInt, PositiveInt
from schemas.values import Span
from schemas.vocabulary.distributions import likeliest
from schemas.vocabulary.languages import running_text
from schemas.vocabulary.spaces import space

if TYPE_CHECKING:
    import torch

SPACE = "ekman7"
LONGEST = 128
"""Tokens of a transcript that are read; what comes after is not."""
_BATCH = 32


@dataclass(frozen=True, kw_only=True)
class MinilmWordLabels(Annotator[Clip, Any]):
    """A distribution over Ekman's seven for English transcripts, and the phrases that carry it; () elsewhere.

    A phrase carries the label as far as the label loses probability without it (occlusion). Trained on what is written on Reddit:
    speech differs. `tests/accuracy_words.py` measures it.
    """

    name: ClassVar[str] = "labels.words_minilm"
    version: ClassVar[str] = "1"
    requires: ClassVar[tuple[str, ...]] = ("transcript", "words", "languages")
    provides: ClassVar[tuple[str, ...]] = ("labels", "cues")
    shared: ClassVar[bool] = True

    encoder_model: str = "minilm-l6"
    head_model: str = "words-goemotions"
    languages: tuple[str, ...] = ("en",)
    """Languages, ISO 639-1, that the two models read."""
    phrase: PositiveInt = 3
    """Words in a phrase, at most."""
    phrases: NotNegativeInt = 2
    """Phrases that are named, at most."""
    falls: InnerProportion = 0.15
    """By how much the label's probability falls at least without a phrase that is named."""
    threads: PositiveInt = 2
    """Threads; part of the settings because the order of additions can change the last bits; the same for all that run torch."""

    def load(self, device: str) -> Any:
        """Return the reader; it stays on the CPU, where a transcript takes milliseconds."""
        from annotators.text.goemotions import GoemotionsReader  # noqa: PLC0415

        return GoemotionsReader.load(local.path(self.encoder_model), local.path(self.head_model), LONGEST, self.threads)

    def annotate(self, model: Any, records: Sequence[Clip]) -> Sequence[tuple[Claim, ...]]:
        """Return a label, its impression and phrases for each record in a language that is read."""
        return [self._one(model, record) for record in records]

    def _one(self, model: Any, clip: Clip) -> tuple[Claim, ...]:
        if not clip.transcript or not {claim.language for claim in clip.languages} & set(self.languages):
            return ()
        (likely,) = model([clip.transcript])
        scores = tuple(round(float(score), 4) for score in likely)
        label = Label(by=self.key, modality="words", space=SPACE, names=space(SPACE).labels, scores=scores)
        return (label, impression(label), *self._phrases(model, clip, likely))

    def _phrases(self, model: Any, clip: Clip, likely: torch.Tensor) -> Iterator[Cue]:
        """Yield the phrases without which the likeliest label, unless it is neutral, loses most."""
        names, words = space(SPACE).labels, clip.words
        languages = [claim.language for claim in clip.languages]
        best = names.index(likeliest(dict(zip(names, likely.tolist(), strict=True))))
        if names[best] == "neutral" or len(words) < 2:
            return
        texts = [word.text for word in words]
        places = [(k, k + n) for n in range(1, self.phrase + 1) for k in range(len(texts) - n + 1) if n < len(texts)]
        without = [running_text((*texts[:start], *texts[end:]), languages) for start, end in places]
        left = [float(one[best]) for k in range(0, len(without), _BATCH) for one in model(without[k : k + _BATCH])]
        falls = [round(float(likely[best]) - one, 4) for one in left]
        # A longer phrase must be worth its extra words.
        worth = sorted(range(len(places)), key=lambda k: (-(falls[k] - 0.05 * (places[k][1] - places[k][0])), places[k]))
        taken: list[tuple[int, int]] = []
        for k in worth:
            start, end = places[k]
            if len(taken) == self.phrases or falls[k] < self.falls:
                break
            if all(end <= a or b <= start for a, b in taken):
                taken.append((start, end))
                span = Span(start=words[start].span.start, end=max(word.span.end for word in words[start:end]))
                said = f"says “{running_text(texts[start:end], languages)}”"
                yield Cue(
                    by=self.key, cue_id=f"words.phrase.{len(taken)}", modality="words", span=span, text=said, value=falls[k]
                )
