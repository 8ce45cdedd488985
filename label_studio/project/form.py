"""The page on which a person decides: Label Studio's labelling configuration, generated from the schemas.

What Label Studio 1.23.2 does not do and the page therefore works around: a choice reacts to its key even while it is hidden,
so no key may serve two stages; a stage is shown by a choice of the stage before, and that choice must itself be shown, so an
answered stage is not hidden but folded by CSS; all players of the page share one play key, so the silent picture is not
a `Video` (it would play the hidden one, with sound) but a plain element of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import get_type_hints
from xml.etree import ElementTree as xml

from schemas.arrow import unwrap
from schemas.claims import Label
from schemas.errors import UsageError
from schemas.meta import Within
from schemas.provenance import digest
from schemas.vocabulary.spaces import space

CONFLICT, ORDINARY, ADJUDICATE, PREFER = "conflict", "ordinary", "adjudicate", "prefer"
KINDS = (CONFLICT, ORDINARY, ADJUDICATE, PREFER)
SPACE = "ekman7"
UNCLEAR = "unclear"
"""Chosen for one modality: it is there, or not, and says nothing that a person could name."""
BLIND = ("face", "voice", "words")
TRUTHS = {"face": "the face", "voice": "the voice", "words": "the words", "all": "all together", "none": "none of them"}
CANNOT = {
    "nobody": "nobody to judge",
    "several": "several people",
    "unusable": "broken picture or sound",
    "language": "language not understood",
    "other": "another reason",
}
RIGHT, WRONG = "right", "wrong"
PREFERENCES = {"a1": "left", "same": "equally good", "a2": "right"}
PLAYS = "Tab, then Space plays"
STEPS = 5
"""Points of a scale, one key each."""
ROWS = ("12345678", "qwertyui", "asdfghjk", "zxcvbnm,")
"""Keys by row of the keyboard; a column is one label, whatever the stage."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """A range of `schemas.claims.Label` as steps that a person picks from."""

    name: str
    title: str
    steps: tuple[tuple[str, str], ...]
    """Value as it is stored, and as it is read, from low to high."""


SCALE_WORDS = {
    "valence": ("Pleasant?", ("very bad", "bad", "neither", "good", "very good")),
    "arousal": ("Energy", ("very calm", "calm", "medium", "lively", "very lively")),
    "intensity": ("Strength", ("hardly any", "slight", "clear", "strong", "extreme")),
}


@cache
def scales() -> tuple[Scale, ...]:
    """Return the three scales; their ends are those that the schema gives the fields."""
    hints, found = get_type_hints(Label, include_extras=True), []
    for name, (title, words) in SCALE_WORDS.items():
        within = next(mark for mark in unwrap(hints[name])[2] if isinstance(mark, Within))
        values = [within.low + (within.high - within.low) * step / (STEPS - 1) for step in range(STEPS)]
        steps = tuple((f"{value:g}", word) for value, word in zip(values, words, strict=True))
        found.append(Scale(name=name, title=title, steps=steps))
    return tuple(found)


@cache
def form(kind: str) -> str:
    """Return the labelling configuration of a kind of task, as XML."""
    if kind not in KINDS:
        raise UsageError(f"there is no form {kind!r}; there are {', '.join(KINDS)}")
    root = xml.Element("View", className=f"af af-{kind}")
    xml.SubElement(root, "Style").text = _style()
    {CONFLICT: _conflict, ORDINARY: _ordinary, ADJUDICATE: _adjudicate, PREFER: _prefer}[kind](root)
    xml.indent(root)
    return xml.tostring(root, encoding="unicode")


@cache
def form_hash(kind: str) -> str:
    """Return the first 12 hex digits of the sha256 of the configuration without its looks: what is asked, shown, and when."""
    root = xml.fromstring(form(kind))  # noqa: S314
    for style in root.findall("Style"):
        root.remove(style)
    return digest(xml.tostring(root, encoding="unicode"), 12)


@cache
def data_keys(kind: str) -> tuple[str, ...]:
    """Return the keys of a task's data that the form shows, sorted; one that is missing makes the server refuse a whole batch."""
    values = (value for tag in xml.fromstring(form(kind)).iter() for value in tag.attrib.values())  # noqa: S314
    return tuple(sorted({value[1:] for value in values if value.startswith("$")}))


