"""OpenCV, or what to do where it is not installed."""

from __future__ import annotations

import os
from typing import Any

from impasto.errors import MissingExtraError


def opencv() -> Any:  # noqa: ANN401
    """Return the module cv2.

    Raises:
        MissingExtraError: It is not installed.
    """
    os.environ.setdefault("OPENCV_LOG_LEVEL", "ERROR")  # its warnings are ours to tell
    try:
        import cv2
    except ImportError as error:
        raise MissingExtraError("optical flow", "video") from error
    return cv2
