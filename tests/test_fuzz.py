"""A few cases of each kind of the fuzz; an hour of it: python -m tests.fuzz --minutes 60."""

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("av")


@pytest.mark.skipif(sys.platform == "win32", reason="each case is a fork of a prepared process")
def test_damaged_inputs_end_in_one_line(tmp_path: Path) -> None:
    fuzz = [sys.executable, "-m", "tests.fuzz", "--cases", "3", "--folder", str(tmp_path)]
    ran = subprocess.run(fuzz, capture_output=True, text=True, timeout=600, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert ran.stdout.count(": 3 cases") == 12
