"""The person whom a clip is about: the face that is seen to say what is heard, told from all clips of a source together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from annotators.annotator import Annotator, Scope
from annotators.speaking.evidence import (
    NOBODY,
    Meeting,
    clear,
    found_faces,
    log_odds,
    looked_at,
    met_faces,
    peak,
    pooled_fits,
    rise,
)
from annotators.speaking.voices import SeenSpeaking, VoiceLimits, final_names, likeness_of, voice_of
from schemas.claims import ABSENT, NOT_LOOKED, SPEAKING, UNSURE, Claim, Target, Voice
from schemas.record import Clip
from schemas.validate import NotNegative, Positive

Pair = tuple[str, str]
ALL: Pair = ("*", "*")
"""All voices and faces of a source: where it is out of step, or another language is laid over it, no pair is to be believed."""
_CERTAIN = 4.0
"""Log odds that make a score of 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PairVerdict:
    """Whether a voice is of a face, over all clips of the source in which the two meet."""

    belongs: bool | None
    """None: too little is seen of the two, or it points neither way."""
    seconds: float
    sigmas: float


_OPEN = PairVerdict(belongs=None, seconds=0.0, sigmas=0.0)


@dataclass(frozen=True, kw_only=True)
class JointTargets(Annotator[Clip, None]):
    """Exactly one target per clip, and the final name of its speaker.

    A face is taken where its mouth moves as one that speaks, and better with the sound where it is than with the sound moved by
    0.6 to 2 s; what all other clips say of this voice and this face counts with that. So speech that is laid over a talking face,
    or comes late, is not given to it. What is not sure stands as `unsure` without a face. That the speaker is not in the picture
    is said only where every face was looked at, none speaks, and none is that of this voice elsewhere. In a clip without speech
    the target is the largest face.

    Where two names of the turns come out of one mouth they become one, and one name that comes out of two mouths and sounds like
    two becomes two; the rows of the clips carry the names that come out here (`voices`).
    """

    name: ClassVar[str] = "targets.joint"
    version: ClassVar[str] = "1"
    scope: ClassVar[Scope] = "clips of a source"
    requires: ClassVar[tuple[str, ...]] = ("faces", "speaking", "turns", "speaker")
    uses: ClassVar[tuple[str, ...]] = ("overlooked", "persons", "voiceprints")
    provides: ClassVar[tuple[str, ...]] = ("targets", "voices")
    shared: ClassVar[bool] = True

    sure: float = 1.5
    """Least log odds, of the clip and of what the other clips add, at which a face is said to speak."""
    trust: NotNegative = 4.0
    """Log odds that a voice and a face add in each clip where all clips together say that they belong to each other."""
    distrust: NotNegative = 4.0
    """Log odds that they take away where all clips together say that they do not."""
    pool: Positive = 8.0
    """Seconds of speech together from which all clips count."""
    belongs: float = 2.5
    """A voice and a face belong together where the sound fits better where it is by so many standard deviations of elsewhere."""
    foreign: float = 1.8
    """They do not where it does by fewer standard deviations than this; in between they may."""
    peak: NotNegative = 0.1
    """Logit by which it must fit better than where it fits best elsewhere; as much worse, they do not belong together."""
    alike: float = 0.35
    """A voice so like the face's own (cosine) adds all trust."""
    unlike: float = 0.25
    """One less like it than this (cosine) adds none; what is in between, or cannot be compared, adds `doubt`."""
    doubt: NotNegative = 1.0
    """Log odds that a voice and a face add which belong together, where the voice of the clip may be another's; or where the face
    is not told from others, and the voice belongs to somebody who is seen."""
    silent: float = -1.0
    """A face with a mean logit below this does not speak."""
    join_seconds: Positive = 4.0
    """Seconds: two names of the turns, each heard so long out of one mouth, are one."""
    join_like: float = 0.2
    """Less speech is enough where two voices are at least so alike (cosine)."""
    split_seconds: Positive = 4.0
    """Seconds: one name of the turns, heard so long out of each of two mouths, can be two people's."""
    split_like: float = 0.3
    """It is where the two voices are no more alike than this (cosine)."""

    def load(self, device: str) -> None:
        """Return nothing: there is no model."""

    def annotate(self, model: None, records: Sequence[Clip]) -> Sequence[tuple[Claim, ...]]:
        """Return one target per clip, and the names of its speaker, of all clips of one source in order of time."""
        met = met_faces(records)
        verdicts = self._verdicts(met)
        odds = {(one.clip, one.track): self._odds(one, met, verdicts, records) for one in met}
        targets = [self._target(number, clip, met, odds, verdicts) for number, clip in enumerate(records)]
        seen = self._seen(records, met, targets, verdicts)
        limits = VoiceLimits(
            join_seconds=self.join_seconds,
            join_like=self.join_like,
            split_seconds=self.split_seconds,
            split_like=self.split_like,
        )
        named = final_names(records, seen, limits)
        finals = _finals(records, [one.speaker if one else None for one in named])
        claims: list[tuple[Claim, ...]] = []
        for clip, target, name in zip(records, targets, named, strict=True):
            said: list[Claim] = [target]
            for heard in sorted({turn.speaker for turn in clip.turns} | ({clip.speaker} if clip.speaker else set())):
                own = heard == clip.speaker and name is not None
                speaker = name.speaker if own and name is not None else finals.get(heard, heard)
                person = name.person if own and name is not None else None
                said.append(
                    Voice(by=self.key, heard=heard, speaker=speaker, person=person, reason=name.reason if own and name else "")
                )
            claims.append(tuple(said))
        return claims

    def _seen(
        self, clips: Sequence[Clip], met: Sequence[Meeting], targets: Sequence[Target], verdicts: Mapping[Pair, PairVerdict]
    ) -> list[SeenSpeaking]:
        """Return in which clips a voice comes out of a mouth: surely, or, as far as names go, where one face is alone in view.

        A shout is short and sounds like nobody: it takes the name of the one who is seen with his mouth open, and not his face.
        """
        known = {person for (_, person), verdict in verdicts.items() if verdict.belongs}
        seen = []
        for one in met:
            target = targets[one.clip]
            surely = target.state == SPEAKING and target.track == one.track
            alone = found_faces(clips[one.clip]) == 1 and one.person in known and log_odds(one.seconds, one.fits) > 0
            if one.person != NOBODY and (surely or alone):
                seen.append(SeenSpeaking(clip=one.clip, person=one.person, seconds=one.seconds))
        return seen

    def _verdicts(self, met: Sequence[Meeting]) -> Mapping[Pair, PairVerdict]:
        """Return what all meetings of a voice and a face say; and under `ALL` what all of the source say together."""
        pairs: dict[Pair, list[Meeting]] = {}
        likeliest: dict[int, Meeting] = {}
        for one in met:
            pairs.setdefault((one.speaker, one.person), []).append(one)
            likeliest[one.clip] = max(likeliest.get(one.clip, one), one, key=lambda meeting: meeting.level)
        pairs[ALL] = list(likeliest.values())
        return {pair: self._verdict(parts) for pair, parts in pairs.items()}

    def _verdict(self, parts: Sequence[Meeting]) -> PairVerdict:
        seconds, fits = pooled_fits(parts)
        sigmas, best = clear(fits), peak(fits)
        told = None
        if seconds >= self.pool and (best <= -self.peak or sigmas < self.foreign):
            told = False
        elif seconds >= self.pool and best >= self.peak and sigmas >= self.belongs:
            told = True
        return PairVerdict(belongs=told, seconds=seconds, sigmas=sigmas)

    def _odds(self, one: Meeting, met: Sequence[Meeting], verdicts: Mapping[Pair, PairVerdict], clips: Sequence[Clip]) -> float:
        """Return the log odds that the face says what is heard in the clip."""
        odds = log_odds(one.seconds, one.fits)
        belongs = verdicts[one.speaker, one.person].belongs if (one.speaker, one.person) in verdicts else None
        if belongs is False or (belongs is None and verdicts.get(ALL, _OPEN).belongs is False):
            return odds - self.distrust
        same = (
            {one.person} if belongs else {pair[1] for pair, told in verdicts.items() if pair[0] == one.speaker and told.belongs}
        )
        if not belongs and (one.person != NOBODY or not same):
            return odds
        others = [
            other.clip
            for other in met
            if other.person in same and other.clip != one.clip and _belongs(verdicts, other) and other.level > 0
        ]
        alike = likeness_of(voice_of(clips, [one.clip]), voice_of(clips, others))
        if alike is not None and alike < self.unlike:
            return odds
        return odds + (self.trust if belongs and alike is not None and alike >= self.alike else self.doubt)

    def _target(
        self,
        number: int,
        clip: Clip,
        met: Sequence[Meeting],
        odds: Mapping[tuple[int, str], float],
        verdicts: Mapping[Pair, PairVerdict],
    ) -> Target:
        if clip.speaker is None:
            return self._silent(clip)
        found, looked = found_faces(clip), len(looked_at(clip))
        blank = Target(by=self.key, speaker=clip.speaker, track=None, score=None, reason="", unjudged=found - looked)
        if not found:
            return replace(blank, state=ABSENT, reason="no face is seen")
        own = sorted((one for one in met if one.clip == number), key=lambda one: (-odds[number, one.track], one.track))
        if not own:
            reason = f"{found} faces, and of none is it known whether it speaks"
            return replace(blank, state=NOT_LOOKED, reason=reason, unjudged=found)
        best = own[0]
        chance = odds[number, best.track]
        told = _told(best, verdicts.get((best.speaker, best.person)))
        left = f"; {blank.unjudged} of {found} faces were not looked at" if blank.unjudged else ""
        blank = replace(blank, score=round(max(-1.0, min(1.0, chance / _CERTAIN)), 4))
        if chance >= self.sure and best.level > (self.silent if _belongs(verdicts, best) else 0):
            return replace(blank, state=SPEAKING, track=best.track, reason=f"{best.track} speaks: {told}{left}")
        if any(one.level >= self.silent or _belongs(verdicts, one) for one in own):
            return replace(blank, state=UNSURE, candidate=best.track, reason=f"{best.track} may speak: {told}{left}")
        reason = f"no mouth moves with the speech: {told}{left}"
        return replace(blank, state=NOT_LOOKED if blank.unjudged else ABSENT, reason=reason)

    def _silent(self, clip: Clip) -> Target:
        found, left = found_faces(clip), sum(one.faces for one in clip.overlooked)
        blank = Target(by=self.key, speaker=None, track=None, score=None, reason="", unjudged=left)
        if not found:
            return replace(blank, state=ABSENT, reason="nobody speaks and no face is seen")
        if not clip.faces:
            return replace(blank, state=NOT_LOOKED, reason=f"nobody speaks; 0 of {found} faces were looked at")
        largest = clip.faces[0].track
        of = f" of the {len(clip.faces)} that were looked at; {left} more were not" if left else ""
        reason = f"nobody speaks; {largest} is the {'largest' if found > 1 else 'only'} face{of}"
        return replace(blank, track=largest, reason=reason)


