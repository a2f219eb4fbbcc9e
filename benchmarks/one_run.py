"""Paint one picture, and print as JSON where the time went: the other parts call this.

Usage: python -m benchmarks.one_run PHOTO STYLE OPTIONS BEGUN AGAIN

OPTIONS are those of `impasto.stylizer` as JSON, BEGUN is when the process was started, in seconds
since the epoch, and AGAIN how often the photograph is painted once more by the same stylizer.
"""

import itertools
import sys
import time


def main(photo: str, style: str, options: str, begun: str, again: str) -> None:
    """Paint and print."""
    parts, last = {}, float(begun)

    def done(part: str) -> None:
        nonlocal last
        parts[part], last = time.time() - last, time.time()

    done("starting Python")
    import json
    import tempfile

    import impasto
    from impasto.images import fitted_size

    stylizer = impasto.stylizer(style, **json.loads(options))
    done("importing, opening the network, the style")
    run = stylizer.run(photo)
    done("reading the photograph")
    steps = [next(run).seconds]
    done("plan and first step")
    steps += [state.seconds for state in run]
    done("all other steps")
    with tempfile.TemporaryDirectory() as folder:
        run.picture.save(f"{folder}/made.png")
    done("saving")
    once_more = []
    if int(again):
        picture = impasto.open_picture(photo)
        picture = picture.resized(fitted_size(picture.size, max(run.picture.size)))
    for _ in range(int(again)):
        begun_again = time.perf_counter()
        stylizer(picture)
        once_more.append(time.perf_counter() - begun_again)
    said = {
        "seconds": parts,
        "again": once_more,
        "steps": [after - before for before, after in itertools.pairwise(steps)],
        "plan": {"seconds": run.plan.seconds, "bytes": run.plan.bytes},
        "size": run.picture.size,
    }
    print(json.dumps(said))


if __name__ == "__main__":
    main(*sys.argv[1:])
