import pytest

from label_studio.environment import environment
from schemas.errors import TransientError
from tests import making
from tests.label_studio.running import Running


@pytest.fixture(scope="session")
def files(tmp_path_factory):
    """A video and a sound."""
    folder = tmp_path_factory.mktemp("files")
    making.video(folder / "a.mp4", seconds=4.0)
    making.ffmpeg("-i", folder / "a.mp4", "-ac", 1, "-ar", 16000, folder / "a.flac")
    making.ffmpeg("-ss", 1.1, "-i", folder / "a.mp4", "-frames:v", 1, folder / "a.jpg")
    return folder


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
