"""What can be claimed about a source or a clip.

A claim is one statement by one author. It is never edited: a new version of the same annotator supersedes its own earlier
claims. Times are seconds from the start of the record (source or clip) that holds the claim. Absent is None or ().
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from schemas.meta import Bits, Feature, Says, Unit, Within
from schemas.values import Box, Span

Seconds = Annotated[float, Unit("s"), Within(0)]
Share = Annotated[float, Unit("share"), Within(0, 1)]
Degrees = Annotated[float, Unit("degree"), Within(-180, 180), Bits(32)]
Small = Annotated[float, Bits(32)]
# A field named `bytes` hides the type of that name inside its own class.
Encoded = bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaFile:
    """An encoded file: by path while the build runs, by bytes in an embedded release (the layout of `datasets` media)."""

    bytes: Annotated[Encoded | None, Says("the file itself; None where it is only referenced")] = None
    path: Annotated[str | None, Says("file name; relative to the version in a release")] = None


ImageFile = Annotated[MediaFile, Feature("Image")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One statement by one author."""

    by: Annotated[str, Says("author: provenance key name@version#config-hash")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn(Claim):
    """One speaker speaks. Turns of different speakers may overlap; that is a fact, not an error."""

    span: Span
    speaker: Annotated[str, Says("speaker within the source, in order of first speech: S0, S1, …")]
    floor: Annotated[tuple[Span, ...], Says("parts in which this speaker alone holds the floor, for joining with words")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Word(Claim):
    """One written word with the times at which it is said."""

    span: Span
    text: str
    probability: Annotated[Share | None, Says("recogniser's own probability; None from subtitles")] = None
    speaker: Annotated[str | None, Says("who says it, joined from the turns; None where no turn is near")] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Speaker(Claim):
    """The voice of one speaker over the whole source."""

    speaker: str
    seconds: Annotated[Seconds, Says("speech of this speaker in the source")]
    embedding: Annotated[tuple[Small, ...], Says("voice embedding, comparable within one author only")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Voiceprint(Claim):
    """The voice of one speaker in one clip as a vector."""

    speaker: str
    seconds: Annotated[Seconds, Says("speech that it was made of, others silent where there is enough of that")]
    embedding: Annotated[tuple[Small, ...], Says("unit-length voice embedding, comparable within one author only")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice(Claim):
    """Who speaks, over all clips of a source: loud and soft speech of one person are one voice, and faces help to tell."""

    heard: Annotated[str, Says("name that the turns of the source gave the voice")]
    speaker: Annotated[str, Says("name under which the clip's turns, words and speaker stand: one person's, S0, S1, …")]
    person: Annotated[str | None, Says("person whose mouth it is seen to come from somewhere in the source; None where none is")]
    reason: Annotated[str, Says("why it is one with another, or apart from it; empty where it stays as it was heard")] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeakerName(Claim):
    """What people who wrote down what is said call the one who says it."""

    span: Annotated[Span, Says("where the name stands beside the words")]
    name: str
    speaker: Annotated[str | None, Says("who has the floor for most of it, joined from the turns; None where no turn is near")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline(Claim):
    """What a speaker usually sounds like in the source, to tell what is unusual."""

    speaker: str
    pieces: Annotated[int, Says("stretches of speech that it was measured on")]
    mean: Annotated[tuple[Small, ...], Says("one per feature, in the author's order")]
    deviation: Annotated[tuple[Small, ...], Says("standard deviation, one per feature")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Language(Claim):
    """Language that is spoken."""

    language: Annotated[str, Says("ISO 639-1")]
    probability: Share | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot(Claim):
    """A stretch of video without a cut."""

    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprint(Claim):
    """What a source looks or sounds like, in codes of which few bits change when it is encoded again."""

    stream: Annotated[str, Says("audio or video")]
    rate: Annotated[float, Unit("Hz"), Says("codes per second; code k is of the source from k / rate on")]
    reach: Annotated[Seconds, Says("how much of the source one code is made of")]
    bits: Annotated[int, Says("per code, a multiple of 8")]
    codes: Annotated[str, Says("hex, one code after another; a code of zeros stands for nothing to recognise")]


@dataclass(frozen=True, slots=True, kw_only=True)
class FaceTrack(Claim):
    """One face followed through the clip. All series have one entry per sampled time at which the face is seen."""

    track: Annotated[str, Says("face track within the clip: F0, F1, … by size, largest first")]
    span: Span
    rate: Annotated[float, Unit("Hz"), Says("sampling rate of the search for faces")]
    view: Annotated[str, Says("head, half or full: how much of the person the frame holds")]
    area: Annotated[Share, Says("mean share of the frame that the face box covers")]
    times: tuple[Annotated[float, Unit("s"), Bits(32)], ...]
    boxes: tuple[Box, ...]
    scores: Annotated[tuple[Small, ...], Says("detector's score")]
    yaw: Annotated[tuple[Degrees, ...], Says("head turned to its left is positive")]
    pitch: Annotated[tuple[Degrees, ...], Says("head up is positive")]
    roll: Annotated[tuple[Degrees, ...], Says("head tilted to its left shoulder is positive")]
    blendshapes: Annotated[
        tuple[tuple[Small, ...], ...],
        Says("ARKit blendshapes, 0 to 1, named in label space arkit52; () where no mesh fitted"),
    ]
    bare_times: Annotated[
        tuple[Annotated[float, Unit("s"), Bits(32)], ...],
        Says("times beside those in `times` at which the face is seen, and no mesh fits it: in profile, hidden, blurred"),
    ] = ()
    bare_boxes: Annotated[tuple[Box, ...], Says("one per time in bare_times")] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlooked(Claim):
    """Faces that were found in the clip and not followed: while there are any, nobody can be said to be absent."""

    faces: Annotated[int, Says("how many of them have this reason")]
    reason: Annotated[str, Says("in words, why they were not followed")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Speaking(Claim):
    """Whether the mouth of a face moves as one that speaks. All series have one entry per picture looked at."""

    track: str
    rate: Annotated[float, Unit("Hz"), Says("pictures looked at per second while the face is seen")]
    times: tuple[Annotated[float, Unit("s"), Bits(32)], ...]
    scores: Annotated[tuple[Small, ...], Says("logit that the face speaks, by picture and sound; above 0 it does")]
    moves: Annotated[tuple[Small, ...], Says("logit that the mouth moves as if it spoke, by the picture alone")]
    seconds: Annotated[Seconds, Says("speech of the clip's speaker during which the face is seen")] = 0.0
    lags: Annotated[tuple[Small, ...], Unit("s"), Says("by how much the sound was moved, 0 first: later sound is positive")] = ()
    fits: Annotated[
        tuple[Small, ...], Says("mean score over that speech, one per lag: of one's own voice it is highest about 0")
    ] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness(Claim):
    """The face of one track as a vector."""

    track: str
    embedding: Annotated[tuple[Small, ...], Says("unit-length face embedding, comparable within one author only")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Person(Claim):
    """Identity of a face track across all clips of a source."""

    track: str
    person: Annotated[str, Says("person within the source, in order of first appearance: P0, P1, …")]


SPEAKING, UNSURE, ABSENT, NOT_LOOKED = "speaking", "unsure", "absent", "not_looked"
"""States of a target: its face is seen speaking, a face is seen and may be its, it is not in the picture, nobody looked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target(Claim):
    """The person whom the clip is about: the speaker, joined to a face where one is seen to speak."""

    speaker: Annotated[str | None, Says("None where nobody speaks")]
    track: Annotated[
        str | None, Says("the speaker's face, or the largest where nobody speaks; None where none is known to be that")
    ]
    score: Annotated[float | None, Within(-1, 1), Says("how sure this face speaks these words; None where it was not measured")]
    reason: Annotated[str, Says("why this face, or why none")]
    state: Annotated[
        str | None,
        Says(
            "speaking: seen and speaking; unsure: a face is seen that may be the speaker's; absent: the speaker is not in the "
            "picture; not_looked: faces were not looked at, or none well enough; None where nobody speaks and a face is seen"
        ),
    ] = None
    candidate: Annotated[str | None, Says("the likeliest face where the state is unsure")] = None
    unjudged: Annotated[int, Says("faces of the clip that were not looked at, or not well enough to tell")] = 0

    @property
    def doubtful(self) -> bool:
        """Tell whether it is left open if the person's face is in the picture."""
        return self.track is None and self.state != ABSENT


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyFrame(Claim):
    """A still kept as an image."""

    kind: Annotated[str, Says("best_face or expression_peak")]
    time: Seconds
    track: str
    image: ImageFile


@dataclass(frozen=True, slots=True, kw_only=True)
class Cue(Claim):
    """A short piece of evidence that a rationale can cite."""

    cue_id: Annotated[str, Says("unique in the clip: modality.kind.number, as face.smile.1")]
    modality: Annotated[str, Says("registered modality name")]
    span: Annotated[Span | None, Says("None: the whole clip")]
    text: Annotated[str, Says("in words that a person would use")]
    value: Annotated[float | None, Says("strength, in the author's own unit; comparable within one author and kind only")] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Label(Claim):
    """What one modality, or all together, says: a distribution, a set, a point on the axes, or any of them."""

    modality: Annotated[str, Says("registered modality name, or all")]
    space: Annotated[str, Says("label space; 'open' for free words")]
    names: tuple[str, ...] = ()
    scores: Annotated[tuple[Share, ...], Says("one per name; sums to 1 for a distribution, () for a plain set")] = ()
    valence: Annotated[float | None, Within(-1, 1)] = None
    arousal: Annotated[float | None, Within(-1, 1)] = None
    intensity: Share | None = None
    perspective: Annotated[str, Says("expressed by the person, or evoked in the viewer")] = "expressed"
    person: Annotated[str | None, Says("None: the target of the clip")] = None
    span: Annotated[Span | None, Says("None: the whole clip")] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A named number or word beside a claim."""

    name: str
    value: float | None = None
    word: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Text(Claim):
    """A written piece: rationale, caption, question, answer, utterance of a dialogue. `parent` makes trees and threads."""

    text_id: Annotated[str, Says("unique in the clip")]
    kind: Annotated[str, Says("rationale, sentence, emotion, expression, attribute, failure, …")]
    text: str
    language: Annotated[str | None, Says("ISO 639-1")] = None
    parent: Annotated[str | None, Says("text_id above or before it")] = None
    role: Annotated[str | None, Says("user, assistant, or a character's name")] = None
    cites: Annotated[tuple[str, ...], Says("cue ids")] = ()
    label_conditioned: Annotated[bool, Says("written with the answer in view: never feeds a judge or a label")] = False
    measures: tuple[Measure, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Preference(Claim):
    """Which of two texts is better."""

    first: Annotated[str, Says("text_id")]
    second: Annotated[str, Says("text_id")]
    preferred: Annotated[str, Says("a1, a2 or same")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream(Claim):
    """A sensor recording beside the clip (skin, heart, smell, …)."""

    modality: str
    sensor: Annotated[str, Says("model of the sensor")]
    channels: tuple[str, ...]
    units: Annotated[tuple[str, ...], Says("one per channel")]
    rate: Annotated[float, Unit("Hz")]
    offset: Annotated[float, Unit("s"), Says("stream time 0 in clip time")]
    calibration: tuple[Measure, ...] = ()
    values: Annotated[tuple[tuple[Small, ...], ...], Says("one row per sample, one value per channel")] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """How far two modalities say different things."""

    first: str
    second: str
    divergence: Annotated[Share | None, Says("Jensen-Shannon, base 2, on the labels both can give; None where few")]
    opposed: Annotated[bool | None, Says("valence of unlike sign; None where one of the two has none to speak of")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment(Claim):
    """How sure the evidence is, and where it disagrees with itself."""

    ambiguity: Annotated[Share | None, Says("entropy of the fused distribution over that of a uniform one; None without one")]
    consistency: Annotated[Share | None, Says("share of rationales that name the commonest emotion; None without samples")]
    category: Annotated[str, Says("consistent, video_aligned, audio_aligned, neither or unresolved")]
    outlier: Annotated[str | None, Says("modality that stands against all others; None where none does")]
    conflicts: tuple[Conflict, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """Where a scene lies that several sources hold and one keeps."""

    source_id: Annotated[str, Says("of the source that keeps it")]
    start: Annotated[Seconds, Says("in that source")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route(Claim):
    """Where a clip goes next."""

    decision: Annotated[str, Says("accept, review or reject")]
    reasons: Annotated[tuple[str, ...], Says("in words, the weightiest first; never empty")]
    priority: Annotated[Share, Says("how much a person's answer would tell, for a budget")]
    audit: Annotated[bool, Says("accepted, and drawn by hash to be checked by a person")] = False
    kept: Annotated[Kept | None, Says("of a copy: where its scene is kept; None of all others")] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Review(Claim):
    """What one person answered about the clip. What the person said of emotions and in words stands in labels and texts."""

    review_id: Annotated[str, Says("16 hex digits, from the server and its id of the answer")]
    kind: Annotated[str, Says("conflict (one modality at a time first), ordinary, adjudicate or prefer")]
    outcome: Annotated[str | None, Says("accepted, edited or rejected: the machine's label; None where it was not shown")] = None
    rationale_outcome: Annotated[str | None, Says("accepted, edited or rejected: the machine's rationale")] = None
    truth: Annotated[str | None, Says("modality that tells the truth, all or none; None where it was not asked")] = None
    cannot: Annotated[str | None, Says("why the person cannot judge the clip; None where the person can")] = None
    seconds: Annotated[Seconds, Says("spent on it")]
    submitted: Annotated[str, Says("when, ISO 8601, UTC")]
