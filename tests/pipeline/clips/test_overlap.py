from pipeline.clips.overlap import spoken_by_others
from schemas.claims import Turn
from schemas.values import Span


def test_others_who_speak_at_once_are_counted_once():
    spans = [(0, 4, "S0"), (1, 3, "S1"), (2, 4, "S2")]
    turns = [Turn(by="t@1#0", span=Span(start=a, end=b), speaker=who, floor=()) for a, b, who in spans]
    assert spoken_by_others(turns, "S0") == 3.0
    assert spoken_by_others(turns, None) == 4.0
