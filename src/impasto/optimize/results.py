"""From the optimizer's tensor to the picture that a user gets, with the recipe inside."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from impasto.images import Identity, Picture, keep_colors
from impasto.networks import Encoder
from impasto.optimize.pyramid import enlarge
from impasto.settings import Settings
from impasto.settings.choices import REST
from impasto.states import State
from impasto.version import __version__


@dataclass(frozen=True)
class Result:
    """All that a finished picture takes from its run.

    Attributes:
        content: The content picture at final size, with alpha, EXIF and bit depth.
        size: (width, height) of the result.
        inputs: Who the pictures were.
        encoders: What compared the pictures.
        precision: Of the arithmetic.
        device: Kind of device.
        settings: As asked for.
        keep: (H, W) in [0, 1], where the content stays, or None.
        sides: Longest side of the tiles of each octave, and of the styles'; None: seen whole.
    """

    content: Picture
    size: tuple[int, int]
    inputs: "Inputs"
    encoders: Sequence[Encoder]
    precision: torch.dtype
    device: torch.device
    settings: Settings
    keep: NDArray[np.float32] | None = None
    sides: Sequence[int | None] = ()

    def picture(self, state: State) -> Picture:
        """Return what the run comes to if it ends with this state."""
        image = enlarge(state.image, self.size)
        pixels = image[0].permute(1, 2, 0).cpu().numpy()
        photo = self.content.filled().pixels
        if self.settings.color == "content":
            pixels = keep_colors(pixels, photo, self.settings.color_amount)
        if self.keep is not None:
            pixels = pixels + self.keep[..., None] * (photo - pixels)
        return replace(
            self.content,
            pixels=pixels,
            bits=self.settings.bits or self.content.bits,
            exif=self.content.exif if self.settings.keep_exif else None,
            recipe=self.recipe(state),
        )

    def recipe(self, state: State) -> dict[str, Any]:
        """Return how to make this picture again: no time limit, no folders."""
        stopped = state.done if state.done < state.planned else None
        precision = str(self.precision).removeprefix("torch.")
        settings = replace(
            self.settings,
            time=None,
            steps=state.steps,
            stop_after=stopped,
            precision=precision,
        )
        recipe: dict[str, Any] = {
            "impasto": __version__,
            "torch": torch.__version__,
            "device": self.device.type,
            "threads": torch.get_num_threads(),
            "precision": precision,
            "weights": [{"name": each.file, "sha256": each.sha256} for each in self.encoders],
            "content": self.inputs.content._asdict(),
            "styles": [style._asdict() for style in self.inputs.styles],
            "settings": settings.to_dict(),
        }
        if any(side is not None for side in self.sides):
            recipe["tiles"] = list(self.sides)
        if self.settings.weights is not None:
            recipe["settings"]["weights"] = self.encoders[0].file
        for role, identity in self.inputs.files.items():
            recipe[role] = identity._asdict()
            recipe["settings"][role] = identity.name
        if self.inputs.masks:
            recipe["masks"] = [mask._asdict() for mask in self.inputs.masks]
            names = iter(self.inputs.masks)
            recipe["settings"]["masks"] = [
                mask if mask == REST else next(names).name for mask in self.settings.masks or ()
            ]
        return recipe


@dataclass(frozen=True)
class Inputs:
    """The pictures of a run, by name and SHA-256.

    Attributes:
        content: The content.
        styles: The styles.
        files: Those that a setting names, by that setting: `init`, `keep`, `fine_style`.
        masks: Those of `masks`, without the rest.
    """

    content: Identity
    styles: Sequence[Identity]
    files: Mapping[str, Identity] = field(default_factory=dict)
    masks: Sequence[Identity] = ()
