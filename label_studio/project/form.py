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
from html import escape
from importlib.resources import files
from typing import get_type_hints
from xml.etree import ElementTree as xml

from label_studio.project.hotkeys import CANNOT_KEYS, EXPLAINED, NO_KEY, TRUTH_KEYS, padded, share_keys
from schemas.arrow import unwrap
from schemas.claims import Label
from schemas.errors import UsageError
from schemas.meta import Within
from schemas.provenance import digest
from schemas.vocabulary.modalities import Modality, modalities
from schemas.vocabulary.spaces import space

CONFLICT, ORDINARY, ADJUDICATE, PREFER = "conflict", "ordinary", "adjudicate", "prefer"
KINDS = (CONFLICT, ORDINARY, ADJUDICATE, PREFER)
SPACE = "ekman7"
"""Label space of tasks and answers that name none: those from before another could be asked about."""
UNCLEAR = "unclear"
"""Chosen for one modality: it is there, or not, and says nothing that a person could name."""
CANNOT = {
    "nobody": "nobody to judge",
    "several": "several people",
    "unusable": "broken picture or sound",
    "language": "language not understood",
    "other": "another reason",
}
RIGHT, WRONG = "right", "wrong"
PREFERENCES = {"a1": "left", "same": "equally good", "a2": "right"}
SOUND_AGAIN = "sound_again"
"""Key of a task's data: the sound for a second modality that is judged by it."""
PLAYS = "Tab, then Space plays"
STEPS = 5
"""Points of a scale, one key each."""


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
_SIZES = [STEPS for _ in SCALE_WORDS]


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
def form(kind: str, space_name: str = SPACE) -> str:
    """Return the labelling configuration of a kind of task, as XML.

    Raises:
        UsageError: there is no such kind or label space, or two parts of the form have one name.
    """
    if kind not in KINDS:
        raise UsageError(f"there is no form {kind!r}; there are {', '.join(KINDS)}")
    root = xml.Element("View", className=f"af af-{kind}")
    xml.SubElement(root, "Style").text = _style()
    labels = space(space_name).labels
    {CONFLICT: _conflict, ORDINARY: _ordinary, ADJUDICATE: _adjudicate, PREFER: _prefer}[kind](root, labels)
    _refuse_doubles(root)
    xml.indent(root)
    return xml.tostring(root, encoding="unicode")


@cache
def form_hash(kind: str, space_name: str = SPACE) -> str:
    """Return the first 12 hex digits of the sha256 of the configuration without its looks: what is asked, shown, and when."""
    root = xml.fromstring(form(kind, space_name))  # noqa: S314
    for style in root.findall("Style"):
        root.remove(style)
    return digest(xml.tostring(root, encoding="unicode"), 12)


@cache
def data_keys(kind: str) -> tuple[str, ...]:
    """Return the keys of a task's data that the form shows, sorted; one that is missing makes the server refuse a whole batch."""
    values = (value for tag in xml.fromstring(form(kind)).iter() for value in tag.attrib.values())  # noqa: S314
    return tuple(sorted({value[1:] for value in values if value.startswith("$")}))


@cache
def controls(kind: str, space_name: str = SPACE) -> dict[str, tuple[str, ...]]:
    """Return what can be answered: the values of each group of choices as they are stored, () for a text."""
    root = xml.fromstring(form(kind, space_name))  # noqa: S314
    found = {
        group.attrib["name"]: tuple(one.attrib.get("alias", one.attrib["value"]) for one in group.iter("Choice"))
        for group in root.iter("Choices")
    }
    return found | {text.attrib["name"]: () for text in root.iter("TextArea")}


def truths() -> dict[str, str]:
    """Return where the truth can lie, by value, in words."""
    return {name: f"the {name}" for name in modalities()} | {"all": "all together", "none": "none of them"}


def _refuse_doubles(root: xml.Element) -> None:
    names = [tag.attrib["name"] for tag in root.iter() if "name" in tag.attrib]
    if doubles := {name for name in names if names.count(name) > 1}:
        raise UsageError(f"no modality can be named {sorted(doubles)[0]!r}: the form of the reviewers has a part of that name")


def _style() -> str:
    # Label Studio writes the style through an HTML sanitizer, which breaks what contains <, > or &.
    return files("label_studio.project").joinpath("form.css").read_text(encoding="utf-8")


