"""How steady and how fast stylized video is.

Usage: python -m benchmarks.video --data FOLDER --judge JUDGE.py [--style NAME] [--stability 0.9]
           [--what motion,sintel,clip,speed,live] [--frames 60]

`motion`: photographs that move in a known way, with the true flow. `sintel`: MPI-Sintel's, and
DIS's own error. `clip`: cut_bunny with DIS. Errors are root mean squares of what changes that
should only have moved (`impasto.evaluation`); each beside that of frames painted one by one. The
judge looks at every 15th frame. `speed`: from file to file, 640x360. `live`: a file as the camera.
"""

import argparse
import statistics
import struct
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from benchmarks.motion import MOTIONS, clip
from benchmarks.quality import load_judge
from numpy.typing import NDArray
from PIL import Image

from impasto import Settings, open_picture
from impasto.fast import FastStylizer
from impasto.flow import MotionFinder, optical_flow, trusted
from impasto.video.flicker import warping_error
from impasto.video.options import VideoSettings
from impasto.video.painting import FrameStylizer, Pixels
from impasto.video.pictures import open_reader
from impasto.video.setup import prepare_video

Frames = Sequence[NDArray[np.uint8]]
PHOTOS = ("golden_gate.jpg", "tubingen.jpg")


def painted(frames: Frames, painter: FrameStylizer) -> list[Pixels]:
    """Return the frames as a painter leaves them."""
    finder = MotionFinder(painter.lags)
    return [painter(frame, finder(frame), i / 25) for i, frame in enumerate(frames)]


class Bench:
    """What the measurements share.

    Args:
        arguments: Of the command line.
    """

    def __init__(self, arguments: argparse.Namespace) -> None:
        self.data: Path = arguments.data
        self.style = self.data / "gallery" / arguments.style
        self.stability: float = arguments.stability
        self.count: int = arguments.frames
        self.judge = load_judge(arguments.judge)
        self.folder = Path(tempfile.mkdtemp(prefix="impasto-"))

    def both(self, frames: Frames) -> tuple[list[Pixels], list[Pixels]]:
        """Return frames painted one by one, and steadily."""
        longest = max(frames[0].shape[:2])
        stylizer = FastStylizer(self.style, size=longest)
        alone = painted(frames, FrameStylizer(stylizer, 0))
        return alone, painted(frames, FrameStylizer(stylizer, self.stability))

    def judged(self, frames: Frames, pictures: Sequence[Pixels], name: str) -> dict[str, float]:
        """Return the judge's mean over some frames."""
        found: list[dict[str, float]] = []
        for number in range(min(14, len(frames) - 1), len(frames), 15):
            paths = [self.folder / f"{name} {number} {what}.png" for what in ("was", "is")]
            Image.fromarray(frames[number]).save(paths[0])
            Image.fromarray((pictures[number] * 255).round().astype(np.uint8)).save(paths[1])
            found.append(self.judge(str(paths[0]), str(self.style), str(paths[1])))
        return {key: statistics.mean(each[key] for each in found) for key in ("style", "content")}

    def report(self, name: str, frames: Frames, error: Callable[[Sequence[Pixels]], float]) -> None:
        """Print a line of the table."""
        alone, steady = self.both(frames)
        errors = [error(each) for each in (alone, steady)]
        judged = [
            self.judged(frames, each, f"{name} {i}") for i, each in enumerate((alone, steady))
        ]
        columns = [f"{e:.4f}" for e in errors] + [f"**{errors[1] / errors[0]:.2f}**"]
        for key in ("style", "content"):
            columns.append(f"{judged[0][key]:.3f} → {judged[1][key]:.3f}")
        print(f"| {name} | {' | '.join(columns)} |", flush=True)


def motion(bench: Bench) -> None:
    """Photographs that move in a known way."""
    for photo in PHOTOS:
        path = bench.data / "content_hd" / photo
        pixels = open_picture(path, max_size=1400).to_array()[..., :3]
        for kind in (*MOTIONS, "layer"):
            moved = list(clip(pixels, kind, bench.count))

            def error(made: Sequence[Pixels], moved: Sequence = moved) -> float:  # type: ignore[type-arg]
                pairs = range(1, len(made))
                return statistics.mean(
                    warping_error(made[i], made[i - 1], moved[i].back, moved[i].seen)[0]
                    for i in pairs
                )

            bench.report(f"{path.stem}, {kind}", [each.frame for each in moved], error)


def true_flow(path: Path) -> NDArray[np.float32]:
    """Read a .flo file: (H, W, 2)."""
    content = path.read_bytes()
    width, height = struct.unpack("<ii", content[4:12])
    return np.frombuffer(content[12:], np.float32).reshape(height, width, 2)


def _mask(path: Path) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = np.asarray(Image.open(path).convert("L")) > 0
    return found


