"""The browser's own players, as the form shows them."""

from __future__ import annotations

import re
from html import escape

from schemas.errors import ItemError

VIDEO, SILENT, SOUND = "mp4", "silent.mp4", "flac"
"""Kinds of media: the clip, the clip without its sound, the sound."""
LATER, SOUND_LATER = "later", "sound later"
"""The clip and its sound where something was played before: they wait to be played."""
# Chromium's Tab skips a tabindex above 0 once something was focused before, and finds nothing else near where nothing was.
_MEDIA = 'controls controlslist="nodownload noplaybackrate noremoteplayback" preload="auto"'
_PLAYERS = {
    VIDEO: f'<video src="{{}}" {_MEDIA} playsinline disablepictureinpicture autoplay tabindex="1"></video>',
    LATER: f'<video src="{{}}" {_MEDIA} playsinline disablepictureinpicture></video>',
    SILENT: '<video src="{}" playsinline disablepictureinpicture autoplay muted loop></video>',
    SOUND: f'<audio src="{{}}" {_MEDIA} tabindex="1"></audio>',
    SOUND_LATER: f'<audio src="{{}}" {_MEDIA}></audio>',
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
