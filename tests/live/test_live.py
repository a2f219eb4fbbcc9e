"""The newest frame wins, keys work, and everything shows the same picture."""

import errno
import io
import itertools
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from tests.cli.conftest import Impasto
from tests.cli.conftest import impasto as impasto
from tests.video.conftest import SIZE, moving, write_clip

from impasto.errors import ImageError, ImpastoError, SettingsError
from impasto.fast import FastStylizer
from impasto.live import sources
from impasto.live.outputs import KEYS, Controls, Recorder
from impasto.live.page import Page
from impasto.live.session import SIZES, Meter, Pace, Session, written
from impasto.live.sources import Newest, SourceLostError, open_source
from impasto.video.painting import split

Pixels8 = NDArray[np.uint8]


class Screen:
    """Keeps what it is shown, and presses keys after so many frames."""

    def __init__(self, presses: dict[int, str] | None = None) -> None:
        self.shown: list[Pixels8] = []
        self.presses = presses or {}

    def show(self, pixels: Pixels8) -> None:
        self.shown.append(pixels)

    def keys(self) -> Sequence[str]:
        key = self.presses.pop(len(self.shown), None)
        return [key] if key else []

    def close(self) -> None:
        pass


#: Sources of sessions, to be closed after the test.
OPENED: list[Newest] = []


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    while OPENED:
        OPENED.pop().close()


def session(
    frames: sources.Frames,
    style: Pixels8,
    screen: Screen,
    folder: Path,
    **options: Any,  # noqa: ANN401
) -> tuple[Session, Controls]:
    settings: dict[str, Any] = {"runtime": "onnxruntime", "device": "cpu", "size": 96}
    stylizers = [FastStylizer(style, **settings), FastStylizer(255 - style, **settings)]
    controls = Controls(styles=2, overlay=False)
    chosen: dict[str, Any] = {"size": 96, "fps": 0.0, "stability": 0.0, "folder": folder} | options
    chosen.setdefault("recorder", lambda _: None)
    OPENED.append(Newest(frames))
    made = Session(OPENED[-1], stylizers, ["one", "two"], [screen], controls, **chosen)
    return made, controls


def endless(pixels: Pixels8) -> Iterator[Pixels8]:
    while True:
        yield pixels
        time.sleep(0.002)


def test_the_newest_frame_wins() -> None:
    come, go = threading.Event(), threading.Event()

    def frames() -> Iterator[Pixels8]:
        for number in range(30):
            yield np.full((4, 4, 3), number, np.uint8)
            if number % 10 == 9:
                come.set()
                assert go.wait(20)
                go.clear()

    newest = Newest(frames)
    for last in (9, 19, 29):
        assert come.wait(20)
        come.clear()
        begun = time.monotonic()
        captured = newest.take()
        assert captured is not None
        assert captured.pixels[0, 0, 0] == last
        assert captured.moment <= begun
        assert newest.take(0.01) is None
        go.set()
    newest.close()
    assert newest.ended


def test_what_fails_otherwise_is_told() -> None:
    def frames() -> Iterator[Pixels8]:
        yield np.zeros((4, 4, 3), np.uint8)
        raise IndexError("a mistake")

    newest = Newest(frames)
    assert newest.take(5) is not None
    while not newest.ended:
        time.sleep(0.01)
    with pytest.raises(IndexError, match="a mistake"):
        newest.take(0.1)


def test_a_source_that_is_lost_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "RETRY", 0.05)
    tries = []

    def frames() -> Iterator[Pixels8]:
        tries.append(1)
        if len(tries) < 3:
            raise SourceLostError("camera 7 gives no more pictures")
        yield from endless(np.zeros((4, 4, 3), np.uint8))

    newest = Newest(frames)
    troubles = set()
    deadline = time.monotonic() + 5
    while newest.take(0.01) is None and time.monotonic() < deadline:
        troubles.add(newest.trouble)
    assert "camera 7 gives no more pictures" in troubles
    assert newest.trouble is None
    newest.close()


