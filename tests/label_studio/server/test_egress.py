import re
from ipaddress import ip_address, ip_network

import httpx2
import pytest

from label_studio.server.egress import RESERVED, WAKE_HOST, egress, refused

LIST = "LABEL_STUDIO_USER_ADDITIONAL_BANNED_SUBNETS"


def is_refused(address):
    return any(ip_address(address) in ip_network(one) for one in refused())


def test_all_that_label_studio_refuses_is_refused_but_for_one_address(server_environment):
    (source,) = server_environment.folder.glob("venv/lib/python*/site-packages/label_studio/core/utils/io.py")
    listed = re.search(r"default_banned_subnets = \[(.*?)\n    \]", source.read_text(), re.S)[1]
    assert tuple(re.findall(r"^\s+'(\S+)'", listed, re.M)) == RESERVED
    assert not is_refused(WAKE_HOST)
    near = ip_address(WAKE_HOST)
    assert all(is_refused(one) for one in (near - 1, near + 1, "127.255.255.255", "10.0.0.1", "192.168.1.1", "::1", "fe80::1"))
    assert not is_refused("8.8.8.8")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "review.lab.org"])
def test_a_server_that_others_reach_calls_nothing_on_its_machine(host):
    assert egress(host, {}) == {}


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_a_server_on_loopback_may_call_a_waiting_pull_unless_its_user_says_otherwise(host):
    assert egress(host, {})[LIST].split(",") == list(refused())
    assert egress(host, {LIST: "8.8.8.8/32"}) == {}


@pytest.mark.server
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "10.0.0.1"])
def test_the_server_imports_from_no_other_address_of_its_machine(server, host):
    with server.client as client:
        project = client.post("/api/projects", {"title": "empty"})["id"]
        with httpx2.Client(headers={"Authorization": f"Token {server.kept['token']}"}, trust_env=False) as form:
            url = f"http://{host}:{server.port}/x.json"
            answer = form.post(f"{server.url}/api/projects/{project}/import", data={"url": url})
        assert (answer.status_code, "reserved network address" in answer.text) == (400, True), answer.text
        client.delete(f"/api/projects/{project}/")