@cache
def controls(kind: str) -> dict[str, tuple[str, ...]]:
    """Return what can be answered: the values of each group of choices as they are stored, () for a text."""
    root = xml.fromstring(form(kind))  # noqa: S314
    found = {
        group.attrib["name"]: tuple(one.attrib.get("alias", one.attrib["value"]) for one in group.iter("Choice"))
        for group in root.iter("Choices")
    }
    return found | {text.attrib["name"]: () for text in root.iter("TextArea")}


def _style() -> str:
    # Label Studio writes the style through an HTML sanitizer, which breaks what contains <, > or &.
    return files("label_studio.project").joinpath("form.css").read_text(encoding="utf-8")


def _conflict(root: xml.Element) -> None:
    body = _judged(root)
    stages = _view(body, "af-stages")
    face = _stage(stages, 1, "Face", "watch without sound — what does the face alone show?", "face")
    _play(_view(face, "af-media"), "silent")
    _labels(face, "face", 0)
    voice = _stage(stages, 2, "Voice", "listen without picture — Tab, then Space plays", "voice", after="face")
    _play(_view(voice, "af-media"), "sound")
    _labels(voice, "voice", 1)
    words = _stage(stages, 3, "Words", "read — what do the words alone say?", "words", after="voice")
    _note(_view(words, "af-media"), "$words")
    _labels(words, "words", 2)
    whole = _view(stages, "af-stage af-all", after="words")
    _title(whole, 4, "All together", PLAYS)
    columns = _view(whole, "af-columns")
    _player(columns)
    right = _view(columns, "af-right")
    _emotion(right, ROWS[3][:7])
    _scales(right, [f"shift+{key}" for row in ROWS[:3] for key in row[:STEPS]])
    _choices(right, "truth", TRUTHS, [f"shift+{key}" for key in ROWS[3][:STEPS]], title="Truth is in")
    _machine(right, 5)


def _ordinary(root: xml.Element) -> None:
    columns = _view(_judged(root), "af-columns")
    _player(columns)
    right = _view(columns, "af-right")
    _title(right, 1, "What does the person feel?", PLAYS)
    _emotion(right, ROWS[0][:7])
    _scales(right, [key for row in ROWS[1:] for key in row[:STEPS]])
    _machine(right, 2)


def _adjudicate(root: xml.Element) -> None:
    columns = _view(_judged(root), "af-columns")
    left = _player(columns)
    _note(_view(left, "af-panel af-answers"), "$answers", title="What the reviewers said")
    right = _view(columns, "af-right")
    _title(right, 1, "What does the person feel?", PLAYS)
    _emotion(right, ROWS[0][:7])
    _scales(right, [key for row in ROWS[1:] for key in row[:STEPS]])
    _choices(right, "truth", TRUTHS, [f"shift+{key}" for key in ROWS[3][:STEPS]], title="Truth is in")
    _machine(right, 2)


def _prefer(root: xml.Element) -> None:
    columns = _view(root, "af-columns")
    _player(columns, judged=False)
    right = _view(columns, "af-right")
    pair = _view(right, "af-pair")
    for key, word in (("a1", "Left"), ("a2", "Right")):
        _note(_view(pair, "af-panel af-candidate"), f"${key}", title=word)
    _choices(right, "preferred", PREFERENCES, "123", title="Which explains better?", required="Say which one explains better.")
    _cannot(root)


def _judged(root: xml.Element) -> xml.Element:
    """Return the view of all that is asked unless the clip cannot be judged."""
    body = _view(root, "af-body")
    body.attrib |= {"visibleWhen": "choice-unselected", "whenTagName": "cannot"}
    _cannot(root)
    return body


def _cannot(root: xml.Element) -> None:
    _choices(_view(root, "af-cannot"), "cannot", CANNOT, [f"shift+{key}" for key in "67890"], title="Cannot judge")


