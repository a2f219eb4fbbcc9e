"""Frames by optimization: each continues the picture of the one before, and its optimizer."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.video.conftest import moving

from impasto.errors import SettingsError
from impasto.flow import Motion
from impasto.optimize import IterativeStylizer
from impasto.optimize.style_targets import StyleReader
from impasto.optimize.stylizer import FRAME_STEPS
from impasto.optimize.targets import MOMENTS
from impasto.runs import EarlierFrame, Reference
from impasto.video.options import video_settings
from impasto.video.painting import FrameStylizer, Kept

Array = NDArray[np.uint8]
SIZE = (64, 48)
STILL = np.zeros((*SIZE[::-1], 2), np.float32)
SURE = np.ones(SIZE[::-1], np.float32)


@pytest.fixture(scope="module")
def stylizer(painting: Array) -> IterativeStylizer:
    return IterativeStylizer(painting, size=SIZE[0], precision="float32", device="cpu")


@pytest.mark.slow
def test_what_is_finished_stays(stylizer: IterativeStylizer) -> None:
    """The optimizer's state moves along: without it each frame begins with its longest steps."""
    (frame,) = moving(1, SIZE)
    first = stylizer.run(frame, reference=Reference())
    list(first)
    earlier = {1: EarlierFrame(first.pixels, STILL, SURE)}
    apart = []
    for carried in (first.carried, {}):
        run = stylizer.run(frame, reference=Reference(earlier, carried))
        states = list(run)
        assert len(states) == FRAME_STEPS
        apart.append(float(np.abs(run.pixels - first.pixels).mean()))
    assert apart[0] < 0.5 * apart[1]


def test_where_nothing_is_trusted_the_optimizer_begins_anew(stylizer: IterativeStylizer) -> None:
    (frame,) = moving(1, SIZE)
    first = stylizer.run(frame, reference=Reference())
    next(first)
    trust = SURE.copy()
    trust[:, :40] = 0
    flow = STILL.copy()
    flow[..., 0] = 2
    earlier = {1: EarlierFrame(first.pixels, flow, trust)}
    moments = stylizer.run(frame, reference=Reference(earlier, first.carried)).builder.moments
    assert moments is not None
    for name in MOMENTS:
        before, moved = first.carried[name], moments[name][0].permute(1, 2, 0).numpy()
        assert not moved[:, :40].any()
        np.testing.assert_allclose(moved[:, 40:-2], before[:, 42:], atol=1e-12)


def test_of_a_frame_that_ended_at_a_coarser_octave_only_the_picture_moves_along(
    painting: Array,
) -> None:
    (frame,) = moving(1, SIZE)
    half = IterativeStylizer(painting, size=SIZE[0], min_size=SIZE[0] // 2, stop_after=1)
    first = half.run(frame, reference=Reference())
    list(first)
    assert first.carried[MOMENTS[0]].shape[1] < SIZE[0]
    earlier = {1: EarlierFrame(first.pixels, STILL, SURE)}
    following = half.run(frame, reference=Reference(earlier, first.carried))
    assert following.builder.moments is None


@pytest.mark.slow
def test_styles_are_read_once_and_a_stopped_clip_goes_on(
    stylizer: IterativeStylizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    frames, whole = moving(5, SIZE), FrameStylizer(stylizer, 0.9)
    motion = Motion(np.full((*SIZE[::-1], 2), (2, 1), np.float32), SURE)
    read: list[Any] = []
    target = StyleReader._target

    def counted(self: StyleReader, *arguments: Any) -> Any:  # noqa: ANN401
        read.append(arguments)
        return target(self, *arguments)

    monkeypatch.setattr(StyleReader, "_target", counted)

    def painted(painter: FrameStylizer, first: int, last: int) -> list[NDArray[np.float32]]:
        lags = [range(1, min(number, 2) + 1) for number in range(first, last)]
        given = zip(range(first, last), lags, strict=True)
        return [painter(frames[n], dict.fromkeys(each, motion), n / 24) for n, each in given]

    painted(whole, 0, 2)
    once = len(read)
    painted(whole, 2, 3)
    kept: Kept = whole.kept()
    expected = painted(whole, 3, 5)
    assert len(read) == once
    resumed = FrameStylizer(stylizer, 0.9)
    resumed.restore(kept)
    np.testing.assert_array_equal(painted(resumed, 3, 5), expected)


def test_the_best_of_a_clip_is_optimized() -> None:
    best, _ = video_settings(["mosaic"], quality="best")
    assert (best.method, best.encoder) == ("optimize", "pocket")
    for word in ("draft", "good"):
        assert video_settings(["mosaic"], quality=word)[0].method == "fast"
    assert video_settings(["mosaic"], quality="best", encoder="vgg19")[0].encoder == "vgg19"
    with pytest.raises(SettingsError, match="quality best means method optimize"):
        video_settings(["mosaic"], quality="best", method="fast")
    with pytest.raises(SettingsError, match="quality must be one of"):
        video_settings(["mosaic"], quality="great")  # type: ignore[arg-type]
