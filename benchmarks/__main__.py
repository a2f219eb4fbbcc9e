"""Measure everything and write the results: each part in a process of its own, one after the other.

Usage: python -m benchmarks --judge JUDGE.py --data FOLDER [--output RESULTS.md]
           [--only quality,speed] [--rounds 3] [--quick]

JUDGE.py has `load`, `vgg19`, `gram`, `relative` and the other measures that `quality` names; FOLDER
has `pairs.csv` (columns content and style), the pictures that it names, and `video/` with a clip.
Without `--output` the page is printed. A part that fails says so in its section, the others go on,
and the exit status is 1. `--quick` rehearses: small pictures, one pair, one round.
"""

import argparse
import importlib.metadata
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timezone
from pathlib import Path

from benchmarks.measuring import parser, progress

import impasto
from impasto.files import write_atomically
from impasto.machine import cores

ROOT = Path(__file__).parents[1]
#: Modules, in the order of the page, and their headings.
PARTS = {
    "quality": "Quality",
    "speed": "Speed",
    "default_run": "Where the time of a default run goes",
    "memory": "Memory",
    "video": "Video",
    "dataset": "Data sets",
    "studio": "The studio",
    "package": "The package",
}
HEAD = """# Results

Written by `make bench` on {date}: one run on one machine of {parts}. What it does not measure is
in [History](HISTORY.md).

| | |
|---|---|
| processor | {processor}, {cores} cores |
| memory | {memory} |
| system | {system} |
| load when it began | {load} |
| versions | {versions} |

The judge's measures are distances (lower is better) but for ssim: *style* and *content* are
relative losses of an independent float32 VGG-19 at 512 pixels, *patches* the sliced Wasserstein
distance of pixel patches to the style, *background noise* the detail on flat parts of the
photograph over the style's detail.
"""


def found(path: str, pattern: str) -> str:
    """Return what a file of the system says; "": there is none, as on other systems."""
    try:
        said = re.search(pattern, Path(path).read_text("utf-8"))
    except OSError:
        return ""
    return said[1] if said else ""


def head(parts: str) -> str:
    """Return the top of the page: what, when, where and with what."""
    names = ("torch", "onnxruntime", "openvino", "ai-edge-litert")
    there = {each.metadata["Name"].lower() for each in importlib.metadata.distributions()}
    versions = [f"impasto {impasto.__version__}", f"Python {platform.python_version()}"]
    versions += [f"{name} {importlib.metadata.version(name)}" for name in names if name in there]
    kibibytes = found("/proc/meminfo", r"MemTotal: +(\d+)")
    memory = f"{int(kibibytes) / 2**20:.0f} GiB" if kibibytes else "unknown"
    system = found("/etc/os-release", r'PRETTY_NAME="(.*)"')
    return HEAD.format(
        parts=parts,
        date=f"{datetime.now(timezone.utc):%Y-%m-%d}",
        processor=found("/proc/cpuinfo", r"model name\s*: (.*)") or platform.processor(),
        cores=cores(),
        memory=memory,
        system=f"{platform.system()} {platform.release()}" + f", {system}" * bool(system),
        load=f"{os.getloadavg()[0]:.1f}",
        versions=", ".join(versions),
    )


def section(name: str, words: list[str], shown: str) -> tuple[str, bool]:
    """Run a part; return its section of the page, and whether it went well."""
    begun, last = time.monotonic(), ""
    with tempfile.TemporaryFile("w+", encoding="utf-8") as page:
        command = [sys.executable, "-m", f"benchmarks.{name}", *words]
        with subprocess.Popen(
            command, cwd=ROOT, stdout=page, stderr=subprocess.PIPE, text=True, encoding="utf-8"
        ) as process:
            for line in process.stderr or ():
                sys.stderr.write(line)
                last = line.strip() or last
        page.seek(0)
        text = page.read().strip()
    well = process.returncode == 0
    if not well:
        text = f"{text}\n\n**This part failed:** {last}".strip()
    took = f"{time.monotonic() - begun:.0f} s"
    progress(f"{name}: {'done' if well else 'failed'} after {took}")
    about = f"`python -m benchmarks.{name} {shown}`, {took} in all."
    return f"## {PARTS[name]}\n\n{about}\n\n{text}\n", well


def named(text: str) -> list[str]:
    """Return the parts that are asked for."""
    names = text.split(",")
    unknown = sorted(set(names) - set(PARTS))
    if unknown:
        raise argparse.ArgumentTypeError(f"{', '.join(unknown)}: there are {', '.join(PARTS)}")
    return names


def main() -> int:
    """Run the parts and write the page; return the exit status."""
    reader = parser(__doc__)
    reader.add_argument("--output", type=Path)
    reader.add_argument("--only", type=named, default=list(PARTS))
    given = reader.parse_args()
    for path in (given.judge, given.data):
        if not path.exists():
            reader.error(f"{path} is not there: make bench JUDGE=judge.py DATA=folder")
    options = ["--rounds", str(given.rounds), *["--quick"] * given.quick]
    words = ["--judge", str(given.judge.absolute()), "--data", str(given.data.absolute()), *options]
    shown = " ".join(["--judge JUDGE.py --data FOLDER", *options])
    whole = "everything" if given.only == list(PARTS) else ", ".join(given.only)
    quick = ", in a rehearsal with small pictures" * given.quick
    sections, begun = [head(whole + quick)], time.monotonic()
    well = True
    for name in PARTS:
        if name in given.only:
            text, fine = section(name, words, shown)
            sections.append(text.replace(str(given.data.absolute()), "FOLDER"))
            well = well and fine
    progress(f"all: {(time.monotonic() - begun) / 60:.0f} minutes")
    page = "\n".join(sections)
    if given.output is None:
        print(page)
    else:
        write_atomically(given.output, page, overwrite=True)
    return 0 if well else 1


if __name__ == "__main__":
    raise SystemExit(main())
