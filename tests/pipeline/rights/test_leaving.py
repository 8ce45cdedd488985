from dataclasses import replace

import pytest

from pipeline.rights.leaving import Leaving
from pipeline.rights.withdrawn import WithdrawnClip, WithdrawnSource
from tests.pipeline.rights.test_withdrawn import NOTHING
from tests.support.published import licensed

CLIP = licensed(0)
FREE = Leaving(withdrawn=NOTHING, numbers="0" * 16)


@pytest.mark.parametrize(
    ("stated", "reason"),
    [
        ({}, None),
        ({"consent": None}, None),
        ({"licence": None}, "no licence is stated"),
        ({"licence": "all rights reserved"}, "its licence is 'all rights reserved'"),
        ({"consent": "refused by mail"}, "its consent is 'refused by mail'"),
    ],
)
def test_licence_and_consent_decide(stated, reason):
    assert FREE.kept_back(replace(CLIP, source=replace(CLIP.source, **stated))) == reason


@pytest.mark.parametrize(
    "entry",
    [
        WithdrawnSource(source_id=CLIP.source.source_id),
        WithdrawnClip(source_id=CLIP.source.source_id, clip_id="0" * 16, span=CLIP.requested),
    ],
)
def test_what_was_withdrawn_stays(entry):
    rule = replace(FREE, withdrawn=NOTHING.with_(entry))
    assert rule.is_withdrawn(CLIP) and not FREE.is_withdrawn(CLIP)
    assert rule.kept_back(CLIP) == "it was withdrawn"
    assert rule.state != FREE.state
