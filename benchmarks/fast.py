"""Time the fast stylizer: frames a second, a picture of 4096x2160, and the whole command.

Usage: python benchmarks/fast.py [--runtimes onnxruntime,openvino] [--rounds 20]

Each measurement in a process of its own; the style is read before, but for the command.
"""

import argparse
import statistics
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

FRAMES = """
import sys, time, statistics
import numpy as np
import impasto
from impasto.fast import FastStylizer
from impasto.gallery import open_style
stylizer = FastStylizer(open_style("strokes", 768), runtime=sys.argv[1], size=640)
frame = np.random.default_rng(0).integers(0, 256, (480, 640, 3), dtype=np.uint8)
times = []
for _ in range(int(sys.argv[2]) + 3):
    start = time.perf_counter()
    painted = stylizer.paint(impasto.open_picture(frame))
    (painted * 255 + 0.5).astype(np.uint8)
    times.append(time.perf_counter() - start)
middle = statistics.median(times[3:])
print(f"640x480, {stylizer.describe()}: {1e3 * middle:.1f} ms, {1 / middle:.1f} frames a second")
"""
LARGE = """
import sys, time, resource
import numpy as np
from impasto.fast import FastStylizer
from impasto.gallery import open_style
stylizer = FastStylizer(open_style("strokes", 768), runtime=sys.argv[1], size=4096)
coarse = np.random.default_rng(0).integers(0, 256, (270, 512, 3), dtype=np.uint8)
content = coarse.repeat(8, 0).repeat(8, 1)
start = time.perf_counter()
picture = stylizer(content)
seconds = time.perf_counter() - start
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
print(f"{picture.width}x{picture.height}, {stylizer.describe()}: {seconds:.2f} s, {peak:.2f} GiB")
"""


def command_seconds(runtime: str, folder: Path) -> float:
    """Return the median seconds of the whole command at 512 pixels, five runs."""
    import skimage.data
    from PIL import Image

    from impasto.gallery import open_style

    photo, style = folder / "photo.png", folder / "style.png"
    Image.fromarray(skimage.data.coffee()).save(photo)
    open_style("strokes", 768).save(style, overwrite=True)
    line = [sys.executable, "-m", "impasto", "stylize", str(photo), str(style), "-q", "-f"]
    line += [
        "--size",
        "512",
        "--method",
        "fast",
        "--runtime",
        runtime,
        "-o",
        str(folder / "out.png"),
    ]
    times = []
    for _ in range(5):
        start = time.perf_counter()
        subprocess.run(line, check=True, stdout=subprocess.DEVNULL)
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--runtimes", default="onnxruntime,openvino")
    parser.add_argument("--rounds", type=int, default=20)
    arguments = parser.parse_args()
    for runtime in arguments.runtimes.split(","):
        for program in (FRAMES, LARGE):
            line = [sys.executable, "-c", program, runtime, str(arguments.rounds)]
            subprocess.run(line, check=True)
        with TemporaryDirectory() as folder:
            seconds = command_seconds(runtime, Path(folder))
        print(f"the whole command, 512 pixels, {runtime}: {seconds:.2f} s")


if __name__ == "__main__":
    main()
