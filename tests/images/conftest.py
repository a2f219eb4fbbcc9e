from __future__ import annotations

import sys
from pathlib import Path

# `pytest` alone, unlike `python -m pytest`, does not find the tests' own modules.
sys.path.insert(0, str(Path(__file__).parents[2]))