def test_what_never_began_is_an_error_and_once_ends() -> None:
    def lost(frames: int) -> Iterator[Pixels8]:
        yield from [np.zeros((4, 4, 3), np.uint8)] * frames
        raise SourceLostError("camera 7 is gone")

    never = Newest(lambda: lost(0), needed=True)
    with pytest.raises(SourceLostError, match="camera 7 is gone"):
        never.take(20)
    once = Newest(lambda: lost(1), needed=True, retry=False)
    assert once.take(20) is not None
    assert once.take(20) is None
    assert (once.ended, once.trouble) == (True, "camera 7 is gone")


def test_silence_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "SILENCE", 0.0)
    over = threading.Event()

    def silent() -> Iterator[Pixels8]:
        over.wait(20)
        yield from ()

    newest = Newest(silent)
    assert newest.take(0.01) is None
    assert newest.trouble == "no picture has come for 0 seconds"
    over.set()
    newest.close()


@pytest.mark.skipif(os.name == "nt", reason="no pipes there")
def test_a_pipe_is_read_once(tmp_path: Path) -> None:
    clip, pipe = write_clip(tmp_path / "clip.mp4", moving(8)), tmp_path / "pipe"
    os.mkfifo(pipe)
    plain = tmp_path / "clip.mkv"
    with av.open(str(clip)) as given, av.open(str(plain), "w") as made:
        stream = made.add_stream_from_template(given.streams.video[0])
        for packet in given.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                made.mux(packet)
    threading.Thread(target=lambda: pipe.write_bytes(plain.read_bytes()), daemon=True).start()
    assert len(list(open_source(str(pipe), loop=False)())) == 8


def test_a_picture_is_a_source_that_stands_still(tmp_path: Path) -> None:
    Image.fromarray(moving(1)[0]).save(tmp_path / "photo.png")
    frames, begun = open_source(str(tmp_path / "photo.png"))(), time.monotonic()
    for _ in range(4):
        assert next(frames).shape == (*SIZE[::-1], 3)
    assert time.monotonic() - begun > 0.05


def test_files_play_in_their_own_time(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "clip.mp4", moving(8))
    begun = time.monotonic()
    assert len(list(open_source(str(path), loop=False)())) == 8
    assert 0.25 < time.monotonic() - begun < 2
    with pytest.raises(ImageError, match="does not exist"):
        open_source(str(tmp_path / "none.mp4"))


def test_a_camera_that_is_not_there() -> None:
    with pytest.raises(SourceLostError, match="camera 97 cannot be opened: is it plugged in"):
        next(open_source("97")())


def test_a_session_paints_and_takes_keys(painting: Pixels8, tmp_path: Path) -> None:
    (photo,) = moving(1)
    screen = Screen({2: "right", 4: "b", 6: "s", 8: "q"})
    live, controls = session(lambda: endless(photo), painting, screen, tmp_path)
    live.run()
    assert controls.over
    assert live.frames == len(screen.shown) == 8
    first, other, split = screen.shown[1], screen.shown[3], screen.shown[5]
    assert first.shape == (*SIZE[::-1], 3)
    assert np.abs(first.astype(int) - photo).mean() > 10
    assert np.abs(other.astype(int) - first).mean() > 10
    np.testing.assert_array_equal(split[:, :40], photo[:, :40])
    np.testing.assert_array_equal(split[:, 56:], other[:, 56:])
    assert [path.name for path in live.saved] == ["impasto-live.png"]
    assert live.saved[0].parent == tmp_path
    assert live.meter.fps > 1
    assert live.meter.latency < 1


def test_strength_goes_to_the_photograph(painting: Pixels8, tmp_path: Path) -> None:
    (photo,) = moving(1)
    screen = Screen({**dict.fromkeys(range(1, 11), "down"), 12: "q"})
    live, controls = session(lambda: endless(photo), painting, screen, tmp_path)
    live.run()
    assert controls.strength == 0
    np.testing.assert_array_equal(screen.shown[-1], photo)


