"""The live picture on real screens: a page in Chromium, a window under Xvfb."""

import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from impasto import open_picture
from impasto.live.page import Page


@pytest.mark.slow
def test_the_page_in_a_browser(tmp_path: Path, chromium: str) -> None:
    page, over = Page(), threading.Event()

    def feed() -> None:
        while not over.is_set():
            page.show(np.full((240, 320, 3), (20, 90, 200), np.uint8))
            time.sleep(0.03)

    threading.Thread(target=feed, daemon=True).start()
    shot = tmp_path / "page.png"
    options = ("--headless", "--no-sandbox", "--disable-gpu", "--window-size=800,600")
    command = [chromium, *options, "--timeout=4000", f"--screenshot={shot}", page.url]
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=90)
    finally:
        over.set()
    pixels = open_picture(shot).to_array()[..., :3].astype(int)
    blue = np.abs(pixels - (20, 90, 200)).max(-1) < 12
    assert blue.sum() == pytest.approx(240 * 320, rel=0.05)
    rows, columns = np.nonzero(blue)
    assert columns.mean() == pytest.approx(400, abs=12)
    assert (pixels[rows.max() + 10 :] > 150).any()  # the keys are written below
    page.close()


_WINDOW = """
import time
import numpy as np
from impasto.live.outputs import Window
window = Window()
for _ in range(20):
    window.show(np.full((240, 320, 3), (20, 90, 200), np.uint8))
    window.keys()
    time.sleep(0.02)
import pygame
screen = pygame.display.get_surface()
print(pygame.display.get_driver(), screen.get_size(), tuple(screen.get_at((100, 100)))[:3])
window.close()
"""


@pytest.mark.slow
def test_a_window_on_a_screen() -> None:
    if shutil.which("xvfb-run") is None:
        pytest.skip("there is no xvfb-run: install xvfb to see the window tested")
    environment = {name: v for name, v in os.environ.items() if name != "SDL_VIDEODRIVER"}
    run = subprocess.run(
        ["xvfb-run", "-a", "python", "-c", _WINDOW],
        env={**environment, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.strip() == "x11 (320, 240) (20, 90, 200)"
