"""The net beside the original: `golden/expression_net.json` is what face-api 1.7.15 says, run by its own tfjs on the CPU."""

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open

from annotators.face.expression_net import CLASSES, expression_logits, load_net
from annotators.face.labels_face_expression import face_crop
from annotators.models import local
from annotators.training.face_expression import net_tensors
from schemas.errors import UsageError
from schemas.values import Box
from schemas.vocabulary.spaces import space
from tests.support.media import media

GOLDEN = Path(__file__).parent / "golden" / "expression_net.json"
PICTURES = (
    ("noise", None),
    ("slope", None),
    ("astronaut", Box(x=0.37, y=0.12, width=0.16, height=0.22)),
    ("surprised", Box(x=0.28, y=0.24, width=0.42, height=0.56)),
    ("angry", Box(x=0.3, y=0.26, width=0.4, height=0.5)),
    ("sad-4", Box(x=0.4, y=0.3, width=0.18, height=0.38)),
)


def crop(name, box):
    """Return a picture of 112 x 112 pixels: a made one, or a face out of a still."""
    import cv2

    y, x = np.mgrid[:112, :112]
    if name == "noise":
        return ((x * x * 7 + y * y * 13 + x * y * 5)[..., None] * np.asarray([1, 3, 11]) // 7 % 256).astype(np.uint8)
    if name == "slope":
        return np.stack([x * 2, y * 2, x + y], axis=-1).astype(np.uint8)
    return face_crop(np.ascontiguousarray(cv2.imread(str(media(name)))[:, :, ::-1]), box, 0.8, 0.1)


@pytest.fixture(scope="module")
def place():
    return local.fetch("face-expression") / "face-expression.safetensors"


@pytest.mark.parametrize(("name", "box"), PICTURES)
def test_it_says_what_the_original_says(place, name, box):
    told = expression_logits(load_net(place), crop(name, box)[None])[0]
    shares = np.exp(told - told.max()) / np.exp(told - told.max()).sum()
    np.testing.assert_allclose(shares, json.loads(GOLDEN.read_text())[name], atol=2e-3)


def test_what_a_picture_gets_does_not_hang_on_its_neighbours_or_on_threads(place):
    import torch

    net, pictures = load_net(place), np.asarray([crop(name, box) for name, box in PICTURES])
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        alone = np.concatenate([expression_logits(net, picture[None]) for picture in pictures])
        torch.set_num_threads(2)
        np.testing.assert_allclose(expression_logits(net, pictures), alone, atol=1e-4)
    finally:
        torch.set_num_threads(threads)


def test_its_classes_are_those_of_the_label_space(place):
    assert set(CLASSES) == set(space("ekman7").labels)


def test_the_file_says_whose_it_is_and_under_which_licence(place):
    with safe_open(place, "numpy") as opened:
        about = opened.metadata()["about"]
    assert "MIT" in about
    assert "Copyright (c) Vladimir Mandic" in about


def test_a_manifest_that_does_not_fit_its_bytes_is_refused():
    manifest = [{"weights": [{"name": "a", "shape": [2], "dtype": "float32"}]}]
    assert [name for name, _ in net_tensors(manifest, b"\0" * 8)] == ["a"]
    for size in (7, 9):
        with pytest.raises(UsageError, match=r"bin"):
            list(net_tensors(manifest, b"\0" * size))