def sintel(bench: Bench) -> None:
    """Compare the second and third frame by the true flow, and DIS with it."""
    for folder in sorted((bench.data / "video" / "sintel").iterdir()):
        frames = [np.asarray(Image.open(p).convert("RGB")) for p in sorted(folder.glob("frame_*"))]
        truth = true_flow(folder / "flow_0002_to_0003.flo")
        hidden = _mask(folder / "occlusions_0002.png") | _mask(folder / "invalid_0002.png")

        def error(
            made: Sequence[Pixels],
            flow: NDArray[np.float32] = truth,
            seen: NDArray[np.bool_] = ~hidden,
        ) -> float:
            return warping_error(made[1], made[2], flow, seen)[0]

        bench.report(folder.name, frames, error)
        for close in (False, True):
            there = optical_flow(frames[1], frames[2], close=close)
            sure = trusted(there, optical_flow(frames[2], frames[1], close=close)) > 0.5
            apart = np.linalg.norm(there - truth, axis=-1)
            print(
                f"DIS{' looking closely' if close else ''} on {folder.name}: "
                f"{apart[~hidden].mean():.2f} pixels off, "
                f"{apart[~hidden & sure].mean():.2f} where it is trusted "
                f"({sure[~hidden].mean():.0%} of what is seen, {sure[hidden].mean():.0%} of the "
                "rest)"
            )


def footage(bench: Bench) -> None:
    """A clip with cuts, by DIS."""
    (path,) = (bench.data / "video").glob("cut_bunny*")
    frames = [frame.pixels for frame in open_reader(str(path)).frames()][: 4 * bench.count]
    flows = []
    finder = MotionFinder((1,))
    for number, frame in enumerate(frames):
        known = finder(frame)
        if known:
            before = frames[number - 1]
            back, there = optical_flow(frame, before), optical_flow(before, frame)
            flows.append((number, back, trusted(back, there)))

    def error(made: Sequence[Pixels]) -> float:
        return statistics.mean(warping_error(made[i], made[i - 1], f, s)[0] for i, f, s in flows)

    bench.report("cut_bunny", frames, error)


def speed(bench: Bench) -> None:
    """From file to file."""
    (path,) = (bench.data / "video").glob("cut_bunny*")
    for stability in (0.0, bench.stability):
        rates = []
        for number in range(3):
            output = bench.folder / f"{stability} {number}.mp4"
            settings, options = Settings(method="fast"), VideoSettings(stability=stability)
            work = prepare_video(str(path), [bench.style], output, settings, options)
            begun = time.perf_counter()
            count = sum(1 for _ in work.run(work.begin(False)))
            work.finish()
            rates.append(count / (time.perf_counter() - begun))
        middle = statistics.median(rates)
        least, most = min(rates), max(rates)
        print(f"stability {stability}: {middle:.1f} frames a second ({least:.1f} … {most:.1f})")


def live(bench: Bench) -> None:
    """A file as the camera, 640x480, 30 frames a second."""
    from impasto.live.outputs import Controls
    from impasto.live.session import Session
    from impasto.live.sources import Newest

    (path,) = (bench.data / "video").glob("cut_bunny*")
    images = [frame.pixels for frame in open_reader(str(path)).frames()]
    images = [np.asarray(Image.fromarray(image).resize((640, 480))) for image in images[:120]]

    def frames() -> Iterator[NDArray[np.uint8]]:
        begun = time.monotonic()
        for number in range(600):
            time.sleep(max(0.0, begun + number / 30 - time.monotonic()))
            yield images[number % len(images)]

    stylizer = FastStylizer(bench.style, size=640)
    for stability in (0.0, 0.5):
        session = Session(
            Newest(frames),
            [stylizer],
            [bench.style.stem],
            [],
            Controls(),
            size=640,
            fps=25,
            stability=stability,
            folder=bench.folder,
            recorder=lambda _: None,
        )
        session.run()
        meter, scale = session.meter, session.pace.scale
        print(
            f"live, stability {stability}: {meter.fps:.1f} frames a second, "
            f"{1000 * meter.latency:.0f} ms, painted at {scale:.0%} of the size"
        )


WHAT = {"motion": motion, "sintel": sintel, "clip": footage, "speed": speed, "live": live}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    for name in ("data", "judge"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--style", default="starry_night_nst.jpg")
    parser.add_argument("--stability", type=float, default=0.9)
    parser.add_argument("--frames", type=int, default=60)
    parser.add_argument("--what", default=",".join(WHAT))
    arguments = parser.parse_args()
    bench = Bench(arguments)
    print("| clip | frame by frame | steady | ratio | style | content |\n" + "|---" * 6 + "|")
    for name in arguments.what.split(","):
        WHAT[name](bench)


if __name__ == "__main__":
    main()