def _conflict(root: xml.Element, labels: Sequence[str]) -> None:
    stages = _view(_judged(root), "af-stages")
    alone = (*labels, UNCLEAR)
    *rows, emotion, low, middle, high = share_keys([*(len(alone) for _ in modalities()), len(labels), *_SIZES])
    before: str | None = None
    for number, (modality, keys) in enumerate(zip(modalities().values(), rows, strict=True), 1):
        stage = _stage(stages, number, modality, before)
        _choices(stage, modality.name, _same(alone), keys, required=f"Say what the {modality.name} shows, or that it is unclear.")
        before = modality.name
    whole = _view(stages, "af-stage af-all", after=before)
    _title(whole, len(rows) + 1, "All together", PLAYS)
    columns = _view(whole, "af-columns")
    _player(columns)
    right = _view(columns, "af-right")
    _emotion(right, labels, emotion)
    _scales(right, (low, middle, high))
    _truth(right)
    _machine(right, len(rows) + 2)


def _ordinary(root: xml.Element, labels: Sequence[str]) -> None:
    columns = _view(_judged(root), "af-columns")
    _player(columns)
    _felt(_view(columns, "af-right"), labels)


def _adjudicate(root: xml.Element, labels: Sequence[str]) -> None:
    columns = _view(_judged(root), "af-columns")
    left = _player(columns)
    _note(_view(left, "af-panel af-answers"), "$answers", title="What the reviewers said")
    _felt(_view(columns, "af-right"), labels, asks_truth=True)


def _felt(parent: xml.Element, labels: Sequence[str], asks_truth: bool = False) -> None:
    _title(parent, 1, "What does the person feel?", PLAYS)
    emotion, *scales_keys = share_keys([len(labels), *_SIZES])
    _emotion(parent, labels, emotion)
    _scales(parent, scales_keys)
    if asks_truth:
        _truth(parent)
    _machine(parent, 2)


def _prefer(root: xml.Element, _: Sequence[str]) -> None:
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
    _choices(_view(root, "af-cannot"), "cannot", CANNOT, CANNOT_KEYS, title="Cannot judge")


def _stage(parent: xml.Element, number: int, modality: Modality, after: str | None) -> xml.Element:
    """Add the stage at which one modality is judged alone, with what a reviewer is given for it."""
    stage = _view(parent, f"af-stage af-blind af-{modality.name}", after)
    _title(stage, number, modality.name.capitalize(), modality.question or f"what does the {modality.name} alone show?")
    media = _view(stage, "af-media")
    first = modality.name == next(one.name for one in modalities().values() if one.stage == modality.stage)
    match modality.stage:
        case "text":
            _note(media, "$words")
        case "all":
            _play(media, "clip", f"clip-{modality.name}")
        case shown if first:
            _play(media, shown, shown)
        case shown:
            _play(media, SOUND_AGAIN if shown == "sound" else shown, f"{shown}-{modality.name}")
    return stage


def _player(parent: xml.Element, judged: bool = True) -> xml.Element:
    left = _view(parent, "af-left")
    _play(_view(left, "af-media"), "clip", "clip")
    _note(_view(left, "af-panel af-transcript"), "$transcript")
    if judged:
        cues = _view(left, "af-panel af-cues", after="emotion")
        _note(cues, "$cues", title="What the machine noticed")
    return left


def _play(parent: xml.Element, shown: str, name: str) -> None:
    """Add a player: the page's own element, out of the task, as Label Studio's players can be heard while they are hidden."""
    xml.SubElement(parent, "HyperText", name=name, value=f"${shown}", inline="true")


def _emotion(parent: xml.Element, labels: Sequence[str], keys: Sequence[str]) -> None:
    required = "Say what the person feels, or why it cannot be judged."
    _choices(parent, "emotion", _same(labels), keys, title="Emotion", required=required)


def _same(labels: Sequence[str]) -> dict[str, str]:
    return {label: label for label in labels}


def _truth(parent: xml.Element) -> None:
    options = truths()
    _choices(parent, "truth", options, padded(TRUTH_KEYS, len(options)), title="Truth is in")


def _scales(parent: xml.Element, keys: Sequence[Sequence[str]]) -> None:
    for scale, own in zip(scales(), keys, strict=True):
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
    _choices(machine, "explained", {RIGHT: "right as it stands here", WRONG: "wrong"}, EXPLAINED, title="Explanation")


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
        shown = f"<kbd>{key.replace('shift+', '⇧').upper()}</kbd> " if key != NO_KEY else ""
        xml.SubElement(group, "Choice", alias=value, value=word, hotkey=key, html=f"{shown}{escape(word)}")


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
