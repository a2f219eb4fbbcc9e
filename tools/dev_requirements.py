"""Print the tools of the dependency group `dev`, one a line: older pips cannot read groups.

Usage: python tools/dev_requirements.py
"""

import re
from pathlib import Path

project = (Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8")
# A few quoted lines; Python 3.10 has no tomllib.
group = re.search(r"^dev = \[(.*?)^\]", project, re.DOTALL | re.MULTILINE)
if group is None:
    raise SystemExit("pyproject.toml has no dependency group 'dev'")
print("\n".join(re.findall(r'"([^"]+)"', group[1])))
