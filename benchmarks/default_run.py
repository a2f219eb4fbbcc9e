"""Where the time and the memory of a run with default settings go, at some sizes.

Usage: python -m benchmarks.default_run PHOTO STYLE [--sizes 512,1024] [--rounds 3]

Each run is a process of its own, as `impasto stylize` is one. Seconds are medians of the rounds;
memory is the largest resident size. A photograph smaller than a size is enlarged to it.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time

CHILD = """
import json, resource, sys, tempfile, time
photo, style, size, begun = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
seconds, before = {}, begun
def done(part):
    global before
    seconds[part], before = time.time() - before, time.time()
done("starting Python")
import impasto, torch
done("importing torch")
stylizer = impasto.stylizer(style, size=size)
done("opening the encoder, the style")
run = stylizer.run(photo)
done("reading the photograph")
next(run)
done("plan and first step")
for state in run:
    pass
done("all other steps")
run.picture.save(tempfile.mkdtemp() + "/made.png")
done("saving")
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps({"seconds": seconds, "peak": peak, "size": run.picture.size}))
"""


def main() -> None:
    """Run each size some times and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photo")
    parser.add_argument("style")
    parser.add_argument("--sizes", default="512,1024")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    for size in arguments.sizes.split(","):
        runs = []
        for _ in range(arguments.rounds):
            child = [sys.executable, "-c", CHILD, arguments.photo, arguments.style, size]
            made = subprocess.run([*child, repr(time.time())], check=True, stdout=subprocess.PIPE)
            runs.append(json.loads(made.stdout))
        width, height = runs[0]["size"]
        peak = statistics.median(run["peak"] for run in runs) / 2**20
        total = statistics.median(sum(run["seconds"].values()) for run in runs)
        print(f"{width}x{height}: {total:.1f} s, {peak:.2f} GiB")
        for part in runs[0]["seconds"]:
            print(f"  {statistics.median(run['seconds'][part] for run in runs):6.2f} s  {part}")


if __name__ == "__main__":
    main()
