"""Where what is fetched once lies: where the user says, else where the system says."""

from pathlib import Path

import pytest

from schemas.cache import cache


@pytest.mark.parametrize(
    ("set_to", "place"),
    [
        ({"AFFECTORY_CACHE": "/data/here"}, "/data/here"),
        ({"AFFECTORY_CACHE": "/data/here", "XDG_CACHE_HOME": "/xdg"}, "/data/here"),
        ({"AFFECTORY_CACHE": "~/models"}, "/home/ada/models"),
        ({"XDG_CACHE_HOME": "/xdg"}, "/xdg/affectory"),
        ({"AFFECTORY_CACHE": "", "XDG_CACHE_HOME": ""}, "/home/ada/.cache/affectory"),
        ({}, "/home/ada/.cache/affectory"),
    ],
)
def test_the_users_word_comes_first_then_the_systems_then_the_home(monkeypatch, set_to, place):
    for name in ("AFFECTORY_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", "/home/ada")
    for name, value in set_to.items():
        monkeypatch.setenv(name, value)
    assert cache() == Path(place)
