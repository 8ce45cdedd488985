"""Which of the 28 labels of GoEmotions belong to which of Ekman's seven."""

import pytest
import torch

from annotators.text.goemotions import groups
from schemas.vocabulary.spaces import space

FINE, COARSE = space("goemotions28").labels, space("ekman7").labels


def test_each_fine_label_belongs_to_one_coarse_label_and_each_coarse_one_has_some():
    into = groups()
    assert into.shape == (28, 7)
    assert into.sum(dim=1).tolist() == [1.0] * 28
    assert (into.sum(dim=0) > 0).all()


@pytest.mark.parametrize(
    ("fine", "coarse"), [("joy", "happiness"), ("grief", "sadness"), ("nervousness", "fear"), ("neutral", "neutral")]
)
def test_labels_go_where_the_authors_of_goemotions_put_them(fine, coarse):
    assert groups()[FINE.index(fine)].argmax() == COARSE.index(coarse)


def test_a_distribution_over_fine_labels_stays_one():
    assert (torch.full((28,), 1 / 28) @ groups()).sum() == pytest.approx(1.0)
