"""Where the time and the memory of a run with default settings go, at some sizes.

Usage: python -m benchmarks.default_run --judge JUDGE.py --data FOLDER [--rounds 3] [--quick]

Each run is a process of its own. Seconds and memory are medians of the rounds; 2048 pixels are
painted once. A photograph smaller than a size is enlarged to it.
"""

from statistics import median

from benchmarks.measuring import memory, one_run, options, progress, seconds, table


def main() -> None:
    """Run each size and print a table."""
    given = options(__doc__)
    content, style = given.pairs()[0]
    columns: list[list[str]] = []
    for size in (32, 64) if given.quick else (512, 1024, 2048):
        progress(f"a default run at {size} pixels")
        rounds = given.rounds if size < 2048 else 1
        runs = [one_run(content, style, size=size) for _ in range(rounds)]
        width, height = runs[0]["size"]
        parts = list(runs[0]["seconds"])
        column = [f"{width}×{height}"]
        column += [seconds(each["seconds"][part] for each in runs) for part in parts]
        column += [f"**{seconds(sum(each['seconds'].values()) for each in runs)}**"]
        column += [f"{runs[0]['plan']['seconds']:.1f} s"]
        column += [memory(median(each["peak"] for each in runs))]
        columns.append([*column, memory(runs[0]["plan"]["bytes"])])
    rows = [*parts, "**all**", "as planned, once started", "memory", "as planned"]
    names = f"{content.stem} × {style.stem}"
    title = f"{names}, pocket, medians; the whole process, and the plan that was made before."
    first, *others = zip(["", *rows], *columns, strict=True)
    table(title, first, others)


if __name__ == "__main__":
    main()
