"""`python -m annotators.training.words_goemotions --data goemotions/ --out annotators/heads/words-goemotions.safetensors`

Low-rank adapters (Hu et al. 2021, arXiv:2106.09685) on MiniLM-L6, and a head of 28 labels whose probabilities are added up into
the seven of Ekman. Trained on GoEmotions (Demszky et al. 2020, CC BY 4.0); a twentieth of the training rows, by hash, is kept
apart to fit the temperature and to tell how good it is.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import math
import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn.utils import parametrize

from annotators.models import local
from annotators.text import minilm
from annotators.text.goemotions import groups
from schemas.vocabulary.spaces import space

_RANK, _SCALE, LONGEST = 32, 2.0, 64
LABELS = space("goemotions28").labels


@dataclass(frozen=True)
class Row:
    """One comment."""

    text: str
    labels: tuple[int, ...]
    kept_apart: bool


class LowRank(nn.Module):  # type: ignore[misc]
    """A weight plus the product of two thin matrices."""

    def __init__(self, out: int, into: int) -> None:
        super().__init__()
        self.down = nn.Parameter(torch.randn(_RANK, into) / math.sqrt(into))
        self.up = nn.Parameter(torch.zeros(out, _RANK))

    def forward(self, weight: torch.Tensor) -> torch.Tensor:
        """Return the changed weight."""
        return weight + _SCALE * self.up @ self.down


def goemotions_rows(place: Path) -> list[Row]:
    """Return the rows of a published file."""
    with place.open(encoding="utf-8", newline="") as file:
        table = list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    return [
        Row(text, tuple(map(int, ids.split(","))), hashlib.sha256(name.encode()).digest()[0] < 13) for text, ids, name in table
    ]


def single(found: Sequence[Row]) -> list[Row]:
    """Return the rows with one label."""
    return [row for row in found if len(row.labels) == 1]


def targets(batch: Sequence[Row]) -> torch.Tensor:
    """Return (batch, 28): equal shares for all labels of a row."""
    made = torch.zeros(len(batch), len(LABELS))
    for number, row in enumerate(batch):
        made[number, list(row.labels)] = 1 / len(row.labels)
    return made


def batches(found: Sequence[Row], encoded: Sequence[list[int]], size: int, chance: random.Random) -> Iterator[list[int]]:
    """Yield the places of rows of like length, in random order."""
    order = sorted(range(len(found)), key=lambda k: (len(encoded[k]) // 4, chance.random()))
    parts = [order[k : k + size] for k in range(0, len(order), size)]
    chance.shuffle(parts)
    yield from parts


def adapted(model: minilm.WordsHead) -> list[nn.Parameter]:
    """Add adapters, and return what is trained besides the head: adapters, biases and normalisations of the layers."""
    for parameter in model.encoder.parameters():
        parameter.requires_grad_(False)
    trained = []
    for layer in model.encoder.layers:
        for name, part in list(layer.named_children()):
            if name in minilm.ADAPTED:
                parametrize.register_parametrization(part, "weight", LowRank(*part.weight.shape))
                trained += list(part.parametrizations.weight[0].parameters())
            else:
                trained.append(part.weight)
            trained.append(part.bias)
    for parameter in trained:
        parameter.requires_grad_(True)
    return trained


def train_words(found: Sequence[Row], tokenizer: object, epochs: int, rate: float) -> minilm.WordsHead:
    """Return the trained model."""
    torch.manual_seed(0)
    chance = random.Random(0)  # noqa: S311 - the order of batches is no secret
    model = minilm.WordsHead(minilm.encoder(local.path("minilm-l6")), len(LABELS))
    trained = adapted(model)
    encoded = [one.ids for one in tokenizer.encode_batch([row.text for row in found])]  # type: ignore[attr-defined]
    optimizer = torch.optim.AdamW(
        [{"params": trained, "lr": rate}, {"params": model.head.parameters(), "lr": 2 * rate}], weight_decay=0.01
    )
    steps = epochs * math.ceil(len(found) / 32)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, [rate, 2 * rate], total_steps=steps, pct_start=0.06)
    into, dropout = groups(), nn.Dropout(0.1)
    model.head = nn.Sequential(dropout, model.head)
    model.train()
    step, told = 0, 0.0
    for _ in range(epochs):
        for places in batches(found, encoded, 32, chance):
            ids, seen = minilm.batch([encoded[k] for k in places])
            wanted = targets([found[k] for k in places])
            likely = torch.log_softmax(model(ids, seen), 1)
            coarse = torch.log(likely.exp() @ into + 1e-9)
            loss = -(wanted @ into * coarse).sum(1).mean() - 0.3 * (wanted * likely).sum(1).mean()
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(trained, 1.0)
            optimizer.step()
            schedule.step()
            step, told = step + 1, 0.98 * told + 0.02 * loss.item()
            if step % 100 == 0:
                sys.stderr.write(f"step {step} of {steps}, loss {told / (1 - 0.98**step):.3f}\n")
    model.head = model.head[1]
    model.eval()
    return model


def word_logits(model: minilm.WordsHead, tokenizer: object, texts: Sequence[str]) -> torch.Tensor:
    """Return (texts, 28)."""
    encoded = [one.ids for one in tokenizer.encode_batch(list(texts))]  # type: ignore[attr-defined]
    made = torch.zeros(len(texts), len(LABELS))
    order = sorted(range(len(texts)), key=lambda k: len(encoded[k]))
    with torch.inference_mode():
        for k in range(0, len(order), 64):
            places = order[k : k + 64]
            made[places] = model(*minilm.batch([encoded[place] for place in places]))
    return made


def dev_scores(likely: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    """Return macro-F1, accuracy and expected calibration error (15 bins) of probabilities (rows, classes)."""
    said, sure = likely.argmax(1), likely.max(1)
    right = said == truth
    each = []
    for name in range(likely.shape[1]):
        hit, more = float((right & (truth == name)).sum()), float((said == name).sum() + (truth == name).sum())
        each.append(2 * hit / more if more else 0.0)
    bins = np.minimum((sure * 15).astype(int), 14)
    gaps = [abs(float((right[bins == b] - sure[bins == b]).sum())) for b in range(15)]
    return {"macro_f1": float(np.mean(each)), "accuracy": float(right.mean()), "ece": sum(gaps) / len(truth)}


def fit_mlp_temperature(found: torch.Tensor, truth: torch.Tensor) -> float:
    """Return the temperature under which the coarse labels are likeliest."""
    into = groups()

    def loss(heat: float) -> float:
        likely = torch.softmax(found / heat, 1) @ into
        return float(-torch.log(likely[range(len(truth)), truth] + 1e-9).mean())

    return min((0.5 + 0.02 * k for k in range(126)), key=loss)


def state(model: minilm.WordsHead, heat: float) -> dict[str, torch.Tensor]:
    """Return what ships: adapters, biases, normalisations and head in float16, and the temperature."""
    kept: dict[str, torch.Tensor] = {"temperature": torch.tensor([heat])}
    for number, layer in enumerate(model.encoder.layers):
        for name, part in layer.named_children():
            where = f"{number}.{name}"
            if name in minilm.ADAPTED:
                thin = part.parametrizations.weight[0]
                kept[f"{where}.down"], kept[f"{where}.up"] = thin.down.detach().half(), (_SCALE * thin.up).detach().half()
            else:
                kept[f"{where}.weight"] = part.weight.detach().half()
            kept[f"{where}.bias"] = part.bias.detach().half()
    kept["head.weight"], kept["head.bias"] = model.head.weight.detach().half(), model.head.bias.detach().half()
    return {name: tensor.contiguous() for name, tensor in kept.items()}


def main(argv: Sequence[str] | None = None) -> int:
    """Train, measure and write."""
    parser = argparse.ArgumentParser(prog="python -m annotators.training.words_goemotions", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="folder with train.tsv and dev.tsv")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE")
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--rows", type=int, help="only the first so many rows, to try it out")
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args(argv)
    torch.set_num_threads(args.threads)
    tokenizer = minilm.tokenizer(local.path("minilm-l6"), LONGEST)
    found = goemotions_rows(args.data / "train.tsv")[: args.rows]
    model = train_words([row for row in found if not row.kept_apart], tokenizer, args.epochs, args.rate)
    into, heat, told = groups(), 1.0, {}
    for name, part in (("kept apart", [r for r in found if r.kept_apart]), ("dev", goemotions_rows(args.data / "dev.tsv"))):
        part = single(part)  # noqa: PLW2901
        truth = into[[row.labels[0] for row in part]].argmax(1)
        made = word_logits(model, tokenizer, [row.text for row in part])
        heat = fit_mlp_temperature(made, truth) if name == "kept apart" else heat
        told[name] = dev_scores((torch.softmax(made / heat, 1) @ into).numpy(), truth.numpy())
        sys.stdout.write(f"{name}: {len(part)} rows, temperature {heat:.2f}, {told[name]}\n")
    about = {
        "data": "GoEmotions, Demszky et al. 2020, CC BY 4.0",
        "command": f"--epochs {args.epochs} --rate {args.rate}",
        "held out": "; ".join(f"{name}: " + ", ".join(f"{k} {v:.3f}" for k, v in s.items()) for name, s in told.items()),
    }
    save_file(state(model, heat), args.out, about)
    return 0


if __name__ == "__main__":
    sys.exit(main())
