"""A real server (`label_studio.server.server_main` is its process): who gets in, what it serves, how it is found again."""

import re
import socket
import subprocess
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
import yaml

from label_studio.command import CLIPS, own_folder
from label_studio.serve import _postgres
from label_studio.server import accounts, environment
from label_studio.server.accounts import PASSWORD, TOKEN, USER, load_server, wanted
from label_studio.server.environment import silent
from schemas.errors import AffectoryError, UsageError
from tests.label_studio.running import ROOT, ran, version

pytestmark = pytest.mark.server
MADE = "made for you"


@pytest.fixture(scope="module")
def shown(server, media_files):
    """A version of which one clip has been put on the server."""
    place = version(server.shards, "shown", range(100, 112), media_files)
    assert ran("push", "--shards", server.shards, "--version", "shown")[0] == 0
    return place


@pytest.fixture(scope="module")
def video(server, shown):
    """The address of the video of a clip."""
    return next(task["data"]["video"] for task in server.tasks(of="shown") if "video" in task["data"])


def test_the_server_listens_on_loopback_only(server):
    assert server.listens() == {"0100007F"}


def test_users_and_token_are_made_once_and_printed_once(server):
    assert sum(MADE in line for line in server.said) == 2
    assert (own_folder(server.shards) / "server.json").stat().st_mode & 0o077 == 0
    before = server.kept
    assert server.stop() == 0
    assert server.said[-1] == "stopped\n"
    server.said.clear()
    server.start()
    assert not any(MADE in line or "token" in line for line in server.said)
    assert server.kept == before


def test_every_reviewer_can_log_in(server):
    for account in (server.kept["owner"], *server.kept["others"]):
        with httpx2.Client(base_url=server.url, trust_env=False) as page:
            page.get("/user/login/")
            form = {**account, "csrfmiddlewaretoken": page.cookies["csrftoken"]}
            assert page.post("/user/login/", data=form).status_code == 302
            assert page.get("/api/current-user/whoami").json()["email"] == account["email"]


def test_nobody_can_make_a_user_without_an_invitation(server):
    with httpx2.Client(base_url=server.url, trust_env=False) as page:
        page.get("/user/login/")
        form = {"email": "eve@lab.org", "password": "longenough1", "csrfmiddlewaretoken": page.cookies["csrftoken"]}
        assert page.post("/user/signup/", data=form).status_code == 403


def test_an_anonymous_client_gets_no_clip(server, video):
    assert httpx2.get(server.url + video, trust_env=False).status_code == 401


def test_a_clip_is_served_in_parts_to_who_is_logged_in(server, video):
    with server.client as client:
        status, part = client.fetch(video, 4, 11)
    file = own_folder(server.shards) / Path(CLIPS).parent / parse_qs(urlsplit(video).query)["d"][0]
    assert (status, part) == (206, file.read_bytes()[4:12])
    assert file.stat().st_mode & 0o222 == 0


def test_nothing_but_clips_is_served(server, shown):
    (own_folder(server.shards) / Path(CLIPS).parent / "secret.txt").write_text("x")
    with server.client as client:
        for path in ("secret.txt", "../server.json", "clips/../secret.txt", "clips/../../server.json"):
            with pytest.raises(AffectoryError, match=r"answers (404|500)"):
                client.fetch(f"/data/local-files/?d={path}", 0, 1)


def test_a_second_server_on_the_same_folder_is_refused(server):
    status, said = ran("serve", "--shards", server.shards, "--port", 0)
    assert (status, "already runs" in said, server.url in said) == (2, True, True)


