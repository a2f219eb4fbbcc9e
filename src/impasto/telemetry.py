"""What the packages below would tell their makers is switched off before they are imported.

`import impasto` does it, so that no import of theirs comes first: not in the program, not in a
worker, not on a node of a cluster. Processes that are started from here inherit the variables.
"""

import os
import sys
from collections.abc import Mapping
from typing import Any, cast

#: What each package reads when it is imported.
VARIABLES: Mapping[str, str] = {
    "DO_NOT_TRACK": "1",
    "ORT_DISABLE_TELEMETRY": "1",  # ONNX Runtime 1.32 and later
    "OTEL_SDK_DISABLED": "true",  # FastAPI and Ray
    "RAY_USAGE_STATS_ENABLED": "0",
}


def disable_telemetry() -> None:
    """Have no package send usage data, nor write an identifier into the home folder."""
    os.environ.update(VARIABLES)
    # OpenVINO reads no variable; it sends nothing where this package cannot be imported.
    cast("dict[str, Any]", sys.modules)["openvino_telemetry"] = None
