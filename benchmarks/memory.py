"""The largest resident memory of a process that paints, at some sizes, and the plan's forecast.

Usage: python -m benchmarks.memory --judge JUDGE.py --data FOLDER [--quick]

One pass; optimization with VGG-19 for a few steps in one octave, as memory does not depend on their
number; and with a limit at the largest size. That of a default run is in `default_run`.
"""

from typing import Any

from benchmarks.measuring import memory, one_run, options, progress, table

SIZES, QUICK_SIZES = (512, 1024, 2048), (64,)
LIMIT = "3GiB"


def main() -> None:
    """Paint each and print a table."""
    given = options(__doc__)
    content, style = given.pairs()[0]
    sizes = QUICK_SIZES if given.quick else SIZES
    ways: dict[str, dict[str, Any]] = {
        "one pass": {"method": "fast"},
        "VGG-19": {"encoder": "vgg19"},
        f"pocket, `--memory {LIMIT}`": {"encoder": "pocket", "memory": LIMIT},
    }
    rows = []
    for name, settings in ways.items():
        row = [name]
        for size in sizes:
            if "memory" in settings and size < sizes[-1]:
                row.append("")
                continue
            progress(f"memory: {name}, {size} pixels")
            asked = {"size": size, **settings}
            if "encoder" in settings:
                asked |= {"steps": [3], "min_size": size}
            found = one_run(content, style, **asked)
            row.append(f"{memory(found['peak'])} ({memory(found['plan']['bytes'])})")
        rows.append(row)
    title = f"{content.stem} × {style.stem}: taken, and planned in brackets, by the longest side."
    table(title, ["", *(f"{size} pixels" for size in sizes)], rows)


if __name__ == "__main__":
    main()
