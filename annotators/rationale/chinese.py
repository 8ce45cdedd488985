"""Composed rationales in Chinese. A text that no table translates is quoted as it is."""

from __future__ import annotations

import re
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
    phrases,
    times,
    unmarked,
    whole_clip,
)
from annotators.verbalize import CLEARLY, RATHER, liveliness
from schemas.claims import Cue, Label
from schemas.vocabulary.distributions import ranked as by_score
from schemas.vocabulary.distributions import scores_of

_SAYS = re.compile(r"says (“.*”)", re.DOTALL)
_NOTED = "noted in the subtitles: "


class Chinese:
    """See `annotators.rationale.wording.Wording`."""

    def part(self, part: Part, seconds: float) -> Sentence:
        """Say what one modality shows."""
        told = "，".join(_run(heard, run, seconds) for heard, run in form_runs(part.noted))
        if part.own is None:
            text = f"{_name(part)}没有明确的情绪，但{told}。"
        else:
            text = f"{_view(part)}{marks([part.own.cue_id])}{'：' if told else ''}{told}。"
        own = (part.own.cue_id,) if part.own else ()
        return Sentence(text=text, cites=(*own, *(cue.cue_id for one in part.noted for cue in one.cues)))

    def against(self, odd: Part, rest: Sequence[Part]) -> Sentence:
        """Say that one modality contradicts all the others."""
        text = f"{_name(odd)}与{_joined(rest)}相矛盾：{_view(odd)}，而{'，'.join(_view(one) for one in rest)}"
        return _ended(text, [odd, *rest])

    def disagree(self, parts: Sequence[Part]) -> Sentence:
        """Say that modalities contradict each other."""
        return _ended(f"{_joined(parts)}不一致：{'，'.join(_view(one) for one in parts)}，无法判断应当相信哪一个", parts)

    def half(self, shown: Sequence[Part], silent: Sequence[Part]) -> Sentence:
        """Say that some show an emotion and the others none."""
        return _ended(f"只有{_joined(shown)}流露出情绪，{_joined(silent)}与之并不矛盾", [*shown, *silent])

    def alike(self, parts: Sequence[Part], same: bool) -> Sentence:
        """Say that modalities say the same, or nothing that contradicts."""
        return _ended(f"{_joined(parts)}{'一致' if same else '互不矛盾'}", parts)

    def lean(self, parts: Sequence[Part]) -> Sentence:
        """Say that modalities lean to unlike emotions, too unsurely for a contradiction."""
        return _ended(f"{_joined(parts)}的倾向不同，但都不够确定，谈不上矛盾", parts)

    def apart(self, parts: Sequence[Part]) -> Sentence:
        """Say that modalities speak of different things."""
        return _ended(f"{_joined(parts)}所说的不是一回事，无法相互比较", parts)

    def whole(self, ranked: Sequence[tuple[str, float]], cites: Sequence[str], unknown: Unknown) -> Sentence:
        """Say what all together say, and what is not known."""
        if not ranked:
            text = f"综合来看，无法得知此人的情绪{marks(cites)}。"
        else:
            (first, most), *others = ranked
            close = others and most - others[0][1] < 0.1
            guess = f"{_felt(first)}或{_felt(others[0][0])}" if close else f"最可能是{_felt(first)}（{most:.2f}）"
            text = f"综合来看，此人{guess}{marks(cites)}。"
        return Sentence(text=text + "".join(_unknown(name, *why) for name, why in unknown.items()), cites=tuple(cites))


def _unknown(modality: str, why: str, withheld: bool) -> str:
    known = phrases()["unknown"].get(why)
    if known is not None and not withheld:
        return f"{known}。"
    return f"{_modality(modality)}没有明确的情绪标签{'：' if known else ''}{known or ''}。"


def _run(heard: bool, run: Sequence[Noted], seconds: float) -> str:
    if heard:
        return "，".join(_told(one, seconds) for one in run)
    return f"此人{'、'.join(_told(one, seconds) for one in run)}"


def _told(one: Noted, seconds: float) -> str:
    text, tables = one.text, phrases()
    if (quoted := _SAYS.fullmatch(text)) is not None:
        text = f"说{quoted[1]}"
    elif text.startswith(_NOTED):
        text = f"字幕注明“{text.removeprefix(_NOTED)}”"
    else:
        sound = tables["heard"].get(text)
        text = f"可以听到{sound}" if sound else tables["done"].get(text) or f"有“{text}”的表现"
    when = "和".join(times(one, lambda cue: _when(cue, seconds), seconds))
    return f"{when}{unmarked(text)}{marks([cue.cue_id for cue in one.cues])}"


def _when(cue: Cue, seconds: float) -> str:
    span = cue.span
    if span is None:
        return ""
    if whole_clip(span, seconds):
        return "几乎自始至终"
    if span.duration >= LONG:
        return f"从{number(span.start)}秒到{number(span.end)}秒"
    if span.start < START:
        return "在开头"
    if seconds - span.end < START and seconds - span.start < END:
        return "在结尾"
    return f"在{number(span.start)}秒处"


def _view(part: Part) -> str:
    seems = phrases()["verbs"].get(part.modality, "显得")
    if part.label is not None:
        return f"{_name(part)}{seems}{_leaning(part.label)}"
    lively = _felt(liveliness(part.own.value or 0.0)) if part.own else ""
    return f"{_name(part)}{seems}{lively}，没有明确的情绪"


def _leaning(label: Label) -> str:
    (first, most), *others = by_score(scores_of(label))
    if most >= CLEARLY:
        return f"明显{_felt(first)}"
    if most >= RATHER or not others:
        return f"比较{_felt(first)}"
    return f"不明确，可能{_felt(first)}，也可能{_felt(others[0][0])}"


def _felt(name: str) -> str:
    return phrases()["felt"].get(name, f"“{name.replace('_', ' ')}”")


def _modality(name: str) -> str:
    return phrases()["names"].get(name, f"“{name}”")


def _name(part: Part) -> str:
    return _modality(part.modality)


def _joined(parts: Sequence[Part]) -> str:
    names = [_name(part) for part in parts]
    return "和".join(one for one in ("、".join(names[:-1]), *names[-1:]) if one)


def _ended(text: str, parts: Sequence[Part]) -> Sentence:
    cites = tuple(cite for part in parts for cite in part.cites)
    return Sentence(text=f"{text}{marks(cites)}。", cites=cites)
