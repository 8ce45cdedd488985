"""MiniLM with its published weights: what stands beside a text in a batch does not change what is read of it."""

import pytest
import torch

from annotators.models import local
from annotators.text.minilm import WordsHead, batch, encoder, tokenizer

TEXTS = ("I am so happy", "no", "we went to the shop and nobody was there but an old man who slept")


@pytest.fixture(scope="module")
def folder():
    local.fetch("minilm-l6")
    return local.path("minilm-l6")


@pytest.fixture(scope="module")
def model(folder):
    return encoder(folder)


def ids(folder, *texts, longest=64):
    return [one.ids for one in tokenizer(folder, longest).encode_batch(list(texts))]


def test_a_batch_is_as_long_as_its_longest_text_and_tells_tokens_from_padding():
    made, seen = batch([[5, 6, 7], [8]])
    assert made.tolist() == [[5, 6, 7], [8, 0, 0]]
    assert seen.tolist() == [[True, True, True], [True, False, False]]


def test_texts_are_cut_off_and_begin_and_end_as_the_model_was_trained(folder):
    (short, long) = ids(folder, "no", "word " * 100, longest=16)
    assert (short[0], short[-1], len(short)) == (101, 102, 3)
    assert (long[0], long[-1], len(long)) == (101, 102, 16)


def test_a_text_is_read_alike_alone_and_beside_longer_ones(folder, model):
    encoded = ids(folder, *TEXTS)
    with torch.inference_mode():
        together = model(*batch(encoded))
        for number, one in enumerate(encoded):
            alone = model(*batch([one]))
            assert torch.allclose(together[number, : len(one)], alone[0], atol=1e-4)


def test_like_sentences_lie_nearer_than_unlike_ones(folder, model):
    """Cosines of mean-pooled vectors, as sentence-transformers compares with this very model."""
    encoded = ids(folder, "A man is eating food.", "A man is eating a meal.", "The sky is full of stars tonight.")
    with torch.inference_mode():
        made, seen = batch(encoded)
        pooled = (model(made, seen) * seen[:, :, None]).sum(1) / seen.sum(1, keepdim=True)
    one, same, other = torch.nn.functional.normalize(pooled, dim=1)
    assert one @ same > 0.8
    assert one @ other < 0.3


def test_padding_has_no_part_in_mean_and_maximum(folder, model):
    head = WordsHead(model, 3)
    encoded = ids(folder, *TEXTS)
    with torch.inference_mode():
        together = head(*batch(encoded))
        alone = torch.cat([head(*batch([one])) for one in encoded])
    assert torch.allclose(together, alone, atol=1e-3)
