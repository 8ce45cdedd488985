"""`python -m annotators.models fetch|list|verify`: the command about model files."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Sequence

from annotators.models import catalog
from annotators.models.catalog import Model
from annotators.models.local import fetch, path
from annotators.registry import used_by
from schemas.errors import AffectoryError, ModelFileError


def _state(model: Model) -> str:
    try:
        path(model.name)
    except ModelFileError as error:
        return "corrupt" if "corrupt" in str(error) else "not here"
    return "good"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m annotators.models", description="Model files, pinned by hash.")
    parser.add_argument("do", choices=("fetch", "list", "verify"))
    parser.add_argument("names", nargs="*", metavar="NAME", help="models (default: those of the plan)")
    parser.add_argument("--plan", default="embedded", help="embedded, studio or a TOML file (default: embedded)")
    parser.add_argument("--cache", metavar="DIR", help="in place of $AFFECTORY_CACHE and ~/.cache/affectory")
    args = parser.parse_intermixed_args(argv)
    if args.cache:
        os.environ["AFFECTORY_CACHE"] = args.cache
    logging.basicConfig(format="%(message)s")
    logging.getLogger("annotators").setLevel(logging.INFO)
    try:
        if args.do == "list":
            return _list()
        return _each(args.do, args.names or used_by(args.plan))
    except AffectoryError as error:
        sys.stderr.write(f"annotators.models: {error}\n")
        return 2


def _list() -> int:
    for model in catalog.entries().models:
        size = sum(file.bytes for file in model.files) / 1e6
        sys.stdout.write(f"{model.name:<34}{size:>7.1f} MB  {_state(model):<9} {model.what}; {model.licence}\n")
    return 0


def _each(do: str, names: Sequence[str]) -> int:
    """Fetch or verify each; a failure does not keep the others from their turn."""
    status = 0
    for name in names:
        try:
            place = fetch(name) if do == "fetch" else path(name)
        except AffectoryError as error:
            sys.stderr.write(f"annotators.models: {error}\n")
            status = 2
        else:
            sys.stdout.write(f"{name}: good, in {place}\n")
    return status
