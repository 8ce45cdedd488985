"""Expression of the target's face: the net as published, and what is made of it over time."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from annotators import models
from annotators.expression_net import NAMES, ExpressionNet
from annotators.labels_face_expression import FaceExpressionLabels
from schemas.claims import Label, Turn, Word
from schemas.values import Span
from tests import accuracy_face
from tests.media import media

GOLDEN = json.loads(Path(__file__).with_name("expression_net.json").read_text())


@pytest.fixture(scope="module")
def looker():
    models.fetch("face-expression")
    for name in ("face-landmarker", "yunet-int8"):
        models.fetch(name)
    annotator = FaceExpressionLabels()
    return annotator, annotator.load("cpu")


def scores(looker, record):
    labels = [claim for claim in looker[0].annotate(looker[1], [record])[0] if isinstance(claim, Label)]
    return dict(zip(labels[0].names, labels[0].scores, strict=True)) if labels else None


def pictures():
    """Three pictures that any machine can make."""
    y, x = np.mgrid[0:112, 0:112]
    made = [np.stack([(x * (k + 1) + y * 2) % 256, (y * (k + 2) + x) % 256, (x * y // (7 + k)) % 256], -1) for k in range(3)]
    return np.stack(made).astype(np.uint8)


def test_the_net_gives_what_the_published_graph_gives_on_tensorflow_js():
    models.fetch("face-expression")
    net = ExpressionNet.load(models.path("face-expression") / "head.safetensors", 2)
    assert np.abs(net(pictures()) - np.array(GOLDEN["logits"])).max() < 1e-3
    assert list(NAMES) == GOLDEN["names"]


def test_faces_of_plain_expression_are_read_as_a_person_would(looker):
    (found,) = accuracy_face.rows()
    assert found.items == 17
    assert found.accuracy >= 0.8


def test_pictures_taken_while_the_target_speaks_count_for_less(looker):
    record = accuracy_face.shown(accuracy_face.piece(media("woman"), Span(start=6.0, end=12.0), accuracy_face._folder()))
    crying = Word(by="w@1#0", span=Span(start=0.0, end=3.0), text="oh")
    laughing = Word(by="w@1#0", span=Span(start=3.0, end=6.0), text="ha")
    early, late = scores(looker, replace(record, words=(laughing,))), scores(looker, replace(record, words=(crying,)))
    assert late["happiness"] > early["happiness"] + 0.1
    turn = Turn(by="t@1#0", span=Span(start=0.0, end=3.0), speaker="S0", floor=())
    assert scores(looker, replace(record, turns=(turn,), speaker="S0")) == late


def test_an_unseen_target_says_nothing(looker):
    record = accuracy_face.shown(accuracy_face.still("astronaut"))
    assert looker[0].annotate(looker[1], [replace(record, targets=())]) == [()]
    assert looker[0].annotate(looker[1], [replace(record, video=None)]) == [()]


def test_a_face_of_a_few_pixels_is_not_read(looker):
    record = accuracy_face.shown(accuracy_face.still("astronaut"))
    strict = replace(looker[0], least_pixels=2000)
    assert strict.annotate(looker[1], [record]) == [()]


def test_it_says_the_same_again(looker):
    record = accuracy_face.shown(accuracy_face.still("face-surprise"))
    annotator = FaceExpressionLabels()
    assert annotator.annotate(annotator.load("cpu"), [record]) == looker[0].annotate(looker[1], [record])
