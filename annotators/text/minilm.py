"""MiniLM-L6 (Wang et al. 2020, arXiv:2002.10957; sentence-transformers/all-MiniLM-L6-v2): text in, one vector per token out.

Plain torch, because the one forward pass is all that is needed of a transformers library here.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import nn
from torch.nn import functional

_LAYERS, _WIDTH, _HEADS, _INNER = 6, 384, 12, 1536
_VOCABULARY, _POSITIONS = 30522, 512
ADAPTED = ("query", "key", "value", "output", "widen", "narrow")
"""Names of the matrices of a layer that low-rank adapters change."""
# What the published file calls the parts of a layer.
_NAMES = {
    "query": "attention.self.query",
    "key": "attention.self.key",
    "value": "attention.self.value",
    "output": "attention.output.dense",
    "attended": "attention.output.LayerNorm",
    "widen": "intermediate.dense",
    "narrow": "output.dense",
    "done": "output.LayerNorm",
}


class Layer(nn.Module):  # type: ignore[misc]
    """One layer of BERT: attention, then two dense layers, each added and normalised."""

    def __init__(self) -> None:
        super().__init__()
        self.query, self.key, self.value, self.output = (nn.Linear(_WIDTH, _WIDTH) for _ in range(4))
        self.attended, self.done = (nn.LayerNorm(_WIDTH, eps=1e-12) for _ in range(2))
        self.widen, self.narrow = nn.Linear(_WIDTH, _INNER), nn.Linear(_INNER, _WIDTH)

    def forward(self, tokens: torch.Tensor, seen: torch.Tensor) -> torch.Tensor:
        """Return (batch, tokens, 384) from the same; `seen` (batch, 1, 1, tokens) is True where there is a token."""
        query, key, value = (self._heads(part(tokens)) for part in (self.query, self.key, self.value))
        mixed = functional.scaled_dot_product_attention(query, key, value, seen)
        tokens = self.attended(tokens + self.output(mixed.transpose(1, 2).flatten(2)))
        out: torch.Tensor = self.done(tokens + self.narrow(functional.gelu(self.widen(tokens))))
        return out

    def _heads(self, tokens: torch.Tensor) -> torch.Tensor:
        return tokens.unflatten(2, (_HEADS, _WIDTH // _HEADS)).transpose(1, 2)


class MiniLM(nn.Module):  # type: ignore[misc]
    """The encoder."""

    def __init__(self) -> None:
        super().__init__()
        self.words, self.places = nn.Embedding(_VOCABULARY, _WIDTH), nn.Embedding(_POSITIONS, _WIDTH)
        self.kind = nn.Parameter(torch.zeros(_WIDTH))
        self.start = nn.LayerNorm(_WIDTH, eps=1e-12)
        self.layers = nn.ModuleList(Layer() for _ in range(_LAYERS))

    def forward(self, ids: torch.Tensor, seen: torch.Tensor) -> torch.Tensor:
        """Return one vector per token (batch, tokens, 384) of ids (batch, tokens); `seen` is True where there is a token."""
        tokens = self.start(self.words(ids) + self.places.weight[: ids.shape[1]] + self.kind)
        for layer in self.layers:
            tokens = layer(tokens, seen[:, None, None, :])
        return torch.as_tensor(tokens)


def encoder(folder: Path) -> MiniLM:
    """Return the encoder with the published weights."""
    published = load_file(folder / "model.safetensors")
    published = {name.removeprefix("bert."): tensor for name, tensor in published.items()}
    state = {
        "words.weight": published["embeddings.word_embeddings.weight"],
        "places.weight": published["embeddings.position_embeddings.weight"],
        "kind": published["embeddings.token_type_embeddings.weight"][0],
    }
    state |= {f"start.{kind}": published[f"embeddings.LayerNorm.{kind}"] for kind in ("weight", "bias")}
    for layer in range(_LAYERS):
        for ours, theirs in _NAMES.items():
            for kind in ("weight", "bias"):
                state[f"layers.{layer}.{ours}.{kind}"] = published[f"encoder.layer.{layer}.{theirs}.{kind}"]
    model = MiniLM()
    model.load_state_dict(state, strict=True)
    model.eval()
    return model


def tokenizer(folder: Path, longest: int) -> Any:
    """Return the tokenizer, which cuts a text off after `longest` tokens."""
    from tokenizers import Tokenizer  # noqa: PLC0415

    made = Tokenizer.from_file(str(folder / "tokenizer.json"))
    made.enable_truncation(longest)
    made.no_padding()
    return made


def batch(encoded: Sequence[Sequence[int]]) -> tuple[torch.Tensor, torch.Tensor]:
    """Return ids and which of them are tokens, (batch, longest) each."""
    longest = max(len(ids) for ids in encoded)
    ids = torch.zeros(len(encoded), longest, dtype=torch.long)
    for row, one in enumerate(encoded):
        ids[row, : len(one)] = torch.tensor(one)
    lengths = torch.tensor([len(one) for one in encoded])
    return ids, torch.arange(longest)[None] < lengths[:, None]


class WordsHead(nn.Module):  # type: ignore[misc]
    """Encoder, mean and maximum over tokens, and one logit for each label of GoEmotions."""

    def __init__(self, encoder: MiniLM, labels: int) -> None:
        super().__init__()
        self.encoder = encoder
        self.head = nn.Linear(2 * _WIDTH, labels)

    def forward(self, ids: torch.Tensor, seen: torch.Tensor) -> torch.Tensor:
        """Return logits (batch, labels)."""
        tokens, mask = self.encoder(ids, seen), seen[:, :, None]
        mean = (tokens * mask).sum(1) / mask.sum(1)
        most = tokens.masked_fill(~mask, -torch.inf).amax(1)
        logits: torch.Tensor = self.head(torch.cat([mean, most], 1))
        return logits
