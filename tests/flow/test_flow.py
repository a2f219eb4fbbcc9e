"""Flow finds known motions, knows what is hidden, and warping moves pictures along it."""

import cv2
import numpy as np
import pytest
import skimage.data

from impasto.flow import optical_flow, trusted, warped

SIZE = (160, 224)


def shifted(x: float, y: float) -> np.ndarray:
    """A photograph whose contents lie (x, y) further to the right and below."""
    photo = skimage.data.astronaut()[100 : 100 + SIZE[0], 100 : 100 + SIZE[1]]
    matrix = np.array([[1, 0, x], [0, 1, y]], np.float32)
    return cv2.warpAffine(photo, matrix, SIZE[::-1], borderMode=cv2.BORDER_REFLECT)


@pytest.mark.parametrize("shift", [(3.0, 0.0), (-2.5, 4.0)])
def test_flow_leads_to_where_things_went(shift: tuple[float, float]) -> None:
    flow = optical_flow(shifted(0, 0), shifted(*shift))
    inner = flow[20:-20, 20:-20]
    assert np.median(np.linalg.norm(inner - np.array(shift), axis=-1)) < 0.15


def test_flow_of_large_frames_is_in_their_pixels() -> None:
    large = [cv2.resize(each, (1344, 960)) for each in (shifted(0, 0), shifted(3, 0))]
    flow = optical_flow(np.asarray(large[0], np.uint8), np.asarray(large[1], np.uint8))
    assert flow.shape == (960, 1344, 2)
    assert np.median(flow[100:-100, 100:-100, 0]) == pytest.approx(18, abs=0.6)


def test_warping_brings_a_frame_back() -> None:
    first, second = shifted(0, 0), shifted(4, -2)
    flow = np.broadcast_to(np.array([4, -2], np.float32), (*SIZE, 2))
    back = warped(second.astype(np.float32), flow)
    np.testing.assert_allclose(back[10:-10, 10:-10], first[10:-10, 10:-10], atol=1.0)
    same = warped(second, np.zeros((*SIZE, 2), np.float32), cubic=False)
    np.testing.assert_array_equal(same, second)


def test_what_is_hidden_is_not_trusted() -> None:
    before, now = shifted(0, 0), shifted(0, 0)
    before[40:100, 30:90] = 255
    now[40:100, 60:120] = 255
    back, there = optical_flow(now, before), optical_flow(before, now)
    trust = trusted(back, there)
    assert trust.shape == SIZE
    assert 0 <= trust.min() <= trust.max() <= 1
    assert trust[110:150, 20:200].mean() > 0.95
    uncovered = trust[50:90, 35:55].mean()
    assert uncovered < 0.75 * trust[110:150, 20:200].mean()


def test_beyond_the_border_nothing_is_trusted() -> None:
    flow = np.zeros((*SIZE, 2), np.float32)
    flow[..., 0] = -10
    trust = trusted(flow, -flow)
    assert trust[:, :8].max() == 0
    assert trust[:, 12:].min() == 1
