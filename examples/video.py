"""A clip, painted and kept steady; leave the loop to stop, and go on later.

Usage: python examples/video.py [CLIP STYLE OUTPUT]   (needs the extra `video`)
"""

import sys
from pathlib import Path

from impasto import Settings
from impasto.video.options import VideoSettings
from impasto.video.setup import prepare_video


def main(clip: str, style: str, output: str) -> None:
    """Paint frame by frame and say how far it is."""
    options = VideoSettings(stability=0.9, size=256)
    work = prepare_video(clip, [style], Path(output), Settings(method="fast"), options)
    for progress in work.run(work.begin(resume=True)):
        if progress.done % 25 == 0:
            print(f"{progress.done} of about {progress.whole} frames", flush=True)
    print(work.finish())


if __name__ == "__main__":
    main(*(sys.argv[1:] or ("clip.mp4", "mosaic", "painted.mp4")))
