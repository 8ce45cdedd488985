"""What is done to picture and sound so that they are seen and heard as a player shows them, in words for a row."""

from __future__ import annotations

from collections.abc import Iterator

from annotators.media.probing import MediaInfo, VideoStream
from annotators.media.sound import Sound


def treatments(info: MediaInfo, sound: Sound | None, encoded: bool, damaged: bool = False) -> tuple[str, ...]:
    """Return what was done; pictures that are not `encoded` anew are as they were."""
    done = list(_of_pictures(info.video)) if info.video is not None and encoded else []
    done += ["picture: damaged, and what cannot be decoded is filled in from pictures beside it"] * damaged
    if info.audio is not None and info.audio.tracks > 1:
        done.append(f"sound: one of {info.audio.tracks} tracks")
    if sound is not None and sound.mixing is not None:
        done.append(sound.mixing)
    if len(info.stretches) > 1:
        done.append(f"clock: set anew {len(info.stretches) - 1} times in the file; what follows comes behind what was before")
    return tuple(done)


def _of_pictures(video: VideoStream) -> Iterator[str]:
    if video.interlaced:
        yield "picture: interlaced, made progressive"
    if video.hdr is not None:
        yield f"picture: {video.hdr}, mapped to what a screen shows"
    if not video.square:
        yield "picture: pixels made square"
    if video.rotation:
        yield f"picture: turned by {video.rotation} degrees"
    if not video.constant:
        yield "picture: a rate that varies, made constant"
    if video.damaged:
        yield f"picture: {len(video.damaged)} left out whose times are damaged"
