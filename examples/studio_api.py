"""Ask a studio for a picture: `impasto studio` must run, here or elsewhere.

Usage: python examples/studio_api.py [ADDRESS PHOTO STYLE OUTPUT]   (needs httpx)
"""

import sys
from pathlib import Path

import httpx


def main(address: str, photo: str, style: str, output: str) -> None:
    """Send a photograph and the name of a style; save what comes back."""
    with httpx.Client(base_url=address, timeout=120) as studio:
        upload = studio.post("api/files", files={"file": Path(photo).read_bytes()})
        body = {"content": upload.raise_for_status().json()["id"], "styles": [{"name": style}]}
        painted = studio.post("api/paint", json={**body, "settings": {"size": 256}})
        Path(output).write_bytes(painted.raise_for_status().content)
    print(output)


if __name__ == "__main__":
    main(*(sys.argv[1:] or ("http://127.0.0.1:7860/", "photo.jpg", "mosaic", "out.jpg")))
