"""Noise that is the same for every picture, and that moves along with the frames of a shot."""

import numpy as np
from numpy.typing import NDArray

from impasto.fast.shot import Shot, grain_size, moved_displacement, still_grain

Array = NDArray[np.float32]
SIZE = (192, 256)


def motion(right: float, down: float = 0, size: tuple[int, int] = SIZE) -> tuple[Array, Array]:
    """Return flow and trust of a frame whose content has moved so many pixels since the last."""
    flow = np.full((*size, 2), (-right, -down), np.float32)
    return flow, np.ones(size, np.float32)


def test_a_larger_picture_begins_with_the_grain_of_a_smaller_one() -> None:
    large, small = still_grain(2500, 2300), still_grain(96, 70)
    assert small.shape == (1, 8, 24, 20)
    np.testing.assert_array_equal(small, large[:, :, :24, :20])
    for size, cells in (((1, 1), (8, 8)), ((32, 33), (8, 12)), ((40, 20000), (12, 5000))):
        assert grain_size(*size) == cells
        assert still_grain(*size).shape == (1, 8, *cells)


def test_it_is_normal_noise_that_never_repeats() -> None:
    grain = still_grain(2400, 2400)[0]
    np.testing.assert_allclose(grain.mean((1, 2)), 0, atol=0.01)
    np.testing.assert_allclose(grain.std((1, 2)), 1, atol=0.01)
    covariance = np.corrcoef(grain.reshape(8, -1))
    assert np.abs(covariance - np.eye(8)).max() < 0.02
    for step in (499, 503, 509, 521, 523, 541, 547, 557):
        moved = np.abs(grain[:, :, step:] - grain[:, :, :-step]).mean((1, 2))
        assert (moved > 1).sum() >= 7


def test_grain_follows_what_moves() -> None:
    shot, still = Shot(), still_grain(*SIZE)
    np.testing.assert_array_equal(shot.grain(*SIZE), still)
    shot.move(*motion(8, 4))
    np.testing.assert_array_equal(shot.grain(*SIZE)[..., 1:, 2:], still[..., :-1, :-2])


def test_what_is_less_than_a_cell_adds_up() -> None:
    shot, still = Shot(), still_grain(*SIZE)
    for _ in range(20):
        shot.move(*motion(0.6))
    np.testing.assert_array_equal(shot.grain(*SIZE)[..., 3:], still[..., :-3])
    for _ in range(20):
        shot.move(*motion(-0.6))
    np.testing.assert_array_equal(shot.grain(*SIZE), still)


def test_it_is_fresh_where_motion_is_not_trusted() -> None:
    flow, trust = motion(4)
    trust[:96] = 0
    shots = Shot(), Shot()
    for shot in shots:
        shot.move(flow, trust)
    first, again = (shot.grain(*SIZE) for shot in shots)
    np.testing.assert_array_equal(first, again)
    still = still_grain(*SIZE)
    np.testing.assert_array_equal(first[..., 24:, 1:], still[..., 24:, :-1])
    shots[0].move(flow, trust)
    second = shots[0].grain(*SIZE)
    for one, other in ((first, still), (second, first)):
        assert np.abs(one - other)[..., :24, :].mean() > 1
        assert np.abs(one[..., :24, 1:] - other[..., :24, :-1]).mean() > 1
    # Fresh noise moves along from then on.
    shots[0].move(*motion(4))
    np.testing.assert_array_equal(shots[0].grain(*SIZE)[..., :24, 1:], second[..., :24, :-1])


def test_it_stays_noise_while_a_picture_grows() -> None:
    rows, columns = np.indices(SIZE, np.float32)
    flow = np.stack([columns - SIZE[1] / 2, rows - SIZE[0] / 2], -1) * np.float32(1 / 1.02 - 1)
    displacement = None
    for frame in range(1, 61):
        displacement = moved_displacement(displacement, flow, np.ones(SIZE, np.float32), frame)
    assert displacement is not None
    grain = Shot({"displacement": displacement}).grain(*SIZE)[0]
    np.testing.assert_allclose(grain.std(), 1, atol=0.03)
    for one, other in ((grain[:, 1:], grain[:, :-1]), (grain[:, :, 1:], grain[:, :, :-1])):
        assert abs(np.corrcoef(one.ravel(), other.ravel())[0, 1]) < 0.05
    # And most of it is where the picture takes it.
    moved = moved_displacement(displacement, flow, np.ones(SIZE, np.float32), 61)
    after = Shot({"displacement": moved}).grain(*SIZE)[0]
    assert (after == grain)[:, 20:28, 28:36].mean() > 0.7
