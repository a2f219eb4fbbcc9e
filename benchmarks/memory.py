"""Measure the peak memory of painting squares of some sizes, each in a process of its own.

Usage: python benchmarks/memory.py [--sizes 512,1024] [--encoder pocket] [--precision auto]
           [--memory 4GiB]
"""

import argparse
import resource
import subprocess
import sys

CHILD = """
import sys, resource, time
import skimage.data
import impasto
from impasto.optimize import IterativeStylizer
from impasto.gallery import open_style
from impasto.optimize.plan import BASE_BYTES
size, encoder, precision, memory = int(sys.argv[1]), *sys.argv[2:5]
stylizer = IterativeStylizer(
    open_style("strokes", 768), size=size, encoder=encoder, precision=precision,
    memory=memory or None, steps=8,
)
run = stylizer.run(impasto.open_picture(skimage.data.coffee()[:, :400]))
expected, sides = run.tiles.bytes, run.tiles.sides
picture, state = run.finish(), run.state
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
print(f"{picture.width}x{picture.height} {encoder} {stylizer.reader.precision}: "
      f"peak {peak / 2**30:.2f} GiB, "
      f"{(peak - BASE_BYTES) / (picture.width * picture.height):.0f} bytes a pixel over the base, "
      f"estimated {expected / 2**30:.2f} GiB, tiles {sides[-1]}, {state.seconds:.0f} s")
"""


def main() -> None:
    """Measure each size and print a line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", default="512,1024")
    parser.add_argument("--encoder", default="pocket")
    parser.add_argument("--precision", default="auto")
    parser.add_argument("--memory", default="")
    arguments = parser.parse_args()
    for size in arguments.sizes.split(","):
        options = (arguments.encoder, arguments.precision, arguments.memory)
        child = [sys.executable, "-c", CHILD, size, *options]
        subprocess.run(child, check=True)
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    print(f"largest of all: {children / 2**20:.2f} GiB")


if __name__ == "__main__":
    main()
