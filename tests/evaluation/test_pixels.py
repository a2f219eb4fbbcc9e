"""Measures without a network: against other implementations, and what they must be like."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from skimage.color import rgb2lab
from torch import Tensor

from impasto.errors import ImageError
from impasto.evaluation import measures
from impasto.evaluation.measures import (
    background_noise,
    colors,
    directions,
    luma,
    patches,
    ranked,
    ssim,
    tile_seams,
    wasserstein_distance,
)


def tensor(pixels: NDArray[np.uint8]) -> Tensor:
    return torch.from_numpy(pixels.astype(np.float32) / 255).permute(2, 0, 1)[None]


def noisy(image: Tensor, deviation: float) -> Tensor:
    generator = torch.Generator().manual_seed(1)
    noise = torch.randn(image.shape, generator=generator) * deviation
    return (image + noise).clamp(0, 1)


@pytest.fixture
def content(photo: NDArray[np.uint8]) -> Tensor:
    return tensor(photo)


@pytest.fixture
def style(painting: NDArray[np.uint8]) -> Tensor:
    return tensor(painting)


def test_ssim_of_flat_pictures_is_the_closed_form(content: Tensor) -> None:
    dark, light = (torch.full((1, 1, 40, 40), value) for value in (0.3, 0.5))
    expected = (2 * 0.3 * 0.5 + 1e-4) / (0.3**2 + 0.5**2 + 1e-4)
    assert ssim(dark, light) == pytest.approx(expected, abs=1e-5)
    photo = luma(content)
    assert ssim(photo, photo) == pytest.approx(1)
    assert ssim(photo, luma(noisy(content, 0.1))) < ssim(photo, luma(noisy(content, 0.05))) < 1
    with pytest.raises(ImageError, match="as large as each other"):
        ssim(photo, photo[..., :-1])


def sliced_wasserstein(first: Tensor, second: Tensor) -> float:
    along = directions(len(first))
    return wasserstein_distance(ranked(along @ first), ranked(along @ second))


def test_sliced_wasserstein_is_the_direct_formula() -> None:
    generator = torch.Generator().manual_seed(2)
    first, second = (torch.randn(5, 1024, generator=generator) for _ in range(2))
    total = 0.0
    for along in directions(5).numpy():
        apart = np.sort(along @ first.numpy()) - np.sort(along @ second.numpy())
        total += float(np.abs(apart).mean()) / 128
    assert sliced_wasserstein(first, second) == pytest.approx(total, rel=1e-5)
    assert sliced_wasserstein(first, first[:, torch.randperm(1024)]) == 0
    moved = first + torch.tensor([[3.0], [0], [0], [0], [0]])
    expected = 3 * directions(5)[:, 0].abs().mean()
    assert sliced_wasserstein(first, moved) == pytest.approx(float(expected), rel=1e-4)


def test_directions_are_the_same_each_time_and_of_length_one() -> None:
    torch.testing.assert_close(directions(7), directions(7), rtol=0, atol=0)
    torch.testing.assert_close(directions(7).norm(dim=1), torch.ones(128))


def test_ranks_run_from_the_least_to_the_greatest() -> None:
    values = torch.tensor([[5.0, 1.0, 3.0, 2.0, 4.0]])
    assert ranked(values, 3).tolist() == [[1.0, 3.0, 5.0]]


def test_patches_know_texture_from_colors(content: Tensor, style: Tensor) -> None:
    assert wasserstein_distance(patches(style), patches(style)) == 0
    shuffled = style.flatten(2)[..., torch.randperm(80 * 80)].view_as(style)
    assert wasserstein_distance(colors(shuffled), colors(style)) == 0
    assert wasserstein_distance(patches(shuffled), patches(style)) > 0.01
    assert wasserstein_distance(patches(content), patches(style)) > 0.01
    with pytest.raises(ImageError, match="28 pixels"):
        patches(style[..., :27])


def test_grays_are_as_far_apart_as_their_lightness() -> None:
    dark, light = (torch.full((1, 3, 40, 40), value) for value in (0.3, 0.5))
    gray = rgb2lab(np.array([[[0.3] * 3, [0.5] * 3]]))
    expected = float(gray[0, 1, 0] - gray[0, 0, 0])
    assert wasserstein_distance(colors(dark), colors(light)) == pytest.approx(expected, rel=0.01)


def test_background_noise_grows_with_noise_on_flat_parts(content: Tensor, style: Tensor) -> None:
    photo, model = luma(content), luma(style)
    found = [
        background_noise(luma(noisy(content, deviation)), photo, model)
        for deviation in (0, 0.02, 0.05, 0.1)
    ]
    assert found == sorted(found)
    assert found[-1] > 3 * found[0]


def test_background_noise_elsewhere_does_not_count() -> None:
    """Half of the photograph is busy: noise there does not count."""
    photo = torch.zeros(1, 1, 64, 64)
    photo[..., 32:] = torch.rand(1, 1, 64, 32, generator=torch.Generator().manual_seed(0))
    busy, flat = photo.clone(), photo.clone()
    busy[..., 36:] += 0.1 * torch.rand(1, 1, 64, 28)
    flat[..., :28] += 0.1 * torch.rand(1, 1, 64, 28)
    assert background_noise(busy, photo, photo) == background_noise(photo, photo, photo) == 0
    assert background_noise(flat, photo, photo) > 0.01


def tiled(image: Tensor, shift: float) -> Tensor:
    """Return brightness with every other tile of 16 pixels lighter."""
    rows, columns = torch.meshgrid(torch.arange(64), torch.arange(96), indexing="ij")
    return (luma(image) + shift * ((rows // 16 + columns // 16) % 2)).clamp(0, 1)


@pytest.mark.parametrize("tile", [None, 16])
def test_tile_seams_grow_with_the_jump_between_tiles(content: Tensor, tile: int | None) -> None:
    photo = luma(content) * 0.7
    shifts = (0.0, 0.02, 0.05, 0.1)
    found = [tile_seams(tiled(content * 0.7, shift), photo, tile) for shift in shifts]
    assert found[0] == pytest.approx(0, abs=1e-6)
    assert found == sorted(found)
    assert found[-1] == pytest.approx(0.1, abs=0.04)


def test_tile_seams_are_looked_for_where_the_tiles_meet(content: Tensor) -> None:
    photo, made = luma(content) * 0.7, tiled(content * 0.7, 0.1)
    assert tile_seams(made, photo, 16) > 3 * tile_seams(made, photo, 9)
    with pytest.raises(ImageError, match="smaller than 200"):
        tile_seams(made, photo, 200)
    with pytest.raises(ImageError, match="as large as each other"):
        tile_seams(made[..., 1:], photo)


def test_a_frame_is_a_seam_and_the_photos_own_line_is_none(content: Tensor) -> None:
    photo = luma(content)
    framed = photo.clone()
    framed[..., :3] = 0
    assert tile_seams(framed, photo) > 0.1
    horizon = torch.cat([photo[..., :30, :] * 0.2, photo[..., 30:, :] * 0.2 + 0.7], 2)
    assert tile_seams(horizon, photo) > 0.3
    assert tile_seams(horizon.roll(1, 2)[..., 1:, :], horizon[..., 1:, :]) < 0.05


def test_background_noise_of_large_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Larger than a quantile of torch may be; each pixel is its own detail, which takes no time."""
    monkeypatch.setattr(measures, "FLAT_WINDOW", 1)
    monkeypatch.setattr(measures, "_detail", torch.Tensor.abs)
    large = torch.rand(1, 1, 4100, 4200)
    assert background_noise(large, large, large[..., :64, :]) == pytest.approx(0.3, abs=0.01)
