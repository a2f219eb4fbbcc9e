"""Two threads that both come first must not wait for each other."""

import subprocess
import sys

import pytest

from impasto.weights import fetch

CODE = """
import sys, threading
import numpy as np
from impasto.fast.sessions import open_session
from pathlib import Path
session = open_session(Path(sys.argv[1]), "openvino")
picture = np.zeros((1, 64, 64, 3), np.float32)
barrier = threading.Barrier(2)
def first():
    barrier.wait()
    session(picture=picture)
sys.setswitchinterval(1e-6)
threads = [threading.Thread(target=first) for _ in range(2)]
[each.start() for each in threads]
[each.join() for each in threads]
"""


@pytest.mark.slow
def test_first_calls_in_two_threads() -> None:
    pytest.importorskip("openvino")
    line = [sys.executable, "-c", CODE, str(fetch("style-reader"))]
    runs = [subprocess.Popen(line) for _ in range(4)]
    try:
        assert [run.wait(timeout=60) for run in runs] == [0] * 4
    finally:
        for run in runs:
            run.kill()