def test_a_taken_port_is_refused(server, tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        status, said = ran("serve", "--shards", tmp_path, "--port", port)
    assert (status, f"--port {port}" in said) == (2, True)


def test_the_servers_package_and_ours_do_not_meet(server_environment, monkeypatch):
    code = "import label_studio; print(label_studio.__file__)"
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    theirs = subprocess.run([server_environment.python, "-I", "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert Path(theirs.stdout.strip()).is_relative_to(server_environment.folder)


def test_the_server_sees_no_variable_that_is_not_meant_for_it(monkeypatch, tmp_path):
    for name in ("HOST", "CI", "DEBUG", "PASSWORD", "OPENAI_API_KEY", "PYTHONPATH"):
        monkeypatch.setenv(name, "x")
    seen = silent(tmp_path)
    assert not {"HOST", "CI", "DEBUG", "PASSWORD", "OPENAI_API_KEY", "PYTHONPATH"} & seen.keys()
    assert (seen["COLLECT_ANALYTICS"], seen["LATEST_VERSION_CHECK"], seen["SENTRY_DSN"]) == ("false", "false", "")


def test_a_half_made_environment_is_made_again(monkeypatch, tmp_path):
    """Nothing is in this lock, so that the environment lacks the server and its database cannot be made."""
    (tmp_path / "empty.lock").write_text("")
    monkeypatch.setattr(environment, "LOCK", tmp_path / "empty.lock")
    monkeypatch.setenv("AFFECTORY_CACHE", str(tmp_path))
    made = []
    for _ in range(2):
        with pytest.raises(UsageError, match="could not make its database"):
            environment.environment(made.append)
    assert len(made) == 2


def test_the_lock_names_no_index_and_pins_all_by_hash():
    lines = environment.LOCK.read_text().splitlines()
    pinned = [line for line in lines if not line.startswith(" ")]
    assert "label-studio==1.23.2 \\" in pinned
    assert all(line.endswith("\\") and "==" in line for line in pinned)
    assert not any("://" in line or "--index" in line for line in lines)


def test_accounts_come_from_the_environment_or_are_made():
    env = {USER: "ada@lab.org", PASSWORD: "longenough1", TOKEN: "ab" * 20}
    told = wanted(None, env, ["bob@lab.org", "ada@lab.org", "bob@lab.org"])
    assert (told.owner.email, told.owner.password, told.token) == tuple(env.values())
    assert [one.email for one in told.others] == ["bob@lab.org"]
    assert wanted(told, {}, ["bob@lab.org"]) == told
    assert wanted(None, {}, []).token != wanted(None, {}, []).token


@pytest.mark.parametrize(
    ("env", "emails", "says"),
    [
        ({TOKEN: "short"}, [], "40 hexadecimal"),
        ({}, ["bob"], "'bob' is not an e-mail"),
        ({USER: "someone@else.org"}, [], "not what this server was made with"),
    ],
)
def test_what_cannot_be_an_account_is_refused(env, emails, says):
    old = None if TOKEN in env else wanted(None, {}, [])
    with pytest.raises(UsageError, match=says):
        wanted(old, env, emails)


def test_a_server_file_that_is_none_of_ours_is_refused(tmp_path):
    (tmp_path / accounts.FILE).write_text("{}")
    with pytest.raises(UsageError, match=r"server\.json"):
        load_server(tmp_path)


def test_postgresql_is_a_setting():
    assert _postgres("postgresql://ada:p%40ss@db.lab:5433/review") == {
        "DJANGO_DB": "default", "POSTGRE_NAME": "review", "POSTGRE_USER": "ada", "POSTGRE_PASSWORD": "p@ss",
        "POSTGRE_HOST": "db.lab", "POSTGRE_PORT": "5433",
    }  # fmt: skip
    for wrong in ("mysql://h/n", "postgresql://h", "nonsense"):
        with pytest.raises(UsageError, match="postgresql://USER"):
            _postgres(wrong)


def test_the_containers_have_the_version_that_is_tested_here_and_settings_that_it_reads(server_environment):
    compose = yaml.safe_load((environment.LOCK.parent / "compose.yaml").read_text())
    service = compose["services"]["label-studio"]
    lock = environment.LOCK.read_text()
    assert f"label-studio=={service['image'].rpartition(':')[2]} " in lock
    (source,) = server_environment.folder.glob("venv/lib/python3*/site-packages/label_studio")
    code = "\n".join(file.read_text() for file in [source / "server.py", *(source / "core").rglob("*.py")])
    for name in service["environment"]:
        assert re.search(rf"""["'](LABEL_STUDIO_)?{name.removeprefix("LABEL_STUDIO_")}["']""", code), name
    assert {address.split(":")[0] for address in service["ports"]} == {"127.0.0.1"}
