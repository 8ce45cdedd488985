import json
import time

import pytest

from label_studio.project.answers import RETRACTED, load_answers
from label_studio.sync.pulled import PULLED
from tests.label_studio.running import answered, command, ran, version

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
def asked(server, media_files):
    """Tasks that wait for answers."""
    version(server.shards, "taken", range(700, 760), media_files)
    assert ran("push", "--shards", server.shards, "--version", "taken")[0] == 0
    return server.tasks(of="taken")


def files(server, folder="answers"):
    return {place.name: place.read_bytes() for place in (server.shards / "reviews" / folder).glob("*.json")}


def count(server):
    """Return how many answers there are while somebody writes and removes some: one that is named may be gone when it is read."""
    return len([*(server.shards / "reviews" / "answers").glob("*.json")])


def pulled(server):
    status, said = ran("pull", "--shards", server.shards)
    assert status == 0, said
    return said


def pulled_one(server, task, **said):
    """Answer a task and pull; return the number of the annotation and the name of its file."""
    before = files(server)
    with server.client as client:
        number = answered(client, task, **said)
    pulled(server)
    (name,) = files(server).keys() - before.keys()
    return number, name


def deleted(server, path):
    with server.client as client:
        client.delete(path)


def test_a_deleted_annotation_is_taken_back_and_the_other_stays(server, asked):
    first, name = pulled_one(server, asked[0])
    _, other = pulled_one(server, asked[0], emotion="sadness")
    before = files(server)
    deleted(server, f"/api/annotations/{first}/")
    said = pulled(server)
    assert "0 new answers, 0 changed, 1 taken back" in said
    assert f"answer {name.removesuffix('.json')}, clip {asked[0]['data']['clip_id']}" in said
    assert files(server) == {one: data for one, data in before.items() if one != name}
    assert other in files(server)
    assert files(server, RETRACTED)[name] == before[name]
    assert "0 new answers, 0 changed, 0 taken back" in pulled(server)
    assert files(server).keys() == before.keys() - {name}


def test_the_only_annotation_of_a_task_is_taken_back(server, asked):
    number, name = pulled_one(server, asked[1])
    deleted(server, f"/api/annotations/{number}/")
    assert "1 taken back" in pulled(server)
    assert name not in files(server)


def test_annotations_that_are_deleted_together_are_taken_back(server, asked):
    names = {pulled_one(server, task)[1] for task in asked[2:5]}
    with server.client as client:
        chosen = {"all": False, "included": [task["id"] for task in asked[2:5]]}
        client.post("/api/dm/actions", {"selectedItems": chosen}, id="delete_tasks_annotations", project=asked[2]["project"])
    assert "3 taken back" in pulled(server)
    assert not names & files(server).keys()


def test_a_skipped_annotation_is_taken_back_and_comes_again_with_its_answer(server, asked):
    number, name = pulled_one(server, asked[5])
    before = files(server)[name]
    with server.client as client:
        client.patch(f"/api/annotations/{number}/", {"was_cancelled": True})
    said = pulled(server)
    assert ("1 taken back" in said, "the reviewer skipped it" in said, name in files(server)) == (True, True, False)
    with server.client as client:
        client.patch(f"/api/annotations/{number}/", {"was_cancelled": False})
    assert "1 new answers, 0 changed, 0 taken back" in pulled(server)
    assert json.loads(files(server)[name])["given"] == json.loads(before)["given"]


def test_an_answer_that_its_reviewer_makes_none_of_is_taken_back(server, asked):
    number, name = pulled_one(server, asked[6])
    with server.client as client:
        result = client.get(f"/api/annotations/{number}/")["result"]
        # The server's stamps are compared by the second.
        time.sleep(1.1)
        client.patch(f"/api/annotations/{number}/", {"result": result[1:]})
    said = pulled(server)
    assert ("1 taken back" in said, f"annotation {number}" in said, name in files(server)) == (True, True, False)
    deleted(server, f"/api/annotations/{number}/")
    assert f"annotation {number}" not in pulled(server)


def test_answers_to_a_deleted_task_are_kept_and_named_at_every_pull(server, asked):
    _, name = pulled_one(server, asked[7])
    deleted(server, f"/api/tasks/{asked[7]['id']}/")
    line = f"kept, the server no longer has the task: answer {name.removesuffix('.json')}"
    for _ in range(2):
        said = pulled(server)
        assert (line in said, "0 taken back" in said, name in files(server)) == (True, True, True)
    # Its task asked anew is another task.
    assert ran("push", "--shards", server.shards, "--version", "taken")[0] == 0
    assert (line in pulled(server), name in files(server)) == (True, True)
    (server.shards / "reviews" / "answers" / name).unlink()
    assert line not in pulled(server)


