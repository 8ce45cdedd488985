"""Free words for an emotion are compared by what they mean."""

import pytest

from schemas.vocabulary.spaces import space
from schemas.vocabulary.synonyms import label_of, unified


@pytest.mark.parametrize(
    ("said", "label"),
    [
        ("happiness", "happiness"),
        ("Joy", "happiness"),
        ("happy", "happiness"),
        ("quiet sorrow", "sadness"),
        ("happy and excited", "happiness"),
        ("calm joy", "happiness"),
        ("calm", "neutral"),
        ("愤怒", "anger"),
        ("admiration", "happiness"),
        ("not happy", None),
        ("joy mixed with fear", None),
        ("schadenfreude", None),
        ("", None),
    ],
)
def test_words_lead_to_labels_and_what_is_unclear_to_none(said, label):
    assert label_of(said, "ekman7") == label


def test_every_label_is_its_own_word_and_words_in_no_table_are_compared_as_they_are():
    for name in ("ekman7", "goemotions28"):
        assert all(label_of(label, name) == label for label in space(name).labels)
    assert unified("  Schadenfreude ", "ekman7") == "schadenfreude"
    assert unified("joyful", "ekman7") == unified("Happiness", "ekman7") == "happiness"
