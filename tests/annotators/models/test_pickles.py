import os
import pickle
import zipfile

import pytest
import torch
from safetensors.torch import load_file

from annotators.models.pickles import tensors, to_safetensors
from schemas.errors import ModelFileError


class Hostile:
    """Runs a command where it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.system, (f"touch {self.path}",)


class Settings:
    """A class of some training code, which a checkpoint carries along."""

    def __init__(self):
        self.rate = 16000


@pytest.fixture
def state():
    torch.manual_seed(0)
    return {"layer.weight": torch.randn(4, 3).t(), "layer.steps": torch.tensor([7]), "half": torch.randn(2).half()}


def test_the_tensors_of_a_checkpoint_are_read(tmp_path, state):
    torch.save(state, tmp_path / "plain.ckpt")
    found = tensors(tmp_path / "plain.ckpt")
    assert found.keys() == state.keys()
    assert all(torch.equal(found[name], value) for name, value in state.items())


def test_whatever_lies_beside_the_state_dictionary_is_left_out(tmp_path, state):
    whole = {"state_dict": state, "settings": Settings(), "epoch": 3, "optimizer": [{"lr": torch.tensor(0.1)}]}
    torch.save(whole, tmp_path / "training.ckpt")
    assert tensors(tmp_path / "training.ckpt").keys() == state.keys()


def test_nothing_in_a_checkpoint_is_run(tmp_path, state):
    torch.save({"state_dict": state, "hook": Hostile(tmp_path / "owned")}, tmp_path / "hostile.ckpt")
    assert tensors(tmp_path / "hostile.ckpt").keys() == state.keys()
    assert not (tmp_path / "owned").exists()
    pickle.loads(pickle.dumps(Hostile(tmp_path / "owned")))
    assert (tmp_path / "owned").exists(), "the trap itself is broken"


def test_equal_tensors_give_equal_bytes(tmp_path, state):
    torch.save(state, tmp_path / "one.ckpt")
    torch.save({"epoch": 1, "state_dict": dict(reversed(state.items()))}, tmp_path / "two.ckpt")
    for name in ("one", "two"):
        to_safetensors(tmp_path / f"{name}.ckpt", tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    assert torch.equal(load_file(tmp_path / "one")["layer.weight"], state["layer.weight"])


def test_what_is_no_checkpoint_is_refused(tmp_path):
    (tmp_path / "text").write_text("no checkpoint")
    with zipfile.ZipFile(tmp_path / "zip", "w") as bundle:
        bundle.writestr("a/data.pkl", pickle.dumps({"state_dict": {}}))
    with zipfile.ZipFile(tmp_path / "broken", "w") as bundle:
        bundle.writestr("a/data.pkl", b"\x80\x02}q")
    with zipfile.ZipFile(tmp_path / "empty", "w"):
        pass
    for name in ("text", "zip", "broken", "empty"):
        with pytest.raises(ModelFileError, match=name):
            tensors(tmp_path / name)
