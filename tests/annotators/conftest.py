import pytest

from annotators.models import packages
from tests.annotators.index import serving


@pytest.fixture
def index(monkeypatch):
    """A Python index on loopback that pip, and so this project, is set up for."""
    with serving() as (made, address):
        made.address = address
        monkeypatch.setenv("PIP_INDEX_URL", f"{address}/simple")
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        packages.index.cache_clear()
        yield made
    packages.index.cache_clear()
