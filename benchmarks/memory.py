"""Measure the peak memory of painting at some sizes, each in a process of its own.

Usage: python benchmarks/memory.py [--sizes 512,1024] [--encoder pocket] [--precision auto]
"""

import argparse
import resource
import subprocess
import sys

CHILD = """
import sys, resource
import skimage.data
import impasto
from impasto.gallery import draw
from impasto.optimize.memory import BASE_BYTES, needed_bytes
size, encoder, precision = int(sys.argv[1]), sys.argv[2], sys.argv[3]
stylizer = impasto.IterativeStylizer(
    draw("strokes"), size=size, encoder=encoder, precision=precision, steps=6
)
picture = stylizer(skimage.data.coffee())
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
expected = needed_bytes(picture.size, size, stylizer.settings, stylizer.precision)
print(f"{picture.width}x{picture.height} {encoder} {stylizer.precision}: "
      f"peak {peak / 2**30:.2f} GiB, "
      f"{(peak - BASE_BYTES) / (picture.width * picture.height):.0f} bytes a pixel over the base, "
      f"estimated {expected / 2**30:.2f} GiB")
"""


def main() -> None:
    """Measure each size and print a line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", default="512,1024")
    parser.add_argument("--encoder", default="pocket")
    parser.add_argument("--precision", default="auto")
    arguments = parser.parse_args()
    for size in arguments.sizes.split(","):
        child = [sys.executable, "-c", CHILD, size, arguments.encoder, arguments.precision]
        subprocess.run(child, check=True)
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    print(f"largest of all: {children / 2**20:.2f} GiB")


if __name__ == "__main__":
    main()
