"""Pictures from torch tensors, and as arrays and tensors."""

import numpy as np
import pytest
import torch
from torch import Tensor

from impasto import ImageError, open_picture
from impasto.images import Picture, identify, read_source

SAMPLES = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)
BYTES = torch.from_numpy(SAMPLES).permute(2, 0, 1)


@pytest.mark.parametrize(
    "tensor",
    [
        BYTES,
        BYTES[None],
        BYTES / 255,
        (BYTES / 255).double()[None].requires_grad_(),
        (BYTES / 255).contiguous(),
    ],
)
def test_tensors_are_pictures(tensor: Tensor) -> None:
    np.testing.assert_array_equal(open_picture(tensor).to_array(), SAMPLES)


def test_a_tensor_is_known_as_the_array_that_it_is() -> None:
    assert identify(BYTES) == identify(SAMPLES)
    assert isinstance(read_source(BYTES), np.ndarray)


@pytest.mark.parametrize("channels", [1, 4])
def test_gray_and_alpha(channels: int) -> None:
    picture = open_picture(torch.full((channels, 3, 2), 0.5))
    assert picture.size == (2, 3)
    assert (picture.alpha is not None) == (channels == 4)


@pytest.mark.parametrize("shape", [(3, 4), (2, 3, 4, 4), (5, 4, 4), (7, 4, 3), (1, 1, 3, 4, 4)])
def test_other_shapes_are_told(shape: tuple[int, ...]) -> None:
    with pytest.raises(ImageError, match=r"give \(C, H, W\)"):
        open_picture(torch.zeros(shape))


def test_values_beyond_one_are_told() -> None:
    with pytest.raises(ImageError, match="array"):
        open_picture(torch.full((3, 4, 4), 2.0))


def test_pictures_are_arrays_and_tensors() -> None:
    picture = open_picture(SAMPLES)
    np.testing.assert_array_equal(np.asarray(picture), SAMPLES)
    assert np.asarray(picture, np.float32).max() <= 1
    tensor = picture.to_tensor()
    assert tensor.shape == (3, 5, 7)
    assert tensor.dtype == torch.float32
    np.testing.assert_array_equal(open_picture(tensor).pixels, picture.pixels)
    clear = Picture(picture.pixels, np.zeros((5, 7), np.float32))
    assert clear.to_tensor().shape == (4, 5, 7)
