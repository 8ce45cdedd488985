"""What a language model is shown of a clip: quotations as JSON, which nothing in them can leave, and pictures."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from annotators.media import decoder
from schemas.claims import Cue
from schemas.record import Clip
from schemas.values import Span

_PICTURES = 4
_WIDTH = 640
_ESCAPED = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"}


def evidence(clip: Clip, languages: Sequence[str], answer: str | None, times: Sequence[float]) -> str:
    """Return the evidence as one JSON object between tags; no quoted text can close the tag."""
    shown: dict[str, Any] = {
        "seconds": round(clip.requested.duration, 2),
        "spoken": clip.languages[0].language if clip.languages else None,
        "transcript": clip.transcript,
        "cues": [_cue(cue) for cue in clip.cues],
        "languages": list(languages),
    }
    shown |= {"pictures": [round(time, 2) for time in times]} if times else {}
    shown |= {"answer": answer} if answer is not None else {}
    text = json.dumps(shown, ensure_ascii=False)
    for sign, escape in _ESCAPED.items():
        text = text.replace(sign, escape)
    return f"<evidence>\n{text}\n</evidence>"


def key_times(clip: Clip) -> tuple[float, ...]:
    """Return the times of the clip's key frames, those of the target's face where it has one; in order, at most four."""
    track = clip.targets[0].track if clip.targets else None
    times = {frame.time for frame in clip.frames if track in (None, frame.track)}
    return tuple(sorted(times)[:_PICTURES])


def picture(path: Path, time: float) -> Mapping[str, Any]:
    """Return the picture shown at a time as a part of a message.

    Raises:
        ItemError: it cannot be decoded.
    """
    frame = next(decoder.frames(path, rate=1.0, span=Span(start=time, end=time + 1.0), width=_WIDTH))
    data = base64.b64encode(decoder.still(frame.image)).decode()
    return {"type": "image_url", "image_url": {"url": f"data:image/jpeg;base64,{data}"}}


def _cue(cue: Cue) -> dict[str, Any]:
    shown: dict[str, Any] = {"id": cue.cue_id, "modality": cue.modality, "text": cue.text}
    if cue.span is not None:
        shown |= {"from": round(cue.span.start, 2), "to": round(cue.span.end, 2)}
    return shown if cue.value is None else shown | {"value": round(cue.value, 3)}
