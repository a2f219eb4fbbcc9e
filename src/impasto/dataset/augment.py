"""Style augmentation inside a training loop: as a transform of a data loader, or of batches."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from impasto.errors import ImageError, SettingsError
from impasto.fast import FastStylizer
from impasto.fast.shot import still_grain
from impasto.gallery.names import read_styles
from impasto.images import LEAST_PICTURE, Sources, open_picture
from impasto.images.pixels import quantize
from impasto.settings import Settings
from impasto.stylizers import for_many_sizes

if TYPE_CHECKING:
    from torch import Tensor

    from impasto.networks.any_style import AnyStyle
    from impasto.networks.whitening import Coloring

    #: The network in torch, and what reads a style by its number.
    _Opened = tuple[AnyStyle, Callable[[int], list[Coloring]]]


class StyleAugment:
    """Paints pictures in styles by chance, so that a network learns shapes.

    As Geirhos et al. 2019, "ImageNet-trained CNNs are biased towards texture", and Jackson et al.
    2019, "Style Augmentation".

    As a transform it takes and returns a Pillow image, a uint8 array (H, W, 3), or a torch tensor
    (3, H, W), uint8 or float in [0, 1]; sizes and types stay. It may be handed to the workers of a
    data loader: each opens its own network. Chance is Python's `random`, which data loaders seed.

    Args:
        styles: The pool of style pictures: paths, names of the gallery, or pictures.
        probability: That a picture is painted at all.
        strength: Least and most strength, between 0 and 1.
        size: Longest side that styles are read at, in pixels: about that of the pictures.
        seed: For chance of its own, the same in every worker of a data loader; None: Python's.

    Raises:
        SettingsError: A value is out of range.
        ImageError: A style cannot be read.

    Examples:
        >>> augment = StyleAugment(["mosaic", "waves"], probability=1)
        >>> augment(np.zeros((64, 64, 3), np.uint8)).shape
        (64, 64, 3)
    """

    def __init__(
        self,
        styles: Sources,
        probability: float = 0.5,
        strength: tuple[float, float] = (0.3, 1.0),
        size: int = 256,
        seed: int | None = None,
    ) -> None:
        if not 0 <= probability <= 1:
            raise SettingsError(f"probability is from 0 to 1, not {probability}")
        if not 0 <= strength[0] <= strength[1] <= 1:
            raise SettingsError(f"strength is from 0 to 1, the least first; not {strength}")
        self.probability, self.strength, self.size, self.seed = probability, strength, size, seed
        self._styles = [open_picture(each, max_size=size) for each in read_styles(styles)]
        if not self._styles:
            raise ImageError("give style pictures to paint like")
        self._chance: Any = random if seed is None else random.Random(seed)

    def __call__(self, image: Any) -> Any:  # noqa: ANN401
        """Return a picture, painted or as it is; what is of no kind that is known is an error."""
        chance = self._chance
        if chance.random() >= self.probability:
            return image
        style, strength = chance.randrange(len(self._styles)), chance.uniform(*self.strength)
        if isinstance(image, Image.Image):
            return self._pillow(image, style, strength)
        if isinstance(image, np.ndarray):
            if image.shape[2:] != (3,) or not (image.dtype == np.uint8 or image.dtype.kind == "f"):
                raise ImageError("an array is (H, W, 3), of uint8 or floats in [0, 1]")
            painted = self._painted(image, style, strength)
            return quantize(painted, 8) if image.dtype == np.uint8 else painted.astype(image.dtype)
        return self._tensor(image, style, strength)

    def batch(self, images: Tensor) -> Tensor:
        """Return a batch, each picture painted or as it is, on the device that it is on.

        Painted pictures are mixed with what they were, by their strength.

        Args:
            images: (N, 3, H, W), float in [0, 1].

        Raises:
            ImageError: It has another shape or type.
        """
        import torch

        if images.ndim != 4 or images.shape[1] != 3 or not images.is_floating_point():
            raise ImageError("a batch is (N, 3, H, W) of floats in [0, 1]")
        chance = self._chance
        which = [n for n in range(len(images)) if chance.random() < self.probability]
        if not which:
            return images
        network, read = self._on_device(str(images.device))
        numbers = [chance.randrange(len(self._styles)) for _ in which]
        strengths = torch.tensor([chance.uniform(*self.strength) for _ in which])
        with torch.no_grad():
            content = _padded(images[which].float())
            looks = [
                type(parts[0])(*(torch.cat(each) for each in zip(*parts, strict=True)))
                for parts in zip(*(read(number) for number in numbers), strict=True)
            ]
            grain = torch.from_numpy(still_grain(*content.shape[2:])).to(content.device)
            painted = network(content, looks, grain)[..., : images.shape[2], : images.shape[3]]
            part = strengths.to(images)[:, None, None, None]
            result = images.clone()
            result[which] += part * (painted.clamp(0, 1).to(images) - images[which])
        return result

    def _painted(self, pixels: NDArray[Any], style: int, strength: float) -> NDArray[np.float32]:
        picture = open_picture(np.ascontiguousarray(pixels))
        if min(picture.size) < LEAST_PICTURE:
            raise ImageError(f"pictures of {picture.width}x{picture.height} pixels are too small")
        return self._stylizer(style).changed(strength=strength).paint(picture).clip(0, 1)

    def _pillow(self, image: Image.Image, style: int, strength: float) -> Image.Image:
        if image.mode.startswith(("I", "F")):
            raise ImageError(f"a Pillow image of mode {image.mode} has no 8 bits: convert it")
        painted = self._painted(np.asarray(image.convert("RGB")), style, strength)
        result = Image.fromarray(quantize(painted, 8)).convert(image.mode)
        if image.mode in ("RGBA", "LA"):
            result.putalpha(image.getchannel("A"))
        return result

    def _tensor(self, image: Any, style: int, strength: float) -> Any:  # noqa: ANN401
        import torch

        if not isinstance(image, torch.Tensor) or image.ndim != 3 or image.shape[0] != 3:
            raise ImageError("give a Pillow image, an array (H, W, 3) or a tensor (3, H, W)")
        painted = self._painted(image.detach().cpu().permute(1, 2, 0).numpy(), style, strength)
        whole = torch.from_numpy(quantize(painted, 8) if image.dtype == torch.uint8 else painted)
        return whole.permute(2, 0, 1).to(image).contiguous()

    @cached_property
    def _stylizer(self) -> Callable[[int], FastStylizer]:
        settings = for_many_sizes(Settings(method="fast", size=self.size))  # those of crops
        network = FastStylizer(self._styles[0], settings)
        return lru_cache(None)(lambda style: network.with_styles(self._styles[style]))

    @cached_property
    def _on_device(self) -> Callable[[str], _Opened]:
        return lru_cache(None)(self._opened)

    def _opened(self, device: str) -> _Opened:
        import torch

        from impasto.networks.any_style import AnyStyle, shape_of
        from impasto.training.export import any_style_parameters
        from impasto.weights import fetch

        parameters = any_style_parameters(fetch("any-style"))
        network = AnyStyle(shape_of(parameters))
        network.load_state_dict(parameters)
        network = network.to(device).eval().requires_grad_(False)

        def read(number: int) -> list[Coloring]:
            pixels = torch.from_numpy(self._styles[number].filled().pixels.copy())
            with torch.no_grad():
                return network.encode(_padded(pixels.permute(2, 0, 1)[None].to(device)))

        return network, lru_cache(None)(read)

    def __getstate__(self) -> dict[str, Any]:
        """Leave the networks behind: another process opens its own."""
        kept = {k: v for k, v in vars(self).items() if k not in ("_stylizer", "_on_device")}
        return {**kept, "_chance": None if self.seed is None else self._chance}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._chance = self._chance or random


def _padded(images: Tensor) -> Tensor:
    """Return (N, 3, H, W) with sides that are multiples of the network's cells."""
    import torch.nn.functional as F

    from impasto.weights.any_style import CELL

    below, right = (max(-side % CELL, 2 * CELL - side) for side in images.shape[2:])
    return F.pad(images, (0, right, 0, below), mode="replicate")
