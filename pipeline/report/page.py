"""`python -m pipeline.report --shards shards/`: one page that shows whether a version is good.

The page holds all it needs, opens from a file without a network, and a Content-Security-Policy keeps it from loading or running
anything but its own style sheet and script. A build writes it into the version; the command makes it again elsewhere.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from pipeline.cli.render import run_document
from pipeline.report.gallery import CLIPS, MEDIA_BYTES, ClipChoice, cards
from pipeline.report.timeline import ticks
from pipeline.stats.counters import AXIS, BINS, COLUMNS, VersionCounters
from schemas.versions.accounts import totalled
from schemas.versions.manifest import Manifest
from schemas.versions.rows import read_clips
from schemas.versions.split_facts import LINKS
from schemas.vocabulary.distributions import ALL
from schemas.vocabulary.modalities import modalities, modality_order
from schemas.vocabulary.spaces import space

REPORT = "report.html"
REASONS = 3
"""Reasons of each decision that the funnel names, the commonest."""
_CONTROLS = {code: chr(0x2400 + code) for code in range(32) if chr(code) not in "\t\n"} | {127: "␡", 13: "\n"}


def page(version: Path, manifest: Manifest, name: str) -> str:
    """Return the report of a version as HTML: the same bytes for the same version.

    All rows are counted; what a card shows is read for a bounded number of clips.
    """
    tally, choice = VersionCounters(manifest.plan["assess"]["space"]), ClipChoice()
    for clip in read_clips(version, COLUMNS):
        tally.add(clip)
        choice.add(clip)
    shown = cards(version, choice.clip_ids(), onto=manifest.plan["assess"]["space"])
    style, script = _part("report.css") + _colours(), _part("report.js")
    return _template().render(
        name=name,
        manifest=manifest,
        total=totalled(manifest.accounts),
        tally=tally,
        modalities=sorted(tally.felt, key=modality_order),
        labels=space(tally.space).labels,
        pairs=sorted(tally.pairs, key=lambda pair: sorted(map(modality_order, pair))),
        cards=shown,
        clips=sum(file.rows for file in manifest.files),
        style=Markup(style),  # noqa: S704
        script=Markup(script),  # noqa: S704
        policy=_policy(style, script),
        **_limits(),
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status."""
    return run_document("pipeline.report", "One page about a version.", page, argv)


def _limits() -> dict[str, Any]:
    return {"ALL": ALL, "AXIS": AXIS, "BINS": BINS, "CLIPS": CLIPS, "MEDIA_BYTES": MEDIA_BYTES, "REASONS": REASONS}


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, finalize=_visible, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"clock": _clock, "channel": _channel}
    environment.globals |= {"ticks": ticks, "LINKS": LINKS}
    return environment.from_string(_part("report.html"))


def _part(name: str) -> str:
    return files("pipeline.report").joinpath("templates", name).read_text(encoding="utf-8")


def _policy(style: str, script: str) -> str:
    own, run = (f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" for text in (style, script))
    return (
        f"default-src 'none'; img-src data:; media-src data:; style-src {own}; script-src {run}; "
        "base-uri 'none'; form-action 'none'"
    )


def _visible(value: object) -> object:
    """Return a text with its control characters in pictures, since HTML may not hold them."""
    return value.translate(_CONTROLS) if isinstance(value, str) and not isinstance(value, Markup) else value


def _clock(seconds: float) -> str:
    """Return seconds as m:ss.s, with hours where there are any."""
    tenths = round(seconds * 10)
    hours, minutes, rest = tenths // 36000, tenths // 600 % 60, tenths % 600 / 10
    return f"{hours}:{minutes:02d}:{rest:04.1f}" if hours else f"{minutes}:{rest:04.1f}"


def _colours() -> str:
    """Return the style of the class of each registered modality: its colour on light and on dark ground."""
    own = {f"m-{number}": one.colour for number, one in enumerate(modalities().values(), 1)}
    light, dark = ("".join(f".{name} {{ --mine: {colour[ground]}; }}\n" for name, colour in own.items()) for ground in (0, 1))
    return f"{light}@media (prefers-color-scheme: dark) {{\n{dark}}}\n"


def _channel(modality: str) -> str:
    """Return the class that colours a modality: by its place, since a name may hold anything; the unknown share one."""
    known = (ALL, *modalities())
    return f"hue m-{known.index(modality)}" if modality in known else "hue m-other"
