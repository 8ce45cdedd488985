"""Clips in which a made-up voice meets made-up faces."""

from dataclasses import replace

from schemas.claims import Overlooked, Person, Speaking, Turn, Voiceprint
from schemas.record import Clip, Origin
from schemas.values import Span
from tests.support.seen import face

LAGS = (0.0, -0.2, -0.32, 0.2, 0.48, -0.48, 0.72, -0.72, 1.2, -1.2, 2.0, -2.0)
OWN = (2.2, 2.4, 2.1, 1.4, 0.6, 1.5, 0.3, 0.4, 0.2, 0.3, 0.2, 0.1)
"""What the network says of one's own voice, measured on a film."""
OTHER = (0.6, 0.5, 0.6, 0.6, 0.5, 0.6, 0.6, 0.4, 0.7, 0.5, 0.6, 0.5)
"""Of another's over a mouth that talks."""
LATE = (0.1, 0.1, 0.2, 0.2, 0.2, 0.4, 0.2, 0.6, 0.3, 2.1, 0.3, 0.2)
"""Of one's own, 1 s late."""
STILL = (-2.2,) * len(LAGS)
"""Of a mouth that does not talk."""


def speaking(track, fits, seconds=4.0):
    count = round(25 * seconds)
    return Speaking(
        by="speaking.made@1#0",
        track=track,
        rate=25.0,
        times=tuple(k / 25 for k in range(count)),
        scores=(fits[0],) * count,
        moves=(fits[0],) * count,
        seconds=seconds,
        lags=LAGS,
        fits=tuple(fits),
    )


def clip(number, faces=(), speaker="S0", *, seconds=4.0, voice=None, persons=None, overlooked=0):
    """Return a clip; `faces` is what the network says of F0, F1, …; `voice` is the number of a voice unlike all others."""
    origin = Origin(source_id="0" * 16, sha256="0" * 64, file="a.mp4", duration=600, streams="audio+video")
    start = 10.0 * number
    span = Span(start=start, end=start + seconds)
    times = tuple(k / 12 for k in range(round(12 * seconds)))
    made = Clip(source=origin, clip_id=f"{number:016x}", requested=span, actual=span, speaker=speaker)
    turns = (Turn(by="t@1#0", span=Span(start=0, end=seconds), speaker=speaker, floor=()),) if speaker else ()
    names = persons or [f"P{k}" for k in range(len(faces))]
    vector = tuple(1.0 if k == voice else 0.0 for k in range(4))
    return replace(
        made,
        turns=turns,
        faces=tuple(face(f"F{k}", times) for k in range(len(faces))),
        speaking=tuple(speaking(f"F{k}", fits, seconds) for k, fits in enumerate(faces) if fits is not None),
        persons=tuple(Person(by="p@1#0", track=f"F{k}", person=name) for k, name in enumerate(names)),
        voiceprints=(Voiceprint(by="v@1#0", speaker=speaker, seconds=seconds, embedding=vector),) if voice is not None else (),
        overlooked=(Overlooked(by="f@1#0", faces=overlooked, reason="made so"),) if overlooked else (),
    )
