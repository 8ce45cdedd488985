from itertools import pairwise

import pytest
import torch

from annotators.models import local
from annotators.speaking.network import SpeakingNet
from annotators.training.speaking_lr_asd import folded, lr_asd_tensors, main


def test_a_folded_convolution_says_what_it_and_its_normalisation_say():
    torch.manual_seed(0)
    layer, norm = torch.nn.Conv2d(3, 5, 3, bias=False), torch.nn.BatchNorm2d(5, eps=1e-3)
    norm.running_mean.normal_()
    norm.running_var.uniform_(0.5, 2)
    norm.weight.data.normal_()
    weight, bias = folded(layer.weight, {"weight": norm.weight, "bias": norm.bias, **dict(norm.named_buffers())})
    x = torch.randn(2, 3, 8, 8)
    with torch.no_grad():
        torch.testing.assert_close(torch.nn.functional.conv2d(x, weight, bias), norm.eval()(layer(x)), atol=1e-5, rtol=1e-5)


def test_every_tensor_of_the_net_comes_out_of_a_state_of_that_shape():
    """A state dictionary of LR-ASD's shapes, made up, gives each tensor of ours in its shape."""
    net = SpeakingNet()
    made = dict(lr_asd_tensors(_state()))
    assert {name: tensor.shape for name, tensor in made.items()} == {
        name: tensor.shape for name, tensor in net.state_dict().items()
    }


def test_another_file_is_refused(tmp_path, capsys):
    other = tmp_path / "other.model"
    other.write_bytes(b"nothing")
    assert main([str(other), str(tmp_path / "out.safetensors")]) == 2
    assert "not a checkpoint of LR-ASD" in capsys.readouterr().err


def test_what_ships_loads_strictly():
    local.fetch("lr-asd")
    assert sum(tensor.numel() for tensor in SpeakingNet.read(local.path("lr-asd")).state_dict().values()) == pytest.approx(
        0.836e6, rel=0.01
    )


def _state():
    state = {}

    def normed(name, norm, shape):
        state[f"{name}.weight"] = torch.zeros(shape)
        for part in ("weight", "bias", "running_mean"):
            state[f"{norm}.{part}"] = torch.zeros(shape[0])
        state[f"{norm}.running_var"] = torch.ones(shape[0])

    widths = (1, 32, 64, 128)
    for number, (a, b) in enumerate(pairwise(widths), 1):
        seen, heard = f"model.visualEncoder.block{number}", f"model.audioEncoder.block{number}"
        for place, (ins, outs, size) in enumerate(((a, b // 2, 5), (b // 2, b, 3)), 1):
            normed(f"{seen}.s_{place}", f"{seen}.s_norm_{place}", (outs, ins, 1, size, size))
            normed(f"{heard}.m_{place}", f"{heard}.m_norm_{place}", (outs, ins, size, 1))
        for place, size in ((1, 5), (2, 3)):
            normed(f"{seen}.t_{place}", f"{seen}.t_norm_{place}", (b, b, size, 1, 1))
            normed(f"{heard}.t_{place}", f"{heard}.t_norm_{place}", (b, b, 1, size))
    normed("model.fusion.attention", "model.fusion.bn", (256, 256, 1))
    normed("model.detector.attention.attention", "model.detector.attention.bn", (128, 128, 1))
    for way in ("gru_forward", "gru_backward"):
        for part, shape in (("weight_ih", (192, 256)), ("weight_hh", (192, 64)), ("bias_ih", (192,)), ("bias_hh", (192,))):
            state[f"model.detector.{way}.{part}_l0"] = torch.zeros(shape)
    for head in ("lossAV", "lossV"):
        state[f"{head}.FC.weight"], state[f"{head}.FC.bias"] = torch.zeros(2, 128), torch.zeros(2)
    return state
