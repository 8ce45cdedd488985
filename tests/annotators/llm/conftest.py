"""A server of the OpenAI kind that the environment names, with an empty cache."""

import pytest

from tests.support.servers.faulty_server import serving


@pytest.fixture
def server(tmp_path, monkeypatch):
    with serving() as (faulty, address):
        monkeypatch.setenv("OPENAI_BASE_URL", address)
        monkeypatch.setenv("AFFECTORY_CACHE", str(tmp_path / "cache"))
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        yield faulty
