"""Style augmentation in a training loop."""

import pickle
import random
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from tests.conftest import Array

import impasto
from impasto.errors import ImageError, SettingsError
from impasto.images import open_picture


@pytest.fixture
def augment(styles: list[Path]) -> impasto.StyleAugment:
    return impasto.StyleAugment(styles[:2], 1.0, (1.0, 1.0), size=96, seed=1)


def test_kinds_and_sizes_stay(augment: impasto.StyleAugment, photo: Array) -> None:
    made = augment(photo)
    assert (made.shape, made.dtype) == (photo.shape, np.uint8)
    assert np.abs(made.astype(int) - photo).mean() > 5
    assert augment(Image.fromarray(photo).convert("L")).mode == "L"
    floats = augment(photo / np.float32(255))
    assert floats.dtype == np.float32
    tensor = torch.from_numpy(photo.copy()).permute(2, 0, 1)
    assert augment(tensor).dtype == torch.uint8
    assert augment(tensor.float() / 255).shape == tensor.shape


def test_chance(styles: list[Path], photo: Array) -> None:
    augment = impasto.StyleAugment(styles[:2], 0.5, size=96)
    random.seed(3)
    first = [augment(photo) for _ in range(12)]
    random.seed(3)
    again = [augment(photo) for _ in range(12)]
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert 1 <= sum(each is photo for each in first) <= 11


def test_a_batch_is_what_the_transform_makes(styles: list[Path], photo: Array) -> None:
    one, other = (
        impasto.StyleAugment(styles[:1], 1.0, (1.0, 1.0), size=80, seed=0) for _ in range(2)
    )
    tensor = torch.from_numpy(photo.copy()).permute(2, 0, 1).float() / 255
    made = other.batch(torch.stack([tensor, tensor]))
    assert made.shape == (2, 3, 64, 96)
    assert (made[0] - one(tensor)).abs().mean() < 0.01
    assert torch.equal(made[0], made[1])


def test_a_batch_is_painted_in_part(styles: list[Path], photo: Array) -> None:
    augment = impasto.StyleAugment(styles, 0.5, (0.3, 1), size=96, seed=2)
    batch = torch.from_numpy(photo.copy()).permute(2, 0, 1)[None].float().repeat(8, 1, 1, 1) / 255
    made = augment.batch(batch)
    changed = [(a - b).abs().mean() > 0.01 for a, b in zip(made, batch, strict=True)]
    assert 1 <= sum(map(int, changed)) <= 7
    nothing = impasto.StyleAugment(styles, 0.0, size=96)
    assert nothing.batch(batch) is batch


def test_in_the_workers_of_a_loader(
    augment: impasto.StyleAugment, styles: list[Path], photo: Array
) -> None:
    """It goes to them by pickle: without its network, with what chance it has."""
    augment(photo)
    sent = pickle.dumps(augment)
    assert len(sent) < 1e6
    wanted, made = augment(photo), pickle.loads(sent)(photo)
    np.testing.assert_array_equal(made, wanted)
    # Chance that is Python's is that of the worker.
    plain = pickle.loads(pickle.dumps(impasto.StyleAugment(styles, 0.5, size=96)))
    painted = []
    for seed in range(8):
        random.seed(seed)
        painted.append(random.random() < 0.5)
        random.seed(seed)
        assert (plain(photo) is not photo) == painted[-1]
    assert len(set(painted)) == 2


@pytest.mark.parametrize("wrong", [{"probability": 2.0}, {"strength": (0.5, 0.1)}])
def test_values_out_of_range(styles: list[Path], wrong: dict[str, object]) -> None:
    with pytest.raises(SettingsError):
        impasto.StyleAugment(styles, **wrong)  # type: ignore[arg-type]


def test_what_is_no_picture(augment: impasto.StyleAugment) -> None:
    with pytest.raises(ImageError):
        augment(torch.zeros(1, 8, 8))
    with pytest.raises(ImageError, match="too small"):
        augment(np.zeros((3, 3, 3), np.uint8))
    with pytest.raises(ImageError, match="a batch is"):
        augment.batch(torch.zeros(2, 1, 8, 8))
    with pytest.raises(ImageError):
        impasto.StyleAugment([])
    assert open_picture(np.zeros((20, 20, 3), np.uint8)).size == (20, 20)


def test_what_stays_and_what_is_refused(styles: list[Path]) -> None:
    augment = impasto.StyleAugment(styles[:1], probability=1, size=64)
    image = Image.new("RGBA", (64, 64), (200, 10, 30, 77))
    made = augment(image)
    assert (made.mode, made.getchannel("A").getextrema()) == ("RGBA", (77, 77))
    for wrong in (np.zeros((64, 64, 3), np.uint16), np.zeros((64, 64), np.uint8)):
        with pytest.raises(ImageError, match="an array is"):
            augment(wrong)
    with pytest.raises(ImageError, match="mode I;16"):
        augment(Image.fromarray(np.zeros((64, 64), np.uint16)))


def test_a_network_for_each_card(
    augment: impasto.StyleAugment, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Elsewhere(torch.Tensor):
        device = torch.device("cuda:1")

    opened = list[str]()

    def open_on(device: str) -> None:
        opened.append(device)
        raise ImageError("no such card here")

    monkeypatch.setattr(augment, "_opened", open_on)
    with pytest.raises(ImageError, match="no such card"):
        augment.batch(torch.zeros(1, 3, 64, 64).as_subclass(Elsewhere))
    assert opened == ["cuda:1"]
