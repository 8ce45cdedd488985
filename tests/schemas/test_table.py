"""The table of columns says of each field what it is, in what unit and range, and what it holds."""

from dataclasses import dataclass
from typing import Annotated

from schemas.claims import Seconds, Share, Shot
from schemas.meta import Feature, Says, Unit, Within
from schemas.table import markdown


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """A sound that was heard. More is not said."""

    path: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    name: Annotated[str, Says("of the bird")]
    begun: Seconds
    sure: Share | None
    height: Annotated[float, Unit("m"), Within(-1, 2)]
    calls: tuple[int, ...]
    sound: Annotated[Sound, Feature("Audio")]
    sounds: tuple[Sound, ...]
    shots: tuple[Shot, ...]


def test_each_field_is_a_row_with_its_type_unit_range_and_what_it_holds():
    head, line, *rows = markdown(Heard).splitlines()
    assert (head, line) == ("| column | type | unit, range | what |", "|---|---|---|---|")
    assert rows == [
        "| `name` | string |  | of the bird |",
        "| `begun` | float | s, 0 or more |  |",
        "| `sure` | float or null | share, 0 to 1 |  |",
        "| `height` | float | m, -1 to 2 |  |",
        "| `calls` | list of int |  |  |",
        "| `sound` | Audio |  | A sound that was heard. More is not said. |",
        "| `sounds` | list of Sound |  | A sound that was heard. More is not said. |",
        "| `shots` | list of Shot |  | A stretch of video without a cut. |",
    ]
