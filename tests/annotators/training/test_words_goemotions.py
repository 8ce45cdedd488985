"""How comments become rows to train on; how good what was trained is, the tests of `labels.words_minilm` measure."""

import hashlib
import random

import pytest
import torch
from torch import nn

from annotators.training.words_goemotions import LABELS, LowRank, Row, batches, goemotions_rows, single, targets

ROWS = [Row("a", (0,), False), Row("b", (1, 3), False), Row("c", (27,), True)]


def test_rows_are_read_as_published_quotes_and_all(tmp_path):
    file = tmp_path / "train.tsv"
    file.write_text('He said "hi" and left\t2,5\tabc\nLast one\' "\t27\txyz\n', encoding="utf-8")
    found = goemotions_rows(file)
    assert [(row.text, row.labels) for row in found] == [('He said "hi" and left', (2, 5)), ("Last one' \"", (27,))]


def test_which_rows_are_kept_apart_hangs_on_their_names_alone_and_is_about_a_twentieth(tmp_path):
    names = [hashlib.md5(str(k).encode()).hexdigest()[:7] for k in range(2000)]
    lines = [f"text {k}\t0\t{name}\n" for k, name in enumerate(names)]
    (tmp_path / "a.tsv").write_text("".join(lines))
    (tmp_path / "b.tsv").write_text("".join(lines[::-1]))
    apart = {row.text for row in goemotions_rows(tmp_path / "a.tsv") if row.kept_apart}
    assert apart == {row.text for row in goemotions_rows(tmp_path / "b.tsv") if row.kept_apart}
    assert len(apart) / 2000 == pytest.approx(13 / 256, abs=0.015)


def test_rows_with_one_label_are_told_from_those_with_more():
    assert single(ROWS) == [ROWS[0], ROWS[2]]


def test_the_labels_of_a_row_share_it():
    made = targets(ROWS)
    assert made.shape == (3, len(LABELS)) == (3, 28)
    assert made.sum(dim=1).tolist() == [1.0, 1.0, 1.0]
    assert made[1, [1, 3]].tolist() == [0.5, 0.5]


def test_each_row_is_in_one_batch_and_rows_of_like_length_are_together():
    encoded = [[0] * (1 + k % 40) for k in range(100)]
    made = list(batches([ROWS[0]] * 100, encoded, 16, random.Random(0)))
    assert sorted(place for batch in made for place in batch) == list(range(100))
    assert max(len(batch) for batch in made) == 16
    assert max(max(len(encoded[k]) for k in batch) - min(len(encoded[k]) for k in batch) for batch in made) <= 12


def test_an_adapter_changes_nothing_until_it_is_trained():
    torch.manual_seed(0)
    weight, adapter = torch.randn(6, 4), LowRank(6, 4)
    assert torch.equal(adapter(weight), weight)
    with torch.no_grad():
        adapter.up.copy_(torch.ones_like(adapter.up))
    assert torch.allclose(adapter(weight) - weight, 2.0 * adapter.down.sum(dim=0).expand(6, 4))
    assert isinstance(adapter, nn.Module) and sum(one.numel() for one in adapter.parameters()) == 32 * (6 + 4)
