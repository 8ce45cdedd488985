"""Media made on the spot, and the codes of its fingerprints."""

from tests.support.encoded import prints
from tests.support.making import ffmpeg

NOISE = "anoisesrc=color=pink:seed=1:sample_rate=48000:duration={}"
PICTURE = "testsrc2=size=320x240:rate=25:duration={}"


def made(place, seconds, sound=NOISE, picture=PICTURE):
    """Write a file of that length and return its fingerprints by stream."""
    inputs = [part for source in (picture, sound) if source for part in ("-f", "lavfi", "-i", source.format(seconds))]
    ffmpeg(*inputs, "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac", place)
    return {one.stream: one for one in prints(place)}


def codes(told):
    data, width = bytes.fromhex(told.codes), told.bits // 8
    return [data[place : place + width] for place in range(0, len(data), width)]
