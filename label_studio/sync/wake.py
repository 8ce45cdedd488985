"""What wakes a pull: a small listener for Label Studio's webhooks. A request says that something has happened, never what."""

from __future__ import annotations

import hmac
import secrets
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer
from typing import Any

from label_studio.server.egress import WAKE_HOST
from schemas.errors import UsageError

HEADER = "X-Affectory-Token"
QUIET, PATIENCE = 1.0, 10.0
"""A pull starts when so many seconds have passed without a request, or at the latest so many after the first."""
BODY, SLOW, THREADS = 65536, 5.0, 32
"""At most so many bytes are read, so many seconds is waited for the next of them, so many threads are there."""


class Wake:
    """A listener on one address, which knows its callers by a token that is new in each run."""

    def __init__(self, host: str, port: int) -> None:
        self.token = secrets.token_urlsafe(32)
        self._woken = threading.Event()
        try:
            self._listener = _Listener((host, port), self.token, self._woken)
        except OSError as error:
            raise UsageError(f"--wake {host}:{port}: {error.strerror or error}; choose another") from error
        self.address = f"{host}:{self._listener.server_address[1]}"
        threading.Thread(target=self._listener.serve_forever, daemon=True).start()

    def wait(self, seconds: float) -> None:
        """Return after so many seconds, or, when woken, as soon as there is quiet: a hundred requests are one reason to pull."""
        if self._woken.wait(seconds):
            until = time.monotonic() + PATIENCE
            while self._woken.is_set() and time.monotonic() < until:
                self._woken.clear()
                self._woken.wait(QUIET)
        # Whoever calls from here on has told of something that the pull before us may not have seen.
        self._woken.clear()

    def close(self) -> None:
        """Listen no more."""
        self._listener.shutdown()
        self._listener.server_close()


def place(text: str) -> tuple[str, int]:
    """Return host and port of `[HOST:]PORT`.

    Raises:
        UsageError: it is not of this form, or HOST is no address that a server could call.
    """
    host, _, port = text.rpartition(":")
    if not (_number(port) and int(port) < 65536) or host in {"0.0.0.0", "*"} or ":" in host:  # noqa: S104
        raise UsageError(f"--wake {text}: not [HOST:]PORT, with HOST as the server calls this machine")
    return host or WAKE_HOST, int(port)


def _number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 7


class _Listener(ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    # A reviewer who submits waits until the server has been let in.
    request_queue_size = 128

    def __init__(self, at: tuple[str, int], token: str, woken: threading.Event) -> None:
        self.token, self.woken = token, woken
        super().__init__(at, _Handler)

    def verify_request(self, _request: Any, _client_address: Any) -> bool:
        return threading.active_count() < THREADS

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    timeout = SLOW
    server: _Listener

    def do_POST(self) -> None:
        said = self.headers.get(HEADER, "").encode("latin-1", "replace")
        if not hmac.compare_digest(said, self.server.token.encode()):
            self._answer(403)
            return
        size = self.headers.get("Content-Length", "0")
        if not (_number(size) and int(size) <= BODY):
            self._answer(413)
            return
        self.server.woken.set()
        # A connection closed upon unread bytes takes the answer with it.
        self.rfile.read(int(size))
        self._answer(204)

    def _refuse(self) -> None:
        self._answer(405, ("Allow", "POST"))

    do_GET = do_HEAD = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _refuse

    def _answer(self, status: int, *headers: tuple[str, str]) -> None:
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, format: str, *_: object) -> None:
        """Say nothing: who calls is not the user's concern."""
