"""What the command says of a review, with a server and without; what it says of a running one is tested beside pull."""

import pytest

from label_studio.consensus.consensus import ReviewSettings, fit_consensus
from label_studio.consensus.facts import review_facts
from label_studio.project.answers import ANSWERS, REVIEWS, write_answer
from label_studio.status import pulled_lines, queue
from tests.label_studio.reviewers import answer
from tests.label_studio.running import ran, version

NOBODY = {"LABEL_STUDIO_URL": "http://127.0.0.1:9", "LABEL_STUDIO_API_KEY": "0" * 40}
SAID = [
    *(answer("c1", who, all="fear", face=face, seconds=7.5) for who, face in (("ann", "fear"), ("bob", "anger"))),
    answer("c2", "ann", all="fear", valence=0.5, seconds=15.0),
    answer("c2", "bob", all="anger", valence=0.0, seconds=10.0),
    answer("c3", "ann", cannot="several", seconds=2.0),
]


def test_the_lines_tell_decisions_agreement_and_reviewers():
    lines = list(pulled_lines(review_facts(fit_consensus(SAID, ReviewSettings()))))
    assert lines[0] == "5 answers to 3 clips: 1 decided, 1 disputed, 1 open, 0 cannot be judged; 8.4 s per answer"
    assert [line.split() for line in lines[1:-2] if line.split()[0] in {"agreement", "face", "all", "valence", "voice"}] == [
        ["agreement", "clips", "answers", "alpha", "pairs"],
        ["face", "1", "2", "0.00", "0.00"],
        ["voice", "0", "0", "-", "-"],
        ["all", "2", "4", "0.00", "0.50"],
        ["valence", "1", "2", "0.00", "1.00"],
    ]
    assert lines[-3].split() == ["reviewer", "answers", "seconds", "cannot", "reliability"]
    assert [line.split()[:4] for line in lines[-2:]] == [["ann", "3", "7.5", "1"], ["bob", "2", "8.8", "0"]]


def test_without_answers_it_says_what_brings_them():
    (line,) = pulled_lines(review_facts(fit_consensus([], ReviewSettings())))
    assert line == "no answers yet: python -m label_studio.pull brings them"


def test_without_a_server_what_was_pulled_is_told_all_the_same(tmp_path, media_files):
    version(tmp_path, "v1", range(4), media_files)
    for one in SAID:
        write_answer(tmp_path / REVIEWS / ANSWERS, one)
    status, said = ran("status", "--shards", tmp_path, **NOBODY)
    assert status == 0
    first, second, third, *_ = said.splitlines()
    assert first.startswith(f"{tmp_path / 'v1'}: ")
    assert second.startswith("the queue is not known: ")
    assert third.startswith("5 answers to 3 clips: 1 decided")


def test_where_there_is_no_version_the_command_says_so(tmp_path):
    status, said = ran("status", "--shards", tmp_path, **NOBODY)
    assert (status, said.startswith("label_studio.status: ")) == (2, True)


@pytest.mark.server
def test_the_queue_has_a_line_for_each_project(server, media_files):
    version(server.shards, "status", range(700, 712), media_files)
    assert ran("push", "--shards", server.shards, "--version", "status", "--annotators", "2")[0] == 0
    with server.client as client:
        lines = queue(client)
    kinds = {line.kind for line in lines}
    counted = {kind: sum(line.tasks for line in lines if line.kind == kind) for kind in kinds}
    assert counted == {kind: len(server.tasks(kind)) for kind in kinds}
    assert {line.annotators for line in lines if line.kind != "adjudicate"} == {2}
    assert all(0 <= line.done <= line.answers for line in lines)