def _belongs(verdicts: Mapping[Pair, PairVerdict], one: Meeting) -> bool:
    verdict = verdicts.get((one.speaker, one.person))
    return verdict is not None and verdict.belongs is True


def _told(one: Meeting, verdict: PairVerdict | None) -> str:
    """Return in words what was measured."""
    told = f"its mouth goes with the sound at {one.level:.2f} over {one.seconds:.1f} s, {rise(one.fits):.2f} more than moved"
    if verdict is None or verdict.belongs is None:
        return told
    words = "belong together" if verdict.belongs else "do not belong together"
    sigmas = f"{verdict.sigmas:.1f} standard deviations"
    return f"{told}; over {verdict.seconds:.0f} s of all clips this voice and this face {words} ({sigmas})"


def _finals(clips: Sequence[Clip], names: Sequence[str | None]) -> Mapping[str, str]:
    """Return the final name by which most clips of each speaker go: what others in a clip are called, whom it is not about."""
    counted: dict[str, dict[str, int]] = {}
    for clip, name in zip(clips, names, strict=True):
        if clip.speaker is not None and name is not None:
            counted.setdefault(clip.speaker, {}).setdefault(name, 0)
            counted[clip.speaker][name] += 1
    return {heard: min(held, key=lambda name: (-held[name], name)) for heard, held in counted.items()}
