"""The browser's own players, as the form shows them."""

from __future__ import annotations

import re
import subprocess
import tempfile
from html import escape
from pathlib import Path

from schemas.errors import ItemError

VIDEO, SILENT, SOUND = "mp4", "silent.mp4", "flac"
"""Kinds of media: the clip, the clip without its sound, the sound."""
# The first Tab on a page leads to what has a tabindex above 0; the following ones go on from there.
_PLAYERS = {
    VIDEO: '<video src="{}" controls playsinline preload="auto" tabindex="1"></video>',
    SILENT: '<video src="{}" controls playsinline autoplay muted loop tabindex="1"></video>',
    SOUND: '<audio src="{}" controls preload="auto" tabindex="1"></audio>',
}
NO_PICTURE = "<p>This clip has no picture: choose <b>unclear</b>.</p>"
NO_SOUND = "<p>This clip has no sound: choose <b>unclear</b>.</p>"
NO_CLIP = "<p>This clip has neither picture nor sound.</p>"
_URL = re.compile(r"(https?:/)?/[^\s\"'<>\\]+")
_SHAPES = [re.compile(re.escape(tag).replace(r"\{\}", r"[^\s\"'<>\\]+")) for tag in _PLAYERS.values()]


def player(url: str, kind: str) -> str:
    """Return the player of a file as HTML.

    Raises:
        ItemError: the address is neither http(s) nor a path of the server, or could leave its attribute.
    """
    if not _URL.fullmatch(url):
        raise ItemError(f"{url!r} is no address of a clip")
    return _PLAYERS[kind].format(escape(url))


def is_player(html: str) -> bool:
    """Tell whether a piece of HTML is one of ours, and nothing beside it."""
    return html in {NO_PICTURE, NO_SOUND, NO_CLIP} or any(shape.fullmatch(html) for shape in _SHAPES)


def silenced(video: bytes) -> bytes:
    """Return an mp4 without its sound; the picture is copied, not encoded again.

    Raises:
        ItemError: ffmpeg cannot read it.
    """
    with tempfile.TemporaryDirectory() as folder:
        whole, silent = Path(folder, "whole.mp4"), Path(folder, "silent.mp4")
        whole.write_bytes(video)
        command: list[str | Path] = ["ffmpeg", "-v", "error", "-i", whole, "-map", "0:v:0", "-c", "copy", "-fflags", "+bitexact",
                   "-movflags", "+faststart", silent]  # fmt: skip
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
        if done.returncode:
            raise ItemError(f"ffmpeg cannot take the sound off: {done.stderr.decode(errors='replace').strip()[-200:]}")
        return silent.read_bytes()
