import pytest

from label_studio.server.environment import environment
from schemas.errors import TransientError
from tests.label_studio.running import Running


@pytest.fixture(scope="session")
def shards(tmp_path_factory):
    return tmp_path_factory.mktemp("shards")


@pytest.fixture(scope="session")
def server_environment():
    try:
        return environment()
    except TransientError as error:
        pytest.skip(f"Label Studio's own environment cannot be made: {error}")


@pytest.fixture(scope="session")
def server(server_environment, shards):
    running = Running(shards).start()
    yield running
    running.process.kill()
    running.process.wait()
