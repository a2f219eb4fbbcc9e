"""How steady and how fast stylized video is, from file to file.

Usage: python -m benchmarks.video --judge JUDGE.py --data FOLDER [--rounds 3] [--quick]

A clip with cuts, 640 pixels wide, frame by frame and steadily, each in one pass, as `impasto video`
does it; then two seconds of it optimized. The warping error is that of `impasto flicker`: root mean
square of what changes from frame to frame that should only have moved.
"""

import re
import statistics
import tempfile
from pathlib import Path

from benchmarks.measuring import impasto, memory, options, progress, seconds, table

#: What is said with each way to paint a clip.
WAYS = {
    "frame by frame": ("--stability", "0"),
    "steady (as it comes)": (),
    "steady, two seconds of it": ("--start", "7.2", "--end", "9.2"),
    "optimized, two seconds of it": ("--start", "7.2", "--end", "9.2", "--quality", "best"),
}
QUICK = ("--size", "96", "--start", "7.2", "--end", "7.4")


def main() -> None:
    """Paint the clip in each way, measure it, and print a table."""
    given = options(__doc__)
    (clip,) = (given.data / "video").glob("cut_bunny*")
    style = given.data / "gallery" / "starry_night_nst.jpg"
    rows = []
    for way, words in WAYS.items():
        rounds = 1 if "best" in words else given.rounds
        with tempfile.TemporaryDirectory() as folder:
            output = Path(folder) / "painted.mp4"
            runs = []
            for number in range(rounds):
                progress(f"video: {way}, round {number + 1} of {rounds}")
                end = QUICK if given.quick else ()
                runs.append(impasto("video", clip, style, "-f", *words, *end, "-o", output))
            said = impasto("flicker", clip, output).said
        rates = [re.findall(r"(\d+) frames, ([\d.]+) a second", run.said)[-1] for run in runs]
        error, original = re.findall(r"frame to frame +([\d.]+) +([\d.]+)", said)[0]
        rate = statistics.median(float(each) for _, each in rates)
        peak = memory(statistics.median(run.peak for run in runs))
        whole = seconds(run.seconds for run in runs)
        frames = f"{rates[0][0]} frames"
        rows.append([way, frames, f"{rate:.1f} frames a second", whole, error, original, peak])
    head = ["way", "clip", "speed", "whole command", "warping error", "of the clip", "memory"]
    table(f"{clip.stem} in the style of {style.stem}.", head, rows)


if __name__ == "__main__":
    main()
