"""Composed rationales in English."""

from __future__ import annotations

from collections.abc import Sequence

from annotators.rationale.contract import Sentence
from annotators.rationale.wording import (
    END,
    LONG,
    START,
    Noted,
    Part,
    Unknown,
    form_runs,
    marks,
    number,
    times,
    unmarked,
    whole_clip,
)
from annotators.verbalize import impression, label_name
from schemas.claims import Cue
from schemas.vocabulary.modalities import modality_of


class English:
    """See `annotators.rationale.wording.Wording`."""

    def part(self, part: Part, seconds: float) -> Sentence:
        """Say what one modality shows."""
        own, subject = part.own, modality_of(part.modality).subject_text
        told = ", and ".join(_run(heard, run, seconds) for heard, run in form_runs(part.noted))
        if own is None:
            text = f"{subject} {_verb(part.modality, 'gives', 'give')} no clear emotion, but {told}."
        else:
            text = f"{subject} {own.text} {marks([own.cue_id])}{': ' if told else ''}{told}."
        return Sentence(text=text, cites=_cites(part))

    def against(self, odd: Part, rest: Sequence[Part]) -> Sentence:
        """Say that one modality contradicts all the others."""
        stands = "stand" if modality_of(odd.modality).plural else "stands"
        text = f"The {odd.modality} {stands} against {_named(rest)}: {_view(odd)}, while {_joined([_view(one) for one in rest])}"
        return _ended(text, [odd, *rest])

    def disagree(self, parts: Sequence[Part]) -> Sentence:
        """Say that modalities contradict each other."""
        views = _joined([_view(one) for one in parts])
        return _ended(f"{_named(parts, True)} disagree: {views}, and nothing here tells which of them to trust", parts)

    def half(self, shown: Sequence[Part], silent: Sequence[Part]) -> Sentence:
        """Say that some show an emotion and the others none."""
        shows, do = ("shows" if _one(shown) else "show"), ("does" if _one(silent) else "do")
        only = f"Only {_named(shown)} {shows} an emotion; {_named(silent)} {do} not contradict it"
        return _ended(only, [*shown, *silent])

    def alike(self, parts: Sequence[Part], same: bool) -> Sentence:
        """Say that modalities say the same, or nothing that contradicts."""
        return _ended(f"{_named(parts, True)} {'agree' if same else 'do not contradict each other'}", parts)

    def lean(self, parts: Sequence[Part]) -> Sentence:
        """Say that modalities lean to unlike emotions, too unsurely for a contradiction."""
        return _ended(f"{_named(parts, True)} lean different ways, too unsurely to contradict each other", parts)

    def apart(self, parts: Sequence[Part]) -> Sentence:
        """Say that modalities speak of different things."""
        return _ended(f"{_named(parts, True)} speak of different things, so that they cannot be compared", parts)

    def whole(self, ranked: Sequence[tuple[str, float]], cites: Sequence[str], unknown: Unknown) -> Sentence:
        """Say what all together say, and what is not known."""
        if not ranked:
            text = f"Taken together, what the person feels is not known {marks(cites)}."
        else:
            (first, most), *others = ranked
            close = others and most - others[0][1] < 0.1
            guess = (
                f"{label_name(first)} or {label_name(others[0][0])}" if close else f"most likely {label_name(first)} ({most:.2f})"
            )
            text = f"Taken together, the person is {guess} {marks(cites)}."
        lacking = [_unknown(name, *why) for name, why in unknown.items()]
        return Sentence(text=" ".join((text, *lacking)), cites=tuple(cites))


def _unknown(modality: str, why: str, withheld: bool) -> str:
    if not withheld:
        return f"{why[:1].upper()}{unmarked(why[1:])}."
    subject = modality_of(modality).subject_text
    return f"{subject} {_verb(modality, 'has', 'have')} no clear emotion label: {unmarked(why)}."


def _verb(modality: str, singular: str, plural: str) -> str:
    """Return what follows the subject of a modality; a subject of its own, as "What is said", is a singular."""
    known = modality_of(modality)
    return plural if known.plural and not known.subject else singular


def _run(heard: bool, run: Sequence[Noted], seconds: float) -> str:
    if not heard:
        return f"the person {_joined([_told(one, seconds) for one in run])}"
    first, *others = run
    return _joined([_told(first, seconds, " is heard"), *(_told(one, seconds) for one in others)])


def _told(one: Noted, seconds: float, verb: str = "") -> str:
    # What explains a cue after a colon would break the list that it stands in.
    text = one.text if "“" in one.text else one.text.partition(":")[0] or one.text
    when = times(one, lambda cue: _when(cue, seconds), seconds)
    return f"{unmarked(text)}{verb}{' ' * bool(when)}{_joined(when)} {marks([cue.cue_id for cue in one.cues])}"


def _when(cue: Cue, seconds: float) -> str:
    span = cue.span
    if span is None:
        return ""
    if whole_clip(span, seconds):
        return "nearly throughout"
    if span.duration >= LONG:
        return f"from {number(span.start)} to {number(span.end)} seconds"
    if span.start < START:
        return "at the start"
    if seconds - span.end < START and seconds - span.start < END:
        return "at the end"
    return f"at {number(span.start)} second{'s' * (number(span.start) != '1')}"


def _view(part: Part) -> str:
    text = impression(part.label).text if part.label else ""
    return f"{_lower(modality_of(part.modality).subject_text)} {text}"


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def _named(parts: Sequence[Part], first: bool = False) -> str:
    text = _joined([f"the {part.modality}" for part in parts])
    return text[:1].upper() + text[1:] if first else text


def _one(parts: Sequence[Part]) -> bool:
    return len(parts) == 1 and not modality_of(parts[0].modality).plural


def _ended(text: str, parts: Sequence[Part]) -> Sentence:
    cites = tuple(cite for part in parts for cite in part.cites)
    return Sentence(text=f"{text} {marks(cites)}.", cites=cites)


def _cites(part: Part) -> tuple[str, ...]:
    own = (part.own.cue_id,) if part.own else ()
    return (*own, *(cue.cue_id for one in part.noted for cue in one.cues))


def _joined(parts: Sequence[str]) -> str:
    return " and ".join(part for part in (", ".join(parts[:-1]), *parts[-1:]) if part)
