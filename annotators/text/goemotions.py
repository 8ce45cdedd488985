"""Transcripts in, probabilities over Ekman's seven out: MiniLM with its adapters merged; loaded by `labels.words_minilm`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import torch
from safetensors.torch import load_file

from annotators.text import minilm
from annotators.torch_threads import torch_threads
from schemas.vocabulary.spaces import space


@dataclass(frozen=True)
class GoemotionsReader:
    """The model in memory."""

    model: minilm.WordsHead
    tokenizer: Any
    groups: torch.Tensor
    """(28, 7): 1 where a label of GoEmotions belongs to one of Ekman."""
    temperature: float
    threads: int

    @classmethod
    def load(cls, encoder: Path, head: Path, longest: int, threads: int) -> Self:
        """Return the encoder with what was trained merged into it."""
        kept = {name: tensor.float() for name, tensor in load_file(head / "head.safetensors").items()}
        model = minilm.WordsHead(minilm.encoder(encoder), len(kept["head.bias"]))
        with torch.no_grad():
            for number, layer in enumerate(model.encoder.layers):
                for name, part in layer.named_children():
                    where = f"{number}.{name}"
                    if name in minilm.ADAPTED:
                        part.weight += kept[f"{where}.up"] @ kept[f"{where}.down"]
                    else:
                        part.weight.copy_(kept[f"{where}.weight"])
                    part.bias.copy_(kept[f"{where}.bias"])
            model.head.weight.copy_(kept["head.weight"])
            model.head.bias.copy_(kept["head.bias"])
        return cls(model.eval(), minilm.tokenizer(encoder, longest), groups(), float(kept["temperature"]), threads)

    def __call__(self, texts: Sequence[str]) -> torch.Tensor:
        """Return (texts, 7), each row summing to 1; in other company a text may come out with other last bits."""
        with torch_threads(self.threads), torch.inference_mode():
            logits = self.model(*minilm.batch([one.ids for one in self.tokenizer.encode_batch(list(texts))]))
            return torch.softmax(logits / self.temperature, 1) @ self.groups


def groups() -> torch.Tensor:
    """Return which label of GoEmotions (28) belongs to which of Ekman (7)."""
    fine = space("goemotions28")
    return torch.tensor([[float(fine.maps["ekman7"][label] == name) for name in space("ekman7").labels] for label in fine.labels])
