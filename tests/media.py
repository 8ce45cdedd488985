"""The media of the tests by name: see `tests.support.media`."""

from tests.support.media import media

__all__ = ["media"]