def test_answers_to_a_deleted_project_are_kept_and_named(server, asked):
    with server.client as client:
        old = client.get(f"/api/projects/{asked[8]['project']}")
        made = client.post("/api/projects", {name: old[name] for name in ("title", "description", "label_config")})["id"]
        client.post(f"/api/projects/{made}/import", [{"data": task["data"]} for task in asked[8:11]])
        tasks = list(client.tasks(made, include="id,data"))
    names = [pulled_one(server, task)[1] for task in tasks]
    before = files(server)
    deleted(server, f"/api/projects/{made}/")
    for _ in range(2):
        said = pulled(server)
        assert all(f"no longer has the task: answer {name.removesuffix('.json')}" in said for name in names)
        assert (files(server), "0 taken back" in said) == (before, True)
    for name in names:
        (server.shards / "reviews" / "answers" / name).unlink()


def test_what_a_killed_pull_has_written_can_be_taken_back(server, asked):
    before = files(server)
    with server.client as client:
        numbers = [answered(client, task) for task in asked[11:]]
    process = command("pull", "--shards", server.shards)
    while process.poll() is None and count(server) < len(before) + 5:
        time.sleep(0.001)
    process.kill()
    process.communicate()
    assert len(before) + 5 <= len(files(server)) < len(before) + len(numbers)
    with server.client as client:
        for number in numbers:
            client.delete(f"/api/annotations/{number}/")
    process = command("pull", "--shards", server.shards)
    while process.poll() is None and count(server) >= len(before) + 5:
        time.sleep(0.001)
    process.kill()
    process.communicate()
    pulled(server)
    assert files(server) == before
    assert "0 new answers, 0 changed, 0 taken back" in pulled(server)


def test_a_memory_without_annotations_is_read_anew(server, asked):
    """That of a version that did not take anything back."""
    number, name = pulled_one(server, asked[9])
    (place,) = (server.shards / "reviews").glob(f"{PULLED}*")
    said = json.loads(place.read_text())
    place.write_text(json.dumps({"since": said["since"], "unread": said["unread"]}))
    assert "0 new answers, 0 changed, 0 taken back" in pulled(server)
    deleted(server, f"/api/annotations/{number}/")
    assert "1 taken back" in pulled(server)
    assert name not in files(server)


def test_what_left_no_trace_is_found_by_its_number(server, asked):
    """As after a database was changed by hand: our memory knows one annotation more than there is, and one less."""
    number, name = pulled_one(server, asked[10])
    (place,) = (server.shards / "reviews").glob(f"{PULLED}*")
    said = json.loads(place.read_text())
    project, task = (str(asked[10][key]) for key in ("project", "id"))
    del said["seen"][project][task]
    said["since"][project] = "2999-01-01T00:00:00.000000Z"
    place.write_text(json.dumps(said))
    (server.shards / "reviews" / "answers" / name).unlink()
    pulled(server)
    assert "1 new answers" in pulled(server)
    assert name in {f"{one.answer_id}.json" for one in load_answers(server.shards / "reviews" / "answers")}
    deleted(server, f"/api/annotations/{number}/")
    assert "1 taken back" in pulled(server)


def test_answers_of_a_person_whom_the_server_forgets_are_kept(server, asked):
    """An administrator who removes an account withdraws no answer, even where everything is read anew."""
    before = files(server)
    with server.client as client:
        person = client.post("/api/users/", {"email": "eve@lab.org", "username": "eve", "password": "longenough1"})["id"]
        old = client.get(f"/api/projects/{asked[8]['project']}")
        made = client.post("/api/projects", {name: old[name] for name in ("title", "description", "label_config")})["id"]
        said = {
            "completed_by": person,
            "lead_time": 1.0,
            "result": client.get(f"/api/tasks/{asked[0]['id']}/")["annotations"][0]["result"],
        }
        client.post(f"/api/projects/{made}/import", [{"data": asked[8]["data"], "annotations": [said]}])
    pulled(server)
    (name,) = files(server).keys() - before.keys()
    deleted(server, f"/api/users/{person}/")
    for place in (server.shards / "reviews").glob(f"{PULLED}*"):
        place.unlink()
    said = pulled(server)
    assert ("completed_by" in said, "0 taken back" in said, name in files(server)) == (True, True, True)
    deleted(server, f"/api/projects/{made}/")
    (server.shards / "reviews" / "answers" / name).unlink()
