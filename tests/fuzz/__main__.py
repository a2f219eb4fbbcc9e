"""Damaged and hostile files for every command that reads one: python -m tests.fuzz --minutes 60.

Each case makes valid inputs, damages one of them, and runs a command on it in a process of its own.
What must hold: exit status 0, 1 or 2; no traceback; no signal; at most ten seconds of computing;
the inputs as they were; nothing written but below `out` (and the folder of the user's own files).
A case follows from the seed and its number alone: `--only KIND-N` runs one again and
keeps its folder.
"""

import argparse
import contextlib
import hashlib
import importlib
import io
import itertools
import os
import random
import re
import resource
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests.fuzz.inputs import drawing
from tests.fuzz.kinds import KINDS

SECONDS = 10.0  # of computing, each case
PATIENCE = 90.0  # seconds on the clock, on a machine that does other work too


def _contents(folder: Path) -> dict[str, str]:
    """Return a hash of each file below a folder."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_symlink()
    }


def _child(arguments: list[str], case: Path) -> None:
    """Be the program, in a process that ends here."""
    from impasto.cli import main

    os.setsid()
    os.chdir(case)
    for variable, folder in (("HOME", "home"), ("IMPASTO_HOME", "home/impasto"), ("TMPDIR", "tmp")):
        os.environ[variable] = str(case / folder)
    tempfile.tempdir = None
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for stream, name in ((1, "stdout"), (2, "stderr")):
        os.dup2(os.open(case / name, os.O_WRONLY | os.O_CREAT), stream)
    sys.stdout, sys.stderr = (io.TextIOWrapper(os.fdopen(n, "wb"), "utf-8") for n in (1, 2))
    sys.argv = ["impasto", *arguments]
    status = 0
    try:
        main()
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 1
    except BaseException:
        import traceback

        traceback.print_exc()
        status = 70
    for stream_ in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream_.flush()
    os._exit(status)


def _run(arguments: list[str], case: Path) -> tuple[int, float, float]:
    """Return the exit status (negative: the signal), and the seconds computed and passed."""
    begun, child = time.monotonic(), os.fork()
    if not child:
        _child(arguments, case)
    while True:
        ended, status, used = os.wait4(child, os.WNOHANG)
        passed = time.monotonic() - begun
        if ended:
            return os.waitstatus_to_exitcode(status), used.ru_utime + used.ru_stime, passed
        if passed > PATIENCE:
            os.killpg(child, signal.SIGKILL)
        time.sleep(0.01)


def command_of(kind: str, number: int, seed: int, case: Path) -> list[str]:
    """Make the inputs of a case in an empty folder; return its command, relative to the folder."""
    rng = random.Random(f"{seed}-{kind}-{number}")
    for folder in ("in", "out", "home", "tmp", "spare"):
        (case / folder).mkdir(parents=True)
    (case / "secret").write_text("a secret")
    drawing(rng, 64, 48).save(case / "in" / "good.png")
    arguments = KINDS[kind](rng, case / "in")
    return [each.replace(f"{case}/", "").replace("\0", "") for each in arguments]


def faults(arguments: list[str], case: Path) -> tuple[int, list[str]]:
    """Run the command of a case; return its exit status and what is wrong."""
    before, around = _contents(case), set(case.parent.iterdir())
    status, computed, passed = _run(arguments, case)
    after = _contents(case)
    told = (case / "stderr").read_text("utf-8", "replace")
    all_told = told + (case / "stdout").read_text("utf-8", "replace")
    kept = ("out/", "home/", "stdout", "stderr")
    new = [name for name in after if name not in before and not name.startswith(kept)]
    changed = [name for name, digest in before.items() if after.get(name) != digest]
    says_why = re.search(r"impasto: |Error|left out|not painted", told)
    found = {
        f"exit status {status}": status not in (0, 1, 2),
        "a traceback": "Traceback" in told,
        "no line that says what is wrong": status in (1, 2) and not says_why,
        f"{computed:.1f} s of computing": computed > SECONDS,
        f"{passed:.0f} s in all": passed >= PATIENCE,
        "terminal escapes": re.search(r"[\x1b\u202e]", all_told),
        f"inputs are changed: {changed[:3]}": changed,
        f"files outside the output: {new[:3]}": new,
        "files above the folder": set(case.parent.iterdir()) - around,
    }
    return status, [fault for fault, holds in found.items() if holds]


def prepared() -> None:
    """Import what the program needs once, so that each case begins in milliseconds."""
    os.environ.update(IMPASTO_OFFLINE="1", OMP_NUM_THREADS="1")

    for module in (
        "impasto.cli",
        "impasto.fast",
        "impasto.optimize",
        "impasto.video",
        "torch",
        "av",
    ):
        importlib.import_module(module)
    importlib.import_module("onnxruntime")


def cases(kinds: list[str], minutes: float, each: int | None) -> Iterator[tuple[str, int]]:
    """Yield cases of all kinds in turn, until the time is over or there were enough of each."""
    end = time.monotonic() + minutes * 60
    for number in range(each) if each else itertools.count():
        for kind in kinds:
            if not each and time.monotonic() > end:
                return
            yield kind, number


def main() -> int:
    """Run cases; print each fault; return 1 if there are any."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--cases", type=int, help="of each kind, instead of minutes")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kinds", nargs="*", default=list(KINDS), choices=list(KINDS))
    parser.add_argument("--only", metavar="KIND-N")
    parser.add_argument("--folder", type=Path, default=None)
    wanted = parser.parse_args()
    prepared()
    top = Path(wanted.folder or tempfile.mkdtemp(prefix="impasto-fuzz-")).resolve()
    todo = cases(wanted.kinds, wanted.minutes, wanted.cases)
    if wanted.only:
        kind, number = wanted.only.rsplit("-", 1)
        todo = iter([(kind, int(number))])
    statuses: dict[str, Counter[int]] = {kind: Counter() for kind in KINDS}
    bad = 0
    for kind, number in todo:
        case = top / f"{kind}-{number}" / "case"
        shutil.rmtree(case.parent, ignore_errors=True)
        arguments = command_of(kind, number, wanted.seed, case)
        status, wrong = faults(arguments, case)
        statuses[kind][status] += 1
        if wrong or wanted.only:
            bad += bool(wrong)
            last = (case / "stderr").read_text("utf-8", "replace").strip().splitlines()[-1:]
            print(f"{kind}-{number}: {'; '.join(wrong)}: {arguments} {last}", flush=True)
        else:
            shutil.rmtree(case.parent)
    for kind, ended in statuses.items():
        print(f"{kind}: {ended.total()} cases, exit statuses {dict(sorted(ended.items()))}")
    print(f"{bad} at fault; their folders are in {top}")
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main())
