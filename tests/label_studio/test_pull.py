import json
import time

import pytest

from label_studio.project.answers import load_answers
from label_studio.sync.pulled import PULLED
from tests.label_studio.running import answered, command, ran, version
from tests.support.walking import walking

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
def asked(server, media_files):
    """Tasks that wait for answers."""
    version(server.shards, "asked", range(300, 360), media_files)
    assert ran("push", "--shards", server.shards, "--version", "asked")[0] == 0
    return server.tasks(of="asked")


def told(server):
    """Return the answers that have been pulled, by id."""
    return {one.answer_id: one for one in load_answers(server.shards / "reviews" / "answers")}


def pulled(server, **env):
    """Pull; return what was said."""
    status, said = ran("pull", "--shards", server.shards, **env)
    assert status == 0, said
    return said


def test_each_answer_comes_once_and_a_changed_one_takes_its_place(server, asked):
    before = told(server)
    with server.client as client:
        number = answered(client, asked[0])
    assert "1 new" in pulled(server)
    (new,) = told(server).keys() - before.keys()
    assert "0 new answers, 0 changed" in pulled(server)
    answer = told(server)[new]
    assert (answer.clip_id, answer.version, answer.seconds) == (asked[0]["data"]["clip_id"], "asked", 7.5)
    assert server.kept["owner"]["email"] not in json.dumps([str(one) for one in told(server).values()])
    with server.client as client:
        result = client.get(f"/api/annotations/{number}/")["result"]
        result[0]["value"]["choices"] = ["sadness"]
        client.patch(f"/api/annotations/{number}/", {"result": result})
    assert "0 new answers, 1 changed" in pulled(server)
    assert told(server)[new].given[-1].names == ("sadness",)
    assert told(server).keys() - before.keys() == {new}


def test_a_bad_annotation_is_listed_and_stops_nothing(server, asked):
    with server.client as client:
        bad = answered(client, asked[1], emotion="nonsense")
        answered(client, asked[2])
    said = pulled(server)
    assert "1 new" in said
    assert (
        f"annotation {bad} of task {asked[1]['id']}, clip {asked[1]['data']['clip_id']}: 'emotion' cannot be 'nonsense'" in said
    )
    # Also when nothing has changed since.
    assert f"annotation {bad}" in pulled(server)
    with server.client as client:
        client.delete(f"/api/annotations/{bad}/")
    assert f"annotation {bad}" not in pulled(server)
    with server.client as client:
        answered(client, asked[1])
    assert "1 new" in pulled(server)


def test_a_killed_pull_goes_on_and_each_answer_is_there_once(server, asked):
    before = told(server)
    with server.client as client:
        for task in asked[3:]:
            answered(client, task)
    count = len(asked[3:])
    folder = server.shards / "reviews" / "answers"
    process = command("pull", "--shards", server.shards)
    while process.poll() is None and len(list(folder.glob("*.json"))) < len(before) + 5:
        time.sleep(0.001)
    process.kill()
    process.communicate()
    assert len(told(server)) < len(before) + count
    pulled(server)
    new = [one for name, one in told(server).items() if name not in before]
    assert sorted(one.clip_id for one in new) == sorted(task["data"]["clip_id"] for task in asked[3:])
    assert "0 new answers, 0 changed" in pulled(server)


def test_nothing_is_pulled_twice_by_another_address_or_without_a_memory(server, asked):
    before = told(server)
    assert "0 new" in pulled(server, **server.env | {"LABEL_STUDIO_URL": server.url.replace("127.0.0.1", "localhost")})
    for place in (server.shards / "reviews").glob(f"{PULLED}*"):
        place.unlink()
    assert "0 new answers, 0 changed" in pulled(server)
    assert told(server) == before


def test_a_modality_of_another_package_is_asked_about_answered_and_counted(server, media_files, tmp_path):
    before = told(server)
    with walking(tmp_path):
        version(server.shards, "walked", range(400, 404), media_files)
        assert ran("push", "--shards", server.shards, "--version", "walked")[0] == 0
        one = next(task for task in server.tasks("conflict", of="walked"))
        with server.client as client:
            for emotion in ("fear", "anger"):
                answered(client, one, gait=emotion, truth="gait")
        assert "2 new answers" in pulled(server)
        new = [answer for name, answer in told(server).items() if name not in before]
        assert {given.names for answer in new for given in answer.given if given.modality == "gait"} == {("fear",), ("anger",)}
        assert {(answer.clip_id, answer.truth) for answer in new} == {(one["data"]["clip_id"], "gait")}
        assert any(line.startswith("gait ") for line in ran("status", "--shards", server.shards)[1].splitlines())
    assert "0 new answers, 0 changed" in pulled(server)


def test_status_tells_queue_and_people(server, asked):
    pulled(server)
    status, said = ran("status", "--shards", server.shards)
    assert status == 0, said
    assert server.url in said
    assert f"{len(told(server))} answers to" in said
    reviewer = next(iter(told(server).values())).reviewer
    assert any(line.startswith(reviewer) and " 7.5 " in line for line in said.splitlines())


def test_status_without_a_server_tells_what_has_been_pulled(server, asked, tmp_path):
    nobody = {"LABEL_STUDIO_URL": "http://127.0.0.1:9", "LABEL_STUDIO_API_KEY": "0" * 40}
    pulled(server)
    status, said = ran("status", "--shards", server.shards, **nobody)
    assert (status, "the queue is not known" in said, " answers to " in said) == (0, True, True)
