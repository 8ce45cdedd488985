import json

import numpy as np
import pytest
from safetensors import safe_open

from annotators.models import local
from annotators.training.logistic import fit_logistic, fit_temperature
from annotators.training.voice_emodb import ALL, AROUSED, Corpus, held_out_verdicts, train_voice
from annotators.voice.features import ACOUSTIC, COUNT, ENCODED, LEVEL
from annotators.voice.head import LABELS, Head, softmax
from tests.accuracy import voice

RNG = np.random.default_rng(0)
EMOTIONS = ("anger", "happiness", "sadness", "neutral", "fear", "disgust")
TRUTH = np.arange(84) % 6


def corpus():
    """Made-up voices: 3 speakers, each with a place of their own, in which two features per emotion and one of arousal rise."""
    features = np.random.default_rng(1).normal(size=(84, COUNT))
    features[np.arange(84), ACOUSTIC.start + TRUTH] += 6
    features[np.arange(84), ENCODED.start + TRUTH] += 6
    emotions = np.array(EMOTIONS)[TRUTH]
    features[np.isin(emotions, AROUSED), ACOUSTIC.stop - 1] += 4
    speakers = np.array([f"{k // 28:02}" for k in range(84)])
    return Corpus(features + 3 * (np.arange(84) // 28)[:, None], emotions, speakers)


def test_classes_that_lie_apart_are_told_apart():
    rows = RNG.normal(size=(84, 9))
    rows[np.arange(84), TRUTH] += 6
    weights, bias = fit_logistic(rows, TRUTH, 1.0)
    assert ((rows @ weights.T + bias).argmax(axis=1) == TRUTH).mean() > 0.95


def test_the_temperature_undoes_how_much_too_sure_logits_are():
    logits = RNG.normal(size=(20000, 4)) * 2
    truth = np.array([RNG.choice(4, p=row) for row in softmax(logits)])
    right = logits.argmax(axis=1) == truth
    assert fit_temperature(logits * 3, right) == pytest.approx(3, rel=0.1)


def test_a_truth_that_is_none_of_the_labels_makes_the_head_less_sure():
    logits = RNG.normal(size=(5000, 4)) * 3
    right = np.ones(5000, bool)
    assert fit_temperature(logits, np.arange(5000) % 3 > 0) > fit_temperature(logits, right)


def test_a_baseline_is_of_the_same_speaker_and_never_of_the_utterance_itself():
    made, rng = corpus(), np.random.default_rng(0)
    others = np.delete(np.arange(28), 6)
    assert np.allclose(made.usual(6, 27, rng).mean, made.features[others].mean(axis=0))
    assert made.usual(6, 0, rng) is None
    assert made.usual(6, ALL, rng).pieces == 28


def test_training_gives_the_same_bytes_and_leaves_loudness_out(tmp_path):
    for name in ("a", "b"):
        train_voice(corpus(), seed=0).save(tmp_path / name, {"z": 1, "a": 2})
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    head = Head.load(tmp_path / "a")
    assert head.arousal[LEVEL] == 0
    far = head.relative(corpus().features, None)
    told = np.array(LABELS)[sum(head.logits(far)).argmax(axis=1)]
    labelled = np.isin(corpus().emotions, LABELS)
    assert (told == corpus().emotions)[labelled].mean() > 0.5
    balance = far @ head.arousal
    aroused = np.isin(corpus().emotions, AROUSED)
    assert balance[aroused].mean() > balance[~aroused].mean() + 1


def test_each_speaker_is_judged_by_a_head_that_never_heard_them():
    made = corpus()
    last, aroused = made.speakers == "02", np.isin(made.emotions, AROUSED)
    made.features[last, ACOUSTIC.stop - 1] *= -1
    made.features[last] = 2 * made.features[last].mean(axis=0) - made.features[last]
    (found,) = held_out_verdicts(made, (0,), seed=0).values()
    told = np.array([verdict.arousal for verdict in found])
    assert told[~last & aroused].mean() > told[~last & ~aroused].mean()
    assert told[last & aroused].mean() < told[last & ~aroused].mean()


def test_the_shipped_head_states_its_source_licence_and_scores():
    with safe_open(local.fetch("voice-affect") / "head.safetensors", "numpy") as file:
        about = json.loads(file.metadata()["about"])
    assert "Burkhardt et al. 2005" in about["licence"]
    assert tuple(about["labels"]) == LABELS
    for told in about["speakers_left_out"].values():
        assert told["given"] >= 0.5
        assert told["accuracy"] >= 0.87
        assert told["arousal_auc"] >= 0.98


@pytest.mark.slow
def test_actors_who_were_left_out_are_understood():
    for row in voice.rows():
        assert row.items == 535
        assert row.given >= 0.5 * 535
        assert row.accuracy >= 0.87
        assert row.ece <= 0.1
        assert row.arousal >= 0.98
