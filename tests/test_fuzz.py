"""Two cases of each kind of the fuzz; an hour of it: python -m tests.fuzz --minutes 60."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.fuzz.kinds import KINDS

pytest.importorskip("av")
#: In as many processes, so that none takes long.
PARTS = 3


@pytest.mark.skipif(sys.platform == "win32", reason="each case is a fork of a prepared process")
@pytest.mark.parametrize("first", range(PARTS))
@pytest.mark.slow
def test_damaged_inputs_end_in_one_line(first: int, tmp_path: Path) -> None:
    kinds = list(KINDS)[first::PARTS]
    fuzz = [sys.executable, "-m", "tests.fuzz", "--cases", "2", "--folder", str(tmp_path)]
    line = [*fuzz, "--kinds", *kinds]
    # The real VGG-19 as a judge would take as long as a case may, on some processors.
    without = {name: value for name, value in os.environ.items() if name != "IMPASTO_WEIGHTS"}
    ran = subprocess.run(line, capture_output=True, text=True, check=False, env=without)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert ran.stdout.count(": 2 cases") == len(kinds)
