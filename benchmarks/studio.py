"""How quickly the studio answers, alone and with eight visitors at once.

Usage: python -m benchmarks.studio [--chromium PATH] [--rounds 3]

Alone, in Chromium: seconds from the command to the page, from a click on a style to the quick
result (512 pixels, the style read before), from Paint to its first preview. Then eight clients,
each asking for twenty quick results: how long, and how the server's memory grows.
"""

import argparse
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import skimage.data
from PIL import Image
from playwright.sync_api import Page, sync_playwright

# It is read when the client is imported: nobody is told of what is measured.
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
from gradio_client import Client, handle_file

VISITORS, ASKED = 8, 20


@contextmanager
def studio(folder: Path) -> Iterator[tuple[str, int]]:
    """Run a studio; yield its address and its process's number."""
    command = [sys.executable, "-m", "impasto", "studio", "--history", str(folder / "history")]
    home = {"IMPASTO_HOME": str(folder / "home")}
    with subprocess.Popen(
        command, env={**os.environ, **home}, stdout=subprocess.PIPE, text=True
    ) as program:
        assert program.stdout is not None
        yield program.stdout.readline().strip(), program.pid
        program.send_signal(signal.SIGINT)


def painted(page: Page, photo: Path) -> tuple[float, float]:
    """Return seconds to the quick result, and to the first preview of Paint."""
    page.locator("#content input[type=file]").first.set_input_files(photo)
    page.locator("#content img").wait_for()
    styles = page.locator("#gallery .thumbnail-lg")
    styles.nth(3).click()
    page.locator("#result img").first.wait_for(timeout=60_000)
    took = []
    for number in (5, 3):  # the second time its style has been read before
        before = str(page.locator("#result img").last.get_attribute("src"))
        begun = time.perf_counter()
        styles.nth(number).click()
        _changed(page, before)
        took.append(time.perf_counter() - begun)
    before = str(page.locator("#result img").last.get_attribute("src"))
    begun = time.perf_counter()
    page.locator("#paint").click()
    _changed(page, before)
    return took[-1], time.perf_counter() - begun


def _changed(page: Page, before: str) -> None:
    page.wait_for_function(
        "before => { const all = document.querySelectorAll('#result img');"
        " return all.length && all[all.length - 1].src !== before; }",
        arg=before,
        timeout=60_000,
    )


def crowd(address: str, photo: Path, server: int) -> None:
    """Print how long many visitors take, and what memory the server needs."""
    took: list[float] = []

    def visit(number: int) -> None:
        client = Client(address, verbose=False)
        for _ in range(ASKED):
            begun = time.perf_counter()
            settings = {"method": "fast", "size": 512, "strength": 0.5 + number / 20}
            client.predict(handle_file(photo), [], "mosaic", settings, api_name="/stylize")
            took.append(time.perf_counter() - begun)
        client.close()

    for _ in range(2):
        before = _memory(server)
        threads = [threading.Thread(target=visit, args=(number,)) for number in range(VISITORS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        print(f"{len(took)} answers, memory {before:.0f} to {_memory(server):.0f} MB")
    print(f"an answer takes {statistics.median(took):.2f} s (median), {max(took):.2f} at most")


def _memory(process: int) -> float:
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="impasto-"))
    photo = folder / "photo.jpg"
    Image.fromarray(skimage.data.astronaut()).save(photo)
    for number in range(arguments.rounds):
        begun = time.perf_counter()
        with studio(folder) as (address, server), sync_playwright() as drives:
            browser = drives.chromium.launch(
                executable_path=arguments.chromium, args=["--no-sandbox"]
            )
            page = browser.new_page()
            page.goto(address)
            page.locator("#paint").wait_for()
            there = time.perf_counter() - begun
            page.locator("#gallery img").first.wait_for(timeout=60_000)
            quick, preview = painted(page, photo)
            print(f"page {there:.1f} s, quick {quick:.2f} s, first preview {preview:.2f} s")
            page.locator("#cancel").click()
            browser.close()
            if number == arguments.rounds - 1:
                crowd(address, photo, server)


if __name__ == "__main__":
    main()
