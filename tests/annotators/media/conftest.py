import pytest

from tests.support import making


@pytest.fixture(scope="session")
def shaped(tmp_path_factory):
    """Return the file of each shape, made once."""
    made = {}

    def file(shape):
        if shape not in made:
            made[shape] = making.SHAPES[shape](tmp_path_factory.mktemp("shape"))
        return made[shape]

    return file


@pytest.fixture(scope="session")
def plain(shaped):
    """A video of 8 s at a constant rate; nobody may move or change it."""
    return shaped("constant")
