import pytest

from pipeline.export.exporter import configured_exporter, exporter_kind, exporters
from pipeline.export.jsonl import JsonLines
from schemas.errors import UsageError


def test_the_built_in_ones_come_in_by_the_door():
    assert exporters()["jsonl"].value == "pipeline.export.jsonl:JsonLines"
    assert exporter_kind("jsonl") is JsonLines
    assert configured_exporter("jsonl", {"media": "none"}) == JsonLines(media="none")


@pytest.mark.parametrize(
    ("name", "settings", "reason"),
    [
        ("jsnol", {}, "--format jsnol: there is no such format; there are jsonl"),
        ("jsonl", {"medai": "none"}, "--format jsonl: there is no 'medai'; there are media"),
        ("jsonl", {"media": "some"}, "--format jsonl: media: Input should be 'files' or 'none'"),
    ],
)
def test_what_cannot_work_is_refused_with_what_there_is(name, settings, reason):
    with pytest.raises(UsageError, match=reason):
        configured_exporter(name, settings)
