"""Label Studio's HTTP interface, as far as it is used here.

Not by its SDK, which pins an opencv that overwrites the one that finds faces, and sends a POST again when the answer is lost.
Here what is not idempotent is sent once; what becomes of an answer that did not come is for the caller to find out.
"""

from __future__ import annotations

import base64
import binascii
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import httpx2

from schemas.errors import TransientError, UsageError

CONNECT, READ = 10.0, 300.0
ACCESS = 240.0
"""Seconds after which an access token is fetched anew; it lives 300."""
PAGE = 500
TRIES, PAUSE = 3, 1.0
Filter = Mapping[str, Any]


class LabelStudioRefused(UsageError):
    """The server understood, and will not."""


class Missing(LabelStudioRefused):
    """There is no such thing on the server, any more or for this user."""


class LabelStudioClient:
    """One server, spoken to as one user; for one thread."""

    def __init__(self, url: str, token: str, transport: httpx2.BaseTransport | None = None) -> None:
        self.url = address(url)
        self._token, self._access, self._until = token.strip(), "", 0.0
        if not self._token:
            raise UsageError(f"{self.url}: no token; set LABEL_STUDIO_API_KEY")
        timeout = httpx2.Timeout(READ, connect=CONNECT)
        self._http = httpx2.Client(base_url=self.url, timeout=timeout, transport=transport, trust_env=not _loopback(self.url))

    def __enter__(self) -> LabelStudioClient:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def get(self, path: str, **query: str | int) -> Any:
        """Return the answer to a question; asked again where the server or the way to it is at fault."""
        return self._again("GET", path, params=query)

    def patch(self, path: str, body: Filter) -> Any:
        """Change something to what it should be, which may be done twice."""
        return self._again("PATCH", path, json=body)

    def post(self, path: str, body: object, **query: str | int) -> Any:
        """Send once.

        Raises:
            TransientError: no answer came: it may have been done.
            Refused: it was not done, and will not be.
        """
        return self._once("POST", path, json=body, params=query)

    def upload(self, path: str, files: Sequence[tuple[str, bytes]], **query: str | int) -> Any:
        """Send files once, as a form would; raise as `post` does."""
        parts = [(f"file{number}", (name, data)) for number, (name, data) in enumerate(files)]
        return self._once("POST", path, files=parts, params=query)

    def delete(self, path: str) -> None:
        """Remove something."""
        self._again("DELETE", path)

    def fetch(self, path: str, first: int, last: int) -> tuple[int, bytes]:
        """Return status and bytes of a part of a file."""
        answer = self._sent("GET", path, headers={"Range": f"bytes={first}-{last}"})
        return answer.status_code, answer.content

    def pages(self, path: str, **query: str | int) -> Iterator[Filter]:
        """Yield all of a list that comes page by page."""
        page = 1
        while True:
            answer = self.get(path, page=page, page_size=PAGE, **query)
            found = answer["results"] if isinstance(answer, dict) else answer
            yield from found
            if not isinstance(answer, dict) or not answer.get("next"):
                return
            page += 1

    def tasks(self, project: int, *conditions: Filter, fields: str = "task_only", include: str = "") -> Iterator[Filter]:
        """Yield the tasks of a project that meet all conditions, by their number.

        By number and not by page: a page would move under the reader while others work.
        """
        last = 0
        while True:
            query: dict[str, Any] = {
                "filters": {"conjunction": "and", "items": [task_filter("id", "greater", "Number", last), *conditions]}
            }
            more = {"include": include} if include else {}
            query |= {"ordering": ["tasks:id"]}
            more = {"include": include} if include else {}
            answer = self.get(
                "/api/tasks/",
                project=project,
                page_size=PAGE,
                fields=fields,
                resolve_uri="false",
                query=json.dumps(query),
                **more,
            )
            yield from answer["tasks"]
            if len(answer["tasks"]) < PAGE:
                return
            last = answer["tasks"][-1]["id"]

    def newest(self, project: int, column: str) -> object:
        """Return the greatest value of a column of tasks, None where there is no task."""
        query = json.dumps({"ordering": [f"-tasks:{column}"]})
        tasks = self.get("/api/tasks/", project=project, page_size=1, query=query, include=column)["tasks"]
        return tasks[0][column] if tasks else None

    def _again(self, method: str, path: str, **more: Any) -> Any:
        for left in reversed(range(TRIES)):
            try:
                return self._once(method, path, **more)
            except TransientError:
                if not left:
                    raise
                time.sleep(PAUSE)
        raise AssertionError

    def _once(self, method: str, path: str, **more: Any) -> Any:
        answer = self._sent(method, path, **more)
        if not answer.content:
            return None
        try:
            return answer.json()
        except ValueError as error:
            raise UsageError(f"{self.url}{path} answers something else than Label Studio would") from error

    def _sent(self, method: str, path: str, **more: Any) -> httpx2.Response:
        headers = {"Authorization": self._authorization(), **more.pop("headers", {})}
        answer = self._try(method, path, headers=headers, **more)
        _raise_for(answer, f"{self.url}{path}")
        return answer

    def _try(self, method: str, path: str, **more: Any) -> httpx2.Response:
        try:
            return self._http.request(method, path, **more)
        except httpx2.ConnectError as error:
            raise TransientError(f"no Label Studio answers at {self.url}: {error}") from error
        except httpx2.HTTPError as error:
            raise TransientError(f"{self.url}{path}: {type(error).__name__} {error}") from error

    def _authorization(self) -> str:
        if not personal(self._token):
            return f"Token {self._token}"
        if time.monotonic() >= self._until:
            answer = self._try("POST", "/api/token/refresh", json={"refresh": self._token})
            _raise_for(answer, f"{self.url}/api/token/refresh")
            self._access, self._until = answer.json()["access"], time.monotonic() + ACCESS
        return f"Bearer {self._access}"


def task_filter(column: str, operator: str, kind: str, value: object) -> Filter:
    """Return one condition on tasks."""
    return {"filter": f"filter:tasks:{column}", "operator": operator, "type": kind, "value": value}


def address(url: str) -> str:
    """Return an address without what does not belong; raise UsageError where it is none."""
    parts = urlsplit(url.strip())
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise UsageError(f"{url!r} is not the address of a server, like http://127.0.0.1:8080")
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"


def personal(token: str) -> bool:
    """Tell a personal access token, which is a refresh token to be traded in, from a legacy one."""
    parts = token.split(".")
    try:
        said = json.loads(base64.urlsafe_b64decode(parts[1] + "==")) if len(parts) == 3 else {}
    except (binascii.Error, ValueError):
        return False
    return isinstance(said, dict) and said.get("token_type") == "refresh"


def _loopback(url: str) -> bool:
    return urlsplit(url).hostname in {"127.0.0.1", "localhost", "::1"}


def _raise_for(answer: httpx2.Response, place: str) -> None:
    status = answer.status_code
    if status < 300:
        return
    said = " ".join(answer.text[:600].split())
    if status in {408, 429} or status >= 500:
        raise TransientError(f"{place} answers {status}: {said}")
    if status == 401:
        raise LabelStudioRefused(f"{place} does not accept the token (401): {said}; check LABEL_STUDIO_API_KEY")
    raise (Missing if status == 404 else LabelStudioRefused)(f"{place} answers {status}: {said}")
