"""Who may log in to a reviewer's server: kept in one file that only its owner can read."""

from __future__ import annotations

import os
import re
import secrets
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import httpx2
from pydantic import TypeAdapter, ValidationError

from label_studio.server.client import LabelStudioClient
from schemas.errors import UsageError

FILE = "server.json"
OWNER = "reviewer@affectory.local"
USER, PASSWORD, TOKEN = "AFFECTORY_REVIEW_USER", "AFFECTORY_REVIEW_PASSWORD", "AFFECTORY_REVIEW_TOKEN"
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One person who may log in."""

    email: str
    password: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewServer:
    """A reviewer's server: where it answers, and to whom."""

    owner: Account
    token: str
    """Legacy token of the owner, 40 hex digits."""
    others: tuple[Account, ...] = ()
    url: str = ""
    """Where it answered last."""


SERVER_JSON = TypeAdapter(ReviewServer)


def load_server(data: Path) -> ReviewServer | None:
    """Return the server of a data folder, or None where none has been made."""
    try:
        return SERVER_JSON.validate_json((data / FILE).read_bytes())
    except FileNotFoundError:
        return None
    except ValidationError as error:
        raise UsageError(f"{data / FILE} is not what label_studio.serve writes: {error.errors()[0]['msg']}") from error


def save_server(data: Path, server: ReviewServer) -> None:
    """Write the file whole; only its owner can read it."""
    handle, name = tempfile.mkstemp(dir=data, prefix=".")
    with os.fdopen(handle, "wb") as file:
        file.write(SERVER_JSON.dump_json(server, indent=1))
        file.flush()
        os.fsync(file.fileno())
    Path(name).replace(data / FILE)


def wanted(old: ReviewServer | None, env: Mapping[str, str], emails: Sequence[str]) -> ReviewServer:
    """Return the accounts that there should be: those of before, else from the environment, else made up.

    Raises:
        UsageError: the environment contradicts what the server was made with, or an address is none.
    """
    server = old or ReviewServer(
        owner=Account(email=env.get(USER) or OWNER, password=env.get(PASSWORD) or secrets.token_urlsafe(12)),
        token=env.get(TOKEN) or secrets.token_hex(20),
    )
    for name, value in ((USER, server.owner.email), (PASSWORD, server.owner.password), (TOKEN, server.token)):
        if env.get(name) and env[name] != value:
            raise UsageError(f"{name} is not what this server was made with; leave it out, or begin another server with --data")
    if not re.fullmatch("[0-9a-f]{40}", server.token):
        raise UsageError(f"{TOKEN}: a token has 40 hexadecimal digits")
    known = {account.email for account in (server.owner, *server.others)}
    for email in (server.owner.email, *emails):
        if not _EMAIL.fullmatch(email):
            raise UsageError(f"{email!r} is not an e-mail address, which Label Studio wants as a name to log in with")
    new = [Account(email=email, password=secrets.token_urlsafe(12)) for email in dict.fromkeys(emails) if email not in known]
    return replace(server, others=(*server.others, *new))


def sign_up(client: LabelStudioClient, accounts: Sequence[Account]) -> None:
    """Make the accounts that the server does not have. Users made by its API cannot log in: so by its form."""
    there = {user["email"] for user in client.get("/api/users/")}
    missing = [account for account in accounts if account.email not in there]
    if not missing:
        return
    invitation = client.get("/api/invite")["invite_url"]
    for account in missing:
        _sign_up(client.url, invitation, account)


def _sign_up(url: str, invitation: str, account: Account) -> None:
    with httpx2.Client(base_url=url, trust_env=False) as page:
        page.get(invitation)
        form = {"email": account.email, "password": account.password, "csrfmiddlewaretoken": page.cookies.get("csrftoken") or ""}
        answer = page.post(invitation, data=form)
    if answer.status_code != 302:
        raise UsageError(f"{url} does not take {account.email} as a reviewer ({answer.status_code})")