def test_what_is_wrong_is_shown(
    painting: Pixels8, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "RETRY", 0.05)

    def frames() -> Iterator[Pixels8]:
        for _ in range(1):
            raise SourceLostError("camera 3 cannot be opened")
        yield from ()

    screen = Screen({1: "q"})
    live, _ = session(frames, painting, screen, tmp_path)
    live.run()
    assert live.frames == 0
    assert screen.shown[0].max() == 255  # words


def test_recordings(painting: Pixels8, tmp_path: Path) -> None:
    (photo,) = moving(1)
    recorder = Recorder(tmp_path / "live.mp4")
    screen = Screen({2: "r", 8: "r", 10: "r", 14: "q"})
    live, _ = session(lambda: endless(photo), painting, screen, tmp_path, recorder=recorder)
    live.run()
    recorder.close()
    assert [path.name for path in recorder.saved] == ["live.mp4", "live-2.mp4"]
    for path in recorder.saved:
        with av.open(str(path)) as made:
            times = [frame.time for frame in made.decode(video=0)]
        assert len(times) >= 3
        assert times == sorted(times)


@pytest.mark.parametrize(("name", "kind"), [("a.mp4", "mp4"), ("a.MOV", "mov"), ("b.mkv", "mat")])
def test_a_recording_is_what_its_name_says(tmp_path: Path, name: str, kind: str) -> None:
    recorder = Recorder(tmp_path / "new" / name)
    for size in (32, 32, 32, 48, 48):  # a camera that comes back may have another size
        time.sleep(0.01)
        recorder(np.full((size, 64, 3), 90, np.uint8))
    recorder.close()
    assert len(recorder.saved) == 2
    for path, count in zip(recorder.saved, (3, 2), strict=True):
        with av.open(str(path)) as made:
            assert kind in made.format.name
            assert len(list(made.decode(video=0))) == count


def test_a_recording_of_another_kind_is_refused(tmp_path: Path) -> None:
    for name in ("a.gif", "a.webm", "a", "a.txt"):
        with pytest.raises(SettingsError, match=r"a recording is one of \.mp4"):
            Recorder(tmp_path / name)
    (tmp_path / "file").touch()
    with pytest.raises(ImageError, match="file is not a folder"):
        Recorder(tmp_path / "file" / "a.mp4")(np.zeros((32, 64, 3), np.uint8))


_KILLED = """
import os, sys, time
from pathlib import Path
import numpy as np
from impasto.live.outputs import Recorder
recorders, noise = [Recorder(Path(each)) for each in sys.argv[1:]], np.random.default_rng(0)
begun = time.monotonic()
while time.monotonic() - begun < 3:
    frame = noise.integers(0, 255, (32, 64, 3)).astype(np.uint8)
    for recorder in recorders:
        recorder(frame)
    time.sleep(0.02)
os.kill(os.getpid(), 9)
"""


@pytest.mark.skipif(os.name == "nt", reason="no such signal there")
@pytest.mark.slow
def test_a_recording_that_is_killed_plays(tmp_path: Path) -> None:
    paths = [str(tmp_path / name) for name in ("a.mp4", "a.mkv")]
    subprocess.run([sys.executable, "-c", _KILLED, *paths], check=False, timeout=60)
    for path in paths:
        with av.open(path) as made:
            assert len(list(made.decode(video=0))) > 10


