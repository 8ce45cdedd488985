import http.client
import socket
import threading
import time

import httpx2
import pytest

from label_studio.sync.wake import BODY, HEADER, Wake, place
from schemas.errors import UsageError

LONG = 60.0
"""Seconds that no test waits for: nothing but a call returns before."""


@pytest.fixture
def wake():
    made = Wake(*place("0"))
    yield made
    made.close()


def called(wake, method="POST", **more):
    with httpx2.Client(trust_env=False) as caller:
        return caller.request(method, f"http://{wake.address}/any/path", **more)


def test_a_call_with_the_token_wakes(wake):
    assert called(wake, headers={HEADER: wake.token}, json={"action": "ANNOTATION_CREATED"}).status_code == 204
    started = time.monotonic()
    wake.wait(LONG)
    assert time.monotonic() - started < LONG


def test_a_hundred_calls_wake_once(wake):
    for _ in range(100):
        called(wake, headers={HEADER: wake.token})
    wake.wait(LONG)
    assert not wake._woken.wait(0.3)


@pytest.mark.parametrize("headers", [{}, {HEADER: ""}, {HEADER: "x"}, {HEADER: "é".encode("latin-1")}, {"Authorization": "x"}])
def test_a_call_without_the_token_does_nothing(wake, headers):
    assert called(wake, headers=headers).status_code == 403
    assert not wake._woken.wait(0.3)


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_nothing_but_a_post_is_taken(wake, method):
    answer = called(wake, method, headers={HEADER: wake.token})
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
    assert not wake._woken.wait(0.1)


@pytest.mark.parametrize("size", [str(BODY + 1), "9" * 30, "-1", "x", "²", ""])
def test_a_body_that_is_too_large_or_has_no_size_is_not_read(wake, size):
    caller = http.client.HTTPConnection(wake.address, timeout=LONG)
    caller.putrequest("POST", "/")
    caller.putheader(HEADER, wake.token)
    caller.putheader("Content-Length", size.encode("latin-1"))
    caller.endheaders()
    assert caller.getresponse().status == 413
    caller.close()
    assert not wake._woken.wait(0.1)


def test_slow_callers_hold_nobody_up(wake):
    host, port = wake.address.split(":")
    slow = [socket.create_connection((host, int(port))) for _ in range(4)]
    for one in slow[:2]:
        one.sendall(f"POST / HTTP/1.1\r\n{HEADER}: x\r\n".encode())
    for one in slow[2:]:
        one.sendall(f"POST / HTTP/1.1\r\n{HEADER}: {wake.token}\r\nContent-Length: 1000\r\n\r\n{{".encode())
    wake.wait(LONG)
    assert called(wake, headers={HEADER: wake.token}).status_code == 204
    for one in slow:
        one.close()


def test_callers_that_hold_on_are_bounded(wake):
    host, port = wake.address.split(":")
    before = threading.active_count()
    slow = [socket.create_connection((host, int(port))) for _ in range(100)]
    time.sleep(0.3)
    assert threading.active_count() - before < 40
    for one in slow:
        one.close()


@pytest.mark.parametrize("text", ["", "x", "70000", "127.0.0.1", "0.0.0.0:9000", ":::9000", "[::1]:9000", "-1", "127.0.0.1:"])
def test_what_is_no_place_to_be_called_at_is_refused(text):
    with pytest.raises(UsageError, match=r"\[HOST:\]PORT"):
        place(text)


def test_a_taken_port_is_refused(wake):
    with pytest.raises(UsageError, match="choose another"):
        Wake(*place(wake.address))
