"""Frames in one pass: what they share moves along, and can be put aside."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skimage.data
from numpy.typing import NDArray
from PIL import Image
from tests.video.conftest import SIZE, moving

import impasto.composition
from impasto.fast import FastStylizer
from impasto.flow import Motion, MotionFinder
from impasto.images import find_faces
from impasto.video.options import Keyframes
from impasto.video.painting import FrameStylizer, Kept

Array = NDArray[np.uint8]


@pytest.fixture(scope="module")
def stylizer(painting: Array) -> FastStylizer:
    return FastStylizer(painting, size=96, runtime="onnxruntime", device="cpu")


def still(size: tuple[int, int], moved: float = 0) -> Motion:
    """Return the motion of a frame all of which has moved so far to the right."""
    flow = np.zeros((*size, 2), np.float32)
    flow[..., 0] = -moved
    return Motion(flow, np.ones(size, np.float32))


def painted(
    painter: FrameStylizer, frames: list[Array], first: int = 0
) -> list[NDArray[np.float32]]:
    motion = Motion(np.full((*SIZE[::-1], 2), (2, 1), np.float32), still(SIZE[::-1]).trust)
    return [
        painter(frame, {1: motion} if number + first else {}, number / 24)
        for number, frame in enumerate(frames)
    ]


def test_it_goes_on_from_what_was_kept(stylizer: FastStylizer) -> None:
    frames, whole = moving(6), FrameStylizer(stylizer, 0.5)
    expected = painted(whole, frames[:3])
    kept: Kept = whole.kept()
    expected += painted(whole, frames[3:], 3)
    resumed = FrameStylizer(stylizer, 0.5)
    resumed.restore(kept)
    for one, other in zip(painted(resumed, frames[3:], 3), expected[3:], strict=True):
        np.testing.assert_array_equal(one, other)
    # Nothing of it is in what the painting alone depends on.
    anew = painted(FrameStylizer(stylizer, 0.5), frames[3:])
    assert np.abs(anew[-1] - expected[-1]).mean() > 0.001


def test_grain_moves_along_with_what_is_painted(stylizer: FastStylizer) -> None:
    """A flat frame has nothing but grain to paint strokes from."""
    flat = np.full((96, 128, 3), 120, np.uint8)
    size = flat.shape[:2]
    painter = FrameStylizer(stylizer.at_size(128), 0.01)
    first = painter(flat, {}, 0)
    second = painter(flat, {1: still(size, 16)}, 1)
    with_it = np.abs(second[16:-16, 48:-16] - first[16:-16, 32:-32]).mean()
    assert with_it < 0.5 * np.abs(second - first)[16:-16, 48:-16].mean()


def test_grain_stays_where_frames_are_painted_alone(stylizer: FastStylizer) -> None:
    painter, frame = FrameStylizer(stylizer, 0), moving(1)[0]
    assert painter.lags == ()
    moved = {1: still(SIZE[::-1], 16)}
    np.testing.assert_array_equal(painter(frame, {}, 0), painter(frame, moved, 1))
    assert not painter.kept()


@pytest.mark.slow
def test_what_changes_does_not_lag(stylizer: FastStylizer) -> None:
    keys = Keyframes([(0, 1.0), (5, 0.0), (10, 1.0)])
    alone, steady = (FrameStylizer(stylizer, stability, keys) for stability in (0, 0.9))
    finder, away, plain = MotionFinder(), [], []
    for number, frame in enumerate(moving(11)):
        motions = finder(frame)
        wanted, found = (painter(frame, motions, number) for painter in (alone, steady))
        away.append(float(np.abs(found - wanted).mean()))
        plain.append(float(np.abs(wanted - frame / 255).mean()))
        if number == 5:
            np.testing.assert_allclose(found, frame / 255, atol=1e-6)
    assert plain[0] > 0.08
    assert max(away) < 0.25 * plain[0]


def test_a_jump_takes_nothing_along(stylizer: FastStylizer) -> None:
    painter, finder = FrameStylizer(stylizer, 0.9), MotionFinder()
    for frame in moving(3):
        painter(frame, finder(frame), 0)
    painter.use(stylizer.changed(strength=0.0))
    frame = moving(4)[3]
    np.testing.assert_allclose(painter(frame, finder(frame), 0), frame / 255, atol=1e-6)
    painter.use(stylizer)
    again = painter(frame, finder(frame), 0)
    plain = stylizer.run(frame).pixels  # its grain has not moved, so it is not quite the same
    assert np.abs(again - plain).mean() < 0.2 * np.abs(plain - frame / 255).mean()


@pytest.fixture
def left(tmp_path: Path) -> str:
    """A mask of the left half of a frame."""
    levels = np.zeros(SIZE[::-1], np.uint8)
    levels[:, : SIZE[0] // 2] = 255
    Image.fromarray(levels).save(tmp_path / "left.png")
    return str(tmp_path / "left.png")


def test_each_region_of_a_clip_is_that_style_s_own_clip(painting: Array, left: str) -> None:
    """Whatever moves from one region into another leaves nothing of itself there."""
    options: dict[str, Any] = {"size": 96, "runtime": "onnxruntime", "device": "cpu"}
    looks = [painting, 255 - painting]
    both = FastStylizer(looks, **options, masks=(left, "rest"))
    frames = moving(6)
    mixed = painted(FrameStylizer(both, 0.9), frames)
    first, second = (painted(FrameStylizer(FastStylizer(x, **options), 0.9), frames) for x in looks)
    for found, one, other in zip(mixed, first, second, strict=True):
        np.testing.assert_array_equal(found[:, :44], one[:, :44])
        np.testing.assert_array_equal(found[:, 52:], other[:, 52:])


@pytest.mark.parametrize("stability", [0, 0.9])
def test_what_is_kept_of_a_clip_is_the_clip(painting: Array, left: str, stability: float) -> None:
    options: dict[str, Any] = {"size": 96, "runtime": "onnxruntime", "device": "cpu"}
    frames = moving(6)
    kept = painted(FrameStylizer(FastStylizer(painting, **options, keep=left), stability), frames)
    plain = painted(FrameStylizer(FastStylizer(painting, **options), stability), frames)
    for frame, found, alone in zip(frames, kept, plain, strict=True):
        np.testing.assert_allclose(found[:, :47], frame[:, :47] / 255, atol=1e-6)
        np.testing.assert_allclose(found[:, 49:], alone[:, 49:], atol=1e-6)


@pytest.mark.slow
def test_faces_move_along_and_are_looked_for_now_and_then(
    painting: Array, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[int] = []

    def counted(picture: Any) -> Any:  # noqa: ANN401
        looked.append(len(looked))
        return find_faces(picture) if len(looked) < 3 else []

    every = 4
    monkeypatch.setattr(impasto.composition, "FACES_EVERY", every)
    monkeypatch.setattr(impasto.composition, "find_faces", counted)
    photo = skimage.data.astronaut()
    frames = [photo[:256, 60 + 2 * n : 380 + 2 * n].copy() for n in range(2 * every + 3)]
    stylizer = FastStylizer(painting, size=320, keep="faces", runtime="onnxruntime", device="cpu")
    painter, finder, away = FrameStylizer(stylizer, 0.9), MotionFinder(), []
    for number, frame in enumerate(frames):
        found = painter(frame, finder(frame), number / 24)
        face = slice(90, 150), slice(130 - 2 * number, 190 - 2 * number)
        away.append(float(np.abs(found - frame / 255)[face].mean()))
        if number == every + 2:  # resumed, it is the same
            resumed = FrameStylizer(stylizer, 0.9)
            resumed.restore(painter.kept())
            painter = resumed
    assert len(looked) == 3
    assert max(away[: 2 * every]) < 1.5 * away[0]
    # Not found again, it fades.
    assert away[0] < away[2 * every + 1] < away[-1]
    assert painter.notes["no face was found: nothing is kept"] == 3