def test_a_full_disk_ends_a_recording(
    painting: Pixels8, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (photo,) = moving(1)
    count = itertools.count()

    def full(*_: object) -> None:
        if next(count) > 1:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("impasto.live.outputs.PartWriter.add", full)
    recorder, told = Recorder(tmp_path / "live.mp4"), list[str]()
    screen = Screen({1: "r", 8: "q"})
    options: dict[str, Any] = {"recorder": recorder, "complain": told.append}
    live, controls = session(lambda: endless(photo), painting, screen, tmp_path, **options)
    live.run()
    assert (len(told), controls.recording, live.frames) == (1, False, 8)
    assert "No space left on device" in told[0]
    alone, controls = session(lambda: endless(photo), painting, screen, tmp_path, **options)
    alone.outputs, controls.recording = [], True
    with pytest.raises(ImageError, match="the recording ended"):
        alone.run()


def test_every_key_does_something() -> None:
    for key in KEYS:
        controls = Controls(styles=3, strength=0.5)
        before = vars(controls).copy()
        controls.press(key)
        assert vars(controls) != before, key
    controls = Controls(styles=3)
    controls.press("x")
    assert controls == Controls(styles=3)
    for _ in range(2):
        controls.press("q")
    assert controls.over
    for _ in range(4):
        controls.press("left")
    assert controls.style == 2
    controls.press("up")
    assert controls.strength == 1


def test_the_pace_is_held() -> None:
    pace = Pace(25)
    for _ in range(400):
        pace.took(0.1 * pace.scale**2)
    assert 0.1 * pace.scale**2 < 0.04
    assert pace.scale in SIZES
    assert pace.scale >= 0.5
    for _ in range(3000):
        pace.took(0.005 * pace.scale**2)
    assert pace.scale == 1
    swings = Pace(25)
    sizes = []
    for _ in range(4000):  # what fits the smaller size is too much for the larger one
        swings.took(0.02 if swings.scale < 1 else 0.05)
        sizes.append(swings.scale)
    changes = [at for at in range(1, len(sizes)) if sizes[at] != sizes[at - 1]]
    assert len(changes) < 4000 / 40  # it settles
    free = Pace(0)
    for _ in range(100):
        free.took(1.0)
    assert free.scale == 1


def test_what_is_written_and_split() -> None:
    before, after = np.zeros((90, 120, 3), np.uint8), np.full((90, 120, 3), 80, np.uint8)
    both = split(before, after, 60, 1)
    assert both[:, :58].max() == 0
    assert both[:, 62:].min() == 80
    text = written(after, ["25 fps, 40 ms"])
    assert text.max() == 255
    assert after.max() == 80
    meter = Meter()
    assert (meter.fps, meter.latency) == (0, 0)
    for number in range(5):
        meter.shown(number / 20, number / 20 - 0.05)
    assert meter.fps == pytest.approx(20)
    assert meter.latency == pytest.approx(0.05)


def fetched(url: str, key: str | None = None, **headers: str) -> bytes:
    method = "POST" if key else "GET"
    request = urllib.request.Request(
        url + (f"key/{key}" if key else ""), None, headers, method=method
    )
    with urllib.request.urlopen(request, timeout=5) as answer:
        content: bytes = answer.read()
    return content


@pytest.mark.slow
def test_the_page() -> None:
    page = Page()
    page.show(np.full((48, 64, 3), 90, np.uint8))
    text = fetched(page.url).decode()
    assert all(what in text for what in KEYS.values())
    with Image.open(io.BytesIO(fetched(f"{page.url}picture.jpg"))) as image:
        assert image.size == (64, 48)
    fetched(page.url, "right", **{"X-Impasto": "live"})
    assert list(page.keys()) == ["right"]
    for wrong in ({"key": "right"}, {"key": "other", "X-Impasto": "live"}):
        with pytest.raises(urllib.error.HTTPError, match="403"):
            fetched(page.url, **wrong)
    for name in ("evil.example:80", f"evil.example:{page.url.split(':')[2][:-1]}"):
        with pytest.raises(urllib.error.HTTPError, match="403"):
            fetched(f"{page.url}picture.jpg", Host=name)
    with pytest.raises(urllib.error.HTTPError, match="404"):
        fetched(f"{page.url}../secret")
    assert not page.keys()
    with urllib.request.urlopen(f"{page.url}stream", timeout=5) as stream:
        deadline = time.monotonic() + 5
        head = b""
        while head.count(b"--frame") < 3 and time.monotonic() < deadline:
            page.show(np.full((48, 64, 3), 120, np.uint8))
            head += stream.read(256)
    assert head.count(b"--frame") >= 3
    port = int(page.url.rsplit(":", 1)[1].rstrip("/"))
    with pytest.raises(ImpastoError, match="choose another --port"):
        Page(port=port)
    page.close()


def test_a_window(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    from impasto.live.outputs import Window

    window = Window()
    window.show(np.full((48, 64, 3), 90, np.uint8))
    import pygame

    surface = pygame.display.get_surface()
    assert surface is not None
    assert tuple(surface.get_at((30, 20)))[:3] == (90, 90, 90)
    for key in (pygame.K_RIGHT, pygame.K_SPACE, pygame.K_x, pygame.K_ESCAPE):
        pygame.event.post(pygame.event.Event(pygame.KEYDOWN, key=key))
    assert list(window.keys()) == ["right", "space", "q"]
    window.close()


def test_no_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    from impasto.live.outputs import Window

    for name in ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER"):
        monkeypatch.delenv(name, raising=False)
    if sys.platform == "linux":
        with pytest.raises(ImpastoError, match="DISPLAY is not set"):
            Window()
    monkeypatch.setenv("SDL_VIDEODRIVER", "nosuchdriver")
    with pytest.raises(ImpastoError, match="there is no screen"):
        Window()


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("--no-window",), 2, "it would be shown nowhere: add --serve, --virtual or --record FILE"),
        (("--record", "x.gif"), 2, "a recording is one of .mp4"),
        (("--record", "clip.mp4/x.mp4"), 1, "clip.mp4 is not a folder"),
        (("--record", "x.mp4", "--source", "97"), 1, "camera 97 cannot be opened"),
        (("--record", "x.mp4", "--source", "rtsp://127.0.0.1:9/x"), 1, "gives no pictures"),
        (("--record", "x.mp4", "--source", "text.mp4"), 1, "cannot be read as video"),
        (("--record", "x.mp4", "--source", "folder"), 1, "there are no pictures in folder"),
    ],
)
def test_what_cannot_be_is_one_line(
    impasto: Impasto,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: Sequence[str],
    status: int,
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    write_clip(tmp_path / "clip.mp4", moving(2))
    (tmp_path / "text.mp4").write_text("text")
    (tmp_path / "folder").mkdir()
    outcome = impasto("live", "mosaic", "--size", "96", "--source", "clip.mp4", *arguments)
    assert outcome.status == status
    assert said in outcome.only_line
    assert not list(tmp_path.glob("x.*"))


@pytest.mark.skipif(os.name == "nt", reason="no such signals there")
@pytest.mark.slow
def test_a_signal_closes_the_recording(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", moving(8))
    made = tmp_path / "made.mp4"
    command = [sys.executable, "-m", "impasto", "live", "mosaic", "--size", "96"]
    command += ["--source", str(clip), "--record", str(made)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as live:
        try:
            deadline = time.monotonic() + 120
            while not made.exists() and time.monotonic() < deadline:
                time.sleep(0.02)
            time.sleep(2)
            live.send_signal(signal.SIGHUP)
            out, err = live.communicate(timeout=60)
        finally:
            live.kill()
    assert (live.returncode, out.decode().split()) == (129, [str(made)]), err
    with av.open(str(made)) as container:
        assert len(list(container.decode(video=0))) > 1


SLOW = """
import contextlib, time
from impasto.cli import main
from impasto.video import painting
usual, frames = painting.FrameStylizer.__call__, []
def slow(*arguments):
    frames.append(1)
    if len(frames) == 4:
        print("slow", flush=True)
    while len(frames) >= 4:  # Ctrl-C does not end what is not Python, either
        with contextlib.suppress(KeyboardInterrupt):
            time.sleep(1)
    return usual(*arguments)
painting.FrameStylizer.__call__ = slow
main()
"""


@pytest.mark.slow
def test_a_stop_does_not_wait_for_a_slow_frame(files: tuple[Path, Path], tmp_path: Path) -> None:
    options = ["--source", str(files[0]), "--size", "64", "--record", str(tmp_path / "r.mp4")]
    with subprocess.Popen(
        [sys.executable, "-c", SLOW, "live", str(files[1]), *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as program:
        assert program.stdout is not None
        assert program.stdout.readline() == b"slow\n"
        begun = time.monotonic()
        program.send_signal(signal.SIGINT)
        _, err = program.communicate(timeout=60)
        assert time.monotonic() - begun < 10
    assert program.returncode == 130, err
    with av.open(str(tmp_path / "r.mp4")) as recorded:
        assert len([*recorded.decode(video=0)]) == 3
