"""What is transparent in a clip is so in its result, where that can be."""

from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from impasto import Settings, open_picture
from impasto.video.options import VideoSettings
from impasto.video.pictures import open_reader
from impasto.video.pipeline import VideoJob
from impasto.video.setup import prepare_video

FAST = Settings(method="fast", runtime="onnxruntime", device="cpu")
COUNT, SIZE = 4, (96, 64)


def sticker() -> list[NDArray[np.uint8]]:
    """A disk that moves over nothing, soft at its edge; at first nothing is there."""
    rows, columns = np.mgrid[: SIZE[1], : SIZE[0]]
    frames = []
    for number in range(COUNT):
        far = np.hypot(rows - 32, columns - 20 - 12 * number)
        alpha = ((20 - far) * 60).clip(0, 255 if number else 0)
        colors = [np.full(far.shape, value) for value in (200, 60 * number, 40)]
        frames.append(np.stack([*colors, alpha], -1).astype(np.uint8))
    return frames


def written(path: Path) -> Path:
    images = [Image.fromarray(frame) for frame in sticker()]
    extra: dict[str, Any] = {"disposal": 2} if path.suffix == ".gif" else {"lossless": True}
    if path.suffix == ".apng":
        extra = {}
    kind = {".apng": "PNG"}.get(path.suffix, path.suffix.removeprefix("."))
    images[0].save(
        path, kind, save_all=True, append_images=images[1:], duration=100, loop=0, **extra
    )
    return path


def begun(source: object, output: Path, style: NDArray[np.uint8], **options: Any) -> VideoJob:  # noqa: ANN401
    return prepare_video(str(source), [style], output, FAST, VideoSettings(**options))


def finished(work: VideoJob) -> Path:
    list(work.run(work.begin(False)))
    return work.finish()


def alphas(path: Path) -> list[NDArray[np.uint8]]:
    found = []
    with Image.open(path) as image:
        for number in range(image.n_frames):  # type: ignore[attr-defined]
            image.seek(number)
            found.append(np.asarray(image.convert("RGBA"))[..., 3])
    return found


@pytest.mark.parametrize("suffix", [".gif", ".webp", ".apng"])
def test_animations_stay_transparent(
    painting: NDArray[np.uint8], tmp_path: Path, suffix: str
) -> None:
    source = written(tmp_path / f"in{suffix}")
    for stability in (0.0, 0.9):
        work = begun(source, tmp_path / f"out-{stability}{suffix}", painting, stability=stability)
        assert not work.notes
        made = alphas(finished(work))
        assert len(made) == COUNT
        for found, wanted in zip(made, alphas(source), strict=True):
            assert np.abs(found.astype(int) - wanted).max() < 10


def test_what_is_hidden_leaves_no_trace(painting: NDArray[np.uint8], tmp_path: Path) -> None:
    source = written(tmp_path / "in.apng")
    (_, frame, *_) = open_reader(str(source)).frames()
    assert frame.pixels.shape == (*SIZE[::-1], 4)
    assert np.abs(frame.pixels[..., 1].astype(int) - 60).max() < 3  # no white, no black


def test_numbered_pictures_stay_transparent(painting: NDArray[np.uint8], tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for number, frame in enumerate(sticker()):
        Image.fromarray(frame).save(tmp_path / "in" / f"{number}.png")
    folder = finished(begun(tmp_path / "in", tmp_path / "out" / "%d.png", painting))
    for number, frame in enumerate(sticker(), 1):
        alpha = open_picture(folder / f"{number}.png").alpha
        assert alpha is not None
        np.testing.assert_array_equal((alpha * 255).round(), frame[..., 3])


def test_videos_with_alpha(painting: NDArray[np.uint8], tmp_path: Path) -> None:
    source = tmp_path / "in.mov"
    with av.open(str(source), "w") as out:
        stream: Any = out.add_stream("qtrle", rate=10)
        stream.width, stream.height = SIZE
        stream.pix_fmt = "argb"
        for pixels in sticker():
            shown = av.VideoFrame.from_ndarray(pixels, format="rgba").reformat(format="argb")
            out.mux(stream.encode(shown))
        out.mux(stream.encode(None))
    made = alphas(finished(begun(source, tmp_path / "out.webp", painting)))
    for found, frame in zip(made, sticker(), strict=True):
        assert np.abs(found.astype(int) - frame[..., 3]).max() < 10


@pytest.mark.parametrize("name", ["out.mp4", "out/%d.jpg"])
def test_where_nothing_is_transparent_it_is_white(
    painting: NDArray[np.uint8], tmp_path: Path, name: str
) -> None:
    source = written(tmp_path / "in.webp")
    work = begun(source, tmp_path / name, painting)
    assert "is written without transparency" in work.notes[0]
    reader = open_reader(str(finished(work)))
    for frame in reader.frames():
        assert frame.pixels[:4, :, :3].min() > 240
