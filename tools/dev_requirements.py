"""Print the tools of a dependency group, one a line: older pips cannot read groups.

Usage: python tools/dev_requirements.py [GROUP]   (`dev` where none is named)
"""

import re
import sys
from pathlib import Path

project = (Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8")
# A few quoted lines; Python 3.10 has no tomllib.
name = sys.argv[1] if len(sys.argv) > 1 else "dev"
group = re.search(rf"^{name} = \[(.*?)^\]", project, re.DOTALL | re.MULTILINE)
if group is None:
    raise SystemExit(f"pyproject.toml has no dependency group {name!r}")
print("\n".join(re.findall(r'"([^"]+)"', group[1])))
