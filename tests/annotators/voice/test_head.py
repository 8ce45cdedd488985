"""From features of a voice to emotions, relative to what is usual for the speaker."""

import numpy as np
import pytest

from annotators.voice.features import LEVEL
from annotators.voice.head import Head, Usual, arousal, baseline_weight, head_valence, softmax, warmth

HEAD = Head(
    mean=np.zeros(4),
    deviation=np.array([1.0, 1.0, 2.0, 4.0]),
    weights=np.array([[0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0]]),
    bias=np.array([0.5, 0.0]),
    temperature=np.array([np.log(2.0), np.log(3.0)]),
)


def usual(pieces, mean=(0.0,) * 4, deviation=(1.0,) * 4):
    return Usual(pieces, np.array(mean), np.array(deviation))


def test_what_is_usual_is_measured_over_pieces():
    made = Usual.of(np.array([[1.0, 2.0], [3.0, 2.0]]))
    assert (made.pieces, made.mean.tolist(), made.deviation.tolist()) == (2, [2.0, 2.0], [1.0, 0.0])


def test_without_a_baseline_features_are_told_against_all_speakers_and_loudness_never():
    far = HEAD.relative(np.array([9.0, 1.0, 1.0, 100.0]), None)
    assert far.tolist() == [0.0, 1.0, 0.5, 5.0]
    assert HEAD.relative(np.array([[9.0, -100.0, 0, 0]]), None)[0, LEVEL] == 0.0


def test_ten_pieces_of_a_speaker_weigh_as_much_as_all_others():
    assert (baseline_weight(0), baseline_weight(10), baseline_weight(30)) == (0.0, 0.5, 0.75)
    far = HEAD.relative(np.array([0.0, 3.0, 0.0, 0.0]), usual(10, mean=(0, 2.0, 0, 0)))
    assert far[1] == pytest.approx(3.0 - 1.0)


def test_what_is_unusual_counts_from_the_speakers_own_mean_loudness_too():
    far = HEAD.unusual(np.array([2.0, 2.0, 0, 0]), usual(3, mean=(1.0, 2.0, 0, 0)))
    assert far[LEVEL] == pytest.approx(1.0)
    assert far[1] == 0.0


def test_a_better_known_speaker_has_the_temperature_of_a_known_one():
    assert warmth(HEAD.temperature, 0) == pytest.approx(2.0)
    assert warmth(HEAD.temperature, 1) == pytest.approx(6.0)
    logits = HEAD.logits(HEAD.relative(np.array([0, 1.0, 0, 0]), None))
    assert logits.tolist() == [1.5, 0.0]
    assert HEAD.distribution(np.array([0, 1.0, 0, 0]), None) == pytest.approx(softmax(logits / 2.0))


def test_probabilities_sum_to_one_whatever_the_logits():
    found = softmax(np.array([[1000.0, 0.0], [-1000.0, -1000.0], [0.0, np.log(3)]]))
    assert found.sum(axis=1) == pytest.approx([1, 1, 1])
    assert found[1:].tolist() == [[0.5, 0.5], pytest.approx([0.25, 0.75])]


@pytest.mark.parametrize(
    ("scores", "aroused", "pleased"),
    [
        ({"anger": 1.0}, 1.0, -1.0),
        ({"happiness": 0.75, "boredom": 0.25}, 0.5, 0.5),
        ({"neutral": 1.0}, -1.0, 1.0),
        ({}, 0.0, 0.0),
    ],
)
def test_the_axes_are_the_balance_of_two_classes(scores, aroused, pleased):
    assert (arousal(scores), head_valence(scores)) == (aroused, pleased)


def test_a_head_is_read_as_it_was_written(tmp_path):
    HEAD.save(tmp_path / "head.safetensors", {"b": 1, "a": "é"})
    found = Head.load(tmp_path / "head.safetensors")
    for name in ("mean", "deviation", "weights", "bias", "temperature"):
        assert getattr(found, name) == pytest.approx(getattr(HEAD, name), rel=1e-6)
