"""PySceneDetect's own way, as its README shows it: detect content, split with ffmpeg. A peer for `tests.benchmarks`."""

import sys
from pathlib import Path

from scenedetect import ContentDetector, detect, split_video_ffmpeg

if __name__ == "__main__":
    source, out = sys.argv[1], Path(sys.argv[2])
    out.mkdir(parents=True, exist_ok=True)
    split_video_ffmpeg(source, detect(source, ContentDetector()), output_dir=out)