def _stage(parent: xml.Element, number: int, title: str, does: str, name: str, after: str | None = None) -> xml.Element:
    stage = _view(parent, f"af-stage af-blind af-{name}", after)
    _title(stage, number, title, does)
    return stage


def _player(parent: xml.Element, judged: bool = True) -> xml.Element:
    left = _view(parent, "af-left")
    _play(_view(left, "af-media"), "clip")
    _note(_view(left, "af-panel af-transcript"), "$transcript")
    if judged:
        cues = _view(left, "af-panel af-cues", after="emotion")
        _note(cues, "$cues", title="What the machine noticed")
    return left


def _play(parent: xml.Element, name: str) -> None:
    """Add a player: the page's own element, out of the task, as Label Studio's players can be heard while they are hidden."""
    xml.SubElement(parent, "HyperText", name=name, value=f"${name}", inline="true")


def _emotion(parent: xml.Element, keys: Sequence[str]) -> None:
    names = {name: name for name in space(SPACE).labels}
    _choices(parent, "emotion", names, keys, title="Emotion", required="Say what the person feels, or why it cannot be judged.")


def _labels(parent: xml.Element, name: str, row: int) -> None:
    names = {label: label for label in (*space(SPACE).labels, UNCLEAR)}
    _choices(parent, name, names, ROWS[row], required=f"Say what the {name} shows, or that it is unclear.")


def _scales(parent: xml.Element, keys: Sequence[str]) -> None:
    for number, scale in enumerate(scales()):
        own = keys[number * STEPS : (number + 1) * STEPS]
        _choices(parent, scale.name, dict(scale.steps), own, title=scale.title)


def _machine(parent: xml.Element, number: int) -> None:
    """Add the machine's candidates, which appear only after the person's own answer."""
    machine = _view(parent, "af-machine", after="emotion")
    _title(machine, number, "The machine says", "Tab leads to the text and out of it — Ctrl+Enter submits")
    _note(machine, "$machine")
    xml.SubElement(
        machine, "TextArea", name="rationale", toName="clip", value="$rationale", rows="4", editable="true",
        maxSubmissions="1", showSubmitButton="false",
    )  # fmt: skip
    _choices(machine, "explained", {RIGHT: "right as it stands here", WRONG: "wrong"}, "90", title="Explanation")


def _choices(
    parent: xml.Element, name: str, options: dict[str, str], keys: Sequence[str], *, title: str = "", required: str = ""
) -> None:
    row = _view(parent, f"af-row af-ask-{name}")
    if title:
        xml.SubElement(row, "Header", value=title, size="5")
    group = xml.SubElement(row, "Choices", name=name, toName="clip", choice="single-radio", layout="inline")
    if required:
        group.attrib |= {"required": "true", "requiredMessage": required}
    for (value, word), key in zip(options.items(), keys, strict=True):
        shown = key.replace("shift+", "⇧").upper()
        xml.SubElement(group, "Choice", alias=value, value=word, hotkey=key, html=f"<kbd>{shown}</kbd> {word}")


def _title(parent: xml.Element, number: int, title: str, does: str) -> None:
    line = _view(parent, "af-title")
    xml.SubElement(line, "Header", value=f"{number}", size="5")
    xml.SubElement(line, "Header", value=title, size="5")
    xml.SubElement(line, "Header", value=does, size="5")


def _note(parent: xml.Element, value: str, title: str = "") -> None:
    """Add a text out of the task: a Header is the one tag that shows it as text, whatever it holds."""
    if title:
        xml.SubElement(_view(parent, "af-label"), "Header", value=title, size="5")
    xml.SubElement(_view(parent, "af-note"), "Header", value=value, size="5")


def _view(parent: xml.Element, name: str, after: str | None = None) -> xml.Element:
    """Add a block, with `after` one that is shown once that choice is made."""
    view = xml.SubElement(parent, "View", className=name)
    if after:
        view.attrib |= {"visibleWhen": "choice-selected", "whenTagName": after}
    return view
