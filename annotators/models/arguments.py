"""The command line about model files; nothing heavy is imported to tell it."""

from __future__ import annotations

import argparse


def models_arguments(prog: str = "python -m annotators.models") -> argparse.ArgumentParser:
    """Return the command line; names may stand on both sides of options, so it is parsed intermixed."""
    made = argparse.ArgumentParser(prog=prog, description="Model files, pinned by hash.")
    made.add_argument("do", choices=("fetch", "list", "verify"), help="get what is missing, tell what there is, or check hashes")
    made.add_argument("names", nargs="*", metavar="NAME", help="models (default: those of the plan)")
    made.add_argument("--plan", default="embedded", metavar="P", help="a plan by name, or a TOML file (default: embedded)")
    made.add_argument("--cache", metavar="DIR", help="in place of $AFFECTORY_CACHE and ~/.cache/affectory")
    return made
