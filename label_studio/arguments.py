"""The command lines of `label_studio`, each a function of the program's name; nothing heavy is imported to tell them."""

from __future__ import annotations

import argparse
from pathlib import Path

from label_studio.server.egress import WAKE_HOST

URL, KEY = "LABEL_STUDIO_URL", "LABEL_STUDIO_API_KEY"
PORT, HOST, POSTGRES = 8080, "127.0.0.1", "AFFECTORY_POSTGRES"


def serve_arguments(prog: str = "python -m label_studio.serve") -> argparse.ArgumentParser:
    """Return the command line that serves."""
    made = argparse.ArgumentParser(
        prog=prog, description="Run a Label Studio server for reviewers.", allow_abbrev=False,
        epilog="Its first user is taken from AFFECTORY_REVIEW_USER, AFFECTORY_REVIEW_PASSWORD and AFFECTORY_REVIEW_TOKEN, "
        "or made and printed once.",
    )  # fmt: skip
    made.add_argument("--shards", type=Path, default=Path("shards"), metavar="DIR", help="folder of versions (default: shards)")
    made.add_argument("--data", type=Path, metavar="DIR", help="what the server keeps (default: SHARDS/reviews/server)")
    made.add_argument("--port", type=int, default=PORT, help=f"port to listen on; 0: a free one (default: {PORT})")
    made.add_argument("--host", default=HOST, help=f"address to listen on (default: {HOST}: this machine only)")
    made.add_argument(
        "--postgres", metavar="URL", help=f"postgresql://USER:PASSWORD@HOST:PORT/NAME in place of SQLite (or set {POSTGRES})"
    )
    made.add_argument("--reviewer", action="append", default=[], metavar="EMAIL", help="one more who may log in; may be repeated")
    return made


def push_arguments(prog: str = "python -m label_studio.push") -> argparse.ArgumentParser:
    """Return the command line that pushes."""
    made = _client(prog, "Put what people must decide on a Label Studio server, each item once.")
    made.add_argument("--version", metavar="NAME", help="the version (default: the newest)")
    made.add_argument("--annotators", type=int, metavar="N", help="people per clip (default: the plan's)")
    made.add_argument("--preferences", action="store_true", help="also ask which of two explanations of a clip is better")
    made.add_argument("--media-url", metavar="URL", help="reviewers find URL/VERSION/CLIP.mp4 (default: clips are uploaded)")
    return made


def pull_arguments(prog: str = "python -m label_studio.pull") -> argparse.ArgumentParser:
    """Return the command line that pulls."""
    made = _client(prog, "Bring what people answered to the versions.")
    made.add_argument("--every", type=float, metavar="SECONDS", help="go on pulling so often, until stopped (default: pull once)")
    made.add_argument(
        "--wake", metavar="[HOST:]PORT", help=f"with --every: also as soon as the server calls there (default HOST: {WAKE_HOST}; "
        "PORT 0: a free one). HOST is where this machine listens and what the server calls it by",
    )  # fmt: skip
    return made


def status_arguments(prog: str = "python -m label_studio.status") -> argparse.ArgumentParser:
    """Return the command line that tells how far the review is."""
    return _client(prog, "How far the review is, and how well people agree.")


def _client(prog: str, does: str) -> argparse.ArgumentParser:
    """Return a command line with what all commands that speak to a server take."""
    made = argparse.ArgumentParser(
        prog=prog, description=does, allow_abbrev=False,
        epilog=f"Without --url and {URL}: the server that `affectory review serve` runs. "
        f"The token of any other is read from {KEY}, a legacy or a personal one.",
    )  # fmt: skip
    made.add_argument("--shards", type=Path, default=Path("shards"), metavar="DIR", help="folder of versions (default: shards)")
    made.add_argument("--url", metavar="URL", help=f"address of a Label Studio server (default: {URL})")
    return made
