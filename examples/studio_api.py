"""Ask a studio for a picture: `impasto studio` must run, here or elsewhere.

Usage: python examples/studio_api.py [ADDRESS PHOTO STYLE OUTPUT]   (needs the extra `studio`)
"""

import os
import shutil
import sys

os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")  # before the client is imported

from gradio_client import Client, handle_file


def main(address: str, photo: str, style: str, output: str) -> None:
    """Send a photograph and the name of a style; save what comes back."""
    client = Client(address, verbose=False)
    settings = {"method": "fast", "size": 256}
    path, recipe = client.predict(handle_file(photo), [], style, settings, api_name="/stylize")
    shutil.copy(path, output)
    print(output, recipe["settings"]["size"])


if __name__ == "__main__":
    main(*(sys.argv[1:] or ("http://127.0.0.1:7860/", "photo.jpg", "mosaic", "out.png")))
