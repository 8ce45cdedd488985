import json

import numpy as np
import pytest
from safetensors import safe_open

from annotators.models import local
from annotators.training.logistic import fit_logistic, fit_temperature
from annotators.training.voice_emodb import ALL, Corpus, Known, calibration_error, train_voice
from annotators.voice.features import COUNT, LEVEL
from annotators.voice.head import Head, softmax
from tests.accuracy import voice

RNG = np.random.default_rng(0)
TRUTH = np.arange(84) % 7


def corpus():
    """Made-up voices: 3 speakers, each with a place of their own, in which one feature per emotion rises."""
    features = np.random.default_rng(1).normal(size=(84, COUNT))
    features[np.arange(84), 1 + TRUTH] += 4
    speakers = np.array([f"{k // 28:02}" for k in range(84)])
    return Corpus(features + 3 * (np.arange(84) // 28)[:, None], TRUTH, speakers, np.array(["a01"] * 84))


def test_classes_that_lie_apart_are_told_apart():
    rows = RNG.normal(size=(84, 9))
    rows[np.arange(84), TRUTH] += 6
    weights, bias = fit_logistic(rows, TRUTH, 1.0)
    assert ((rows @ weights.T + bias).argmax(axis=1) == TRUTH).mean() > 0.95


def test_the_temperature_undoes_how_much_too_sure_logits_are():
    logits = RNG.normal(size=(20000, 7))
    truth = np.array([RNG.choice(7, p=row) for row in softmax(logits)])
    known = RNG.random(20000)
    unsure, more = fit_temperature(logits * (3 * np.exp(0.5 * known))[:, None], truth, known)
    assert np.exp(unsure) == pytest.approx(3, rel=0.1)
    assert more == pytest.approx(0.5, abs=0.1)


def test_the_calibration_error_is_how_far_sureness_is_from_being_right():
    sure = np.tile([0.8, 0.2, 0, 0, 0, 0, 0], (100, 1))
    assert calibration_error(sure, np.array([0] * 80 + [1] * 20)) == pytest.approx(0)
    assert calibration_error(sure, np.array([0] * 30 + [1] * 70)) == pytest.approx(0.5)


def test_a_baseline_is_of_the_same_speaker_and_never_of_the_utterance_itself():
    made, rng = corpus(), np.random.default_rng(0)
    others = np.delete(np.arange(28), 6)
    assert np.allclose(Known(27).draw(made, 6, rng).mean, made.features[others].mean(axis=0))
    calm = others[TRUTH[others] == 6]
    assert np.allclose(Known(9, calm=True).draw(made, 6, rng).mean, made.features[calm].mean(axis=0))
    assert Known(0).draw(made, 6, rng) is None
    assert Known(ALL).draw(made, 6, rng).pieces == 28


def test_training_gives_the_same_bytes_and_leaves_loudness_out(tmp_path):
    for name in ("a", "b"):
        train_voice(corpus(), seed=0).save(tmp_path / name, {"z": 1, "a": 2})
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    head = Head.load(tmp_path / "a")
    assert not head.weights[:, LEVEL].any()
    assert (head.distribution(corpus().features, None).argmax(axis=1) == TRUTH).mean() > 0.3


def test_the_shipped_head_states_its_source_licence_and_scores():
    with safe_open(local.fetch("voice-emodb") / "head.safetensors", "numpy") as file:
        about = json.loads(file.metadata()["about"])
    assert "Burkhardt et al. 2005" in about["licence"]
    assert about["speakers_left_out"]["10"]["recall"] >= 0.79


@pytest.mark.slow
def test_actors_who_were_left_out_are_understood():
    rows = {row.what.rpartition(", ")[2]: row for row in voice.rows(draws=2)}
    least = {"everything that the speaker says as baseline": 0.82, "10 of their utterances as baseline": 0.79}
    for what, recall in {**least, "nothing known of the speaker": 0.74}.items():
        assert rows[what].recall >= recall
        # In fifteen bins of 535 items, a judge exactly as sure as it is right gets .03 to .07 by chance.
        assert rows[what].ece <= 0.075
        assert rows[what].items == 535
