"""The prompts that are installed, by one door: what a language model is told before it sees anything."""

from __future__ import annotations

from pathlib import Path

from schemas.doors import behind, data_file
from schemas.errors import UsageError, did_you_mean

PROMPTS = "affectory.prompts"
"""The entry-point group of prompts, each a Markdown file."""


def prompt_text(name: str) -> str:
    """Return the text of an installed prompt, or of the Markdown file of that path.

    Raises:
        UsageError: there is neither, or it holds nothing that is text.
    """
    there = behind(PROMPTS)
    place = data_file(there[name]) if name in there else Path(name)
    if name not in there and not (name.endswith(".md") and place.is_file()):
        known = ", ".join(there) + did_you_mean(name, there)
        raise UsageError(f"prompt {name!r}: no such prompt, and no such file that ends in .md; installed prompts are {known}")
    try:
        text = place.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"prompt {name!r}: {place} cannot be read as UTF-8: {error}") from error
    if not text.strip():
        raise UsageError(f"prompt {name!r}: {place} is empty")
    return text
