"""An author is known by all that can change what it says, and by nothing else."""

import hashlib
import json
from dataclasses import replace

import pytest

from schemas.provenance import ModelRef, Provenance, canonical, digest

AUTHOR = Provenance(name="labels.x", version="2", config=canonical({"b": 1, "a": None}))


def test_settings_are_written_in_one_way_only():
    assert canonical({"b": [1, 2.5], "a": "é", "c": None}) == '{"a":"é","b":[1,2.5],"c":null}'
    assert canonical({"a": (1, 2)}) == canonical({"a": [1, 2]})


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {"a": object()}])
def test_what_has_no_json_has_no_hash(value):
    with pytest.raises((ValueError, TypeError)):
        digest(value)


def test_a_digest_is_the_start_of_a_sha256():
    whole = hashlib.sha256(b'{"a":1}').hexdigest()
    assert digest({"a": 1}) == whole
    assert digest({"a": 1}, 16) == whole[:16]


def test_the_key_names_the_author_and_hashes_the_rest():
    about = {"config": '{"a":null,"b":1}', "models": [], "name": "labels.x", "version": "2"}
    expected = hashlib.sha256(json.dumps(about, separators=(",", ":")).encode()).hexdigest()[:12]
    assert AUTHOR.key == f"labels.x@2#{expected}"


def test_whatever_can_change_a_claim_changes_the_key():
    model = ModelRef(name="m", sha256="0" * 64)
    others = (
        replace(AUTHOR, version="3"),
        replace(AUTHOR, config=canonical({"b": 2, "a": None})),
        replace(AUTHOR, models=(model,)),
        replace(AUTHOR, models=(replace(model, sha256="1" * 64),)),
        replace(AUTHOR, models=(replace(model, name="n"),)),
    )
    assert len({AUTHOR.key, *(one.key for one in others)}) == 6
