"""The targets of a run: content, styles and start, prepared for each octave."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from impasto import images
from impasto.composition import compose, mask_identities
from impasto.errors import SettingsError
from impasto.flow import warped
from impasto.images import Identity, Picture
from impasto.images.masks import Mask
from impasto.losses import required_statistics
from impasto.optimize.pyramid import alpha_tensor, enlarge, mask_tensor, to_tensor
from impasto.optimize.schedule import Octave
from impasto.optimize.style_targets import StyleReader, StyleTarget, style_amount
from impasto.optimize.tiles import SpatialWeight, TiledEncoder
from impasto.recipes import make_recipe
from impasto.runs import Carried, EarlierFrame, Reference, Run, State
from impasto.settings.choices import STARTS
from impasto.settings.declaration import load

#: How much more content counts where the photograph is kept.
KEEP_WEIGHT = 4.0
#: Weight of staying near earlier frames, at stability 1; at 60 thin things lag behind.
ANCHOR_WEIGHT = 20.0
#: Names of Adam's moments of the gradient, as torch has them.
MOMENTS = ("exp_avg", "exp_avg_sq")
#: Adam's state of a picture, by name.
Moments = Mapping[str, Any]


class Anchor(NamedTuple):
    """A picture to stay near, (1, 3, H, W), where it is to be trusted, (1, 1, H, W) in [0, 1]."""

    image: Tensor
    trust: Tensor


@dataclass(frozen=True)
class OctaveTargets:
    """The targets of an octave.

    Content is (1, 3, H, W) in [0, 1]; alpha, regions and keep are (1, 1, H, W) in [0, 1], or None.
    """

    content: Tensor
    styles: Sequence[StyleTarget]
    #: Transparent pixels take no part in any loss but staying near earlier frames and octaves.
    alpha: Tensor | None = None
    #: Guided Gram matrices (Gatys et al. 2017, "Controlling Perceptual Factors").
    regions: Sequence[Tensor | None] = (None,)
    #: Where content counts more.
    keep: Tensor | None = None
    anchors: Sequence[Anchor] = ()
    anchor_weight: float = 0.0
    #: (1, 3, h, w), the result of the octave before: it is refined, not changed.
    coarse_target: Tensor | None = None

    @property
    def style_regions(self) -> list[Tensor | None]:
        """Where each style applies: not where the content is transparent or kept."""
        free = None if self.keep is None else 1 - self.keep
        return [product(product(region, self.alpha), free) for region in self.regions]


def product(a: Tensor | None, b: Tensor | None) -> Tensor | None:
    """Return where both count; None: everywhere."""
    if a is None or b is None:
        return b if a is None else a
    return a * b


class TargetBuilder:
    """Prepares what one run paints: content (at the size of the result), styles and the start."""

    def __init__(
        self,
        reader: StyleReader,
        content: Picture,
        identity: Identity,
        reference: Reference | None = None,
        start: Run | None = None,
    ) -> None:
        self.reader, self.settings, self.device = reader, reader.settings, reader.device
        self.content, self.filled = content, content.filled()
        if self.settings.tileable:
            self.filled = replace(self.filled, pixels=images.periodic(self.filled.pixels))
        self.composition = compose(self.settings, content, len(reader.styles), reference)
        self.inputs: dict[str, Identity | Sequence[Identity] | None] = {
            "content": identity,
            "styles": reader.identities,
            "init": None,
            "fine_style": reader.fine_identity,
            **mask_identities(self.settings),
        }
        self._start_run, self._start = start, None
        recolors = self.settings.color_mode.recolor_style
        self._recolored = self._recolored_styles() if recolors else None
        self._anchors: list[tuple[Picture, Tensor]] = []
        self._anchor_weight = 0.0
        #: Those of the optimizer of the frame before, moved along.
        self.moments: Moments | None = None
        if reference is not None and reference.frames:
            self._use_reference(reference)
        elif start is None:
            self._start = self._start_picture()

    def initial(self, size: tuple[int, int]) -> Tensor:
        """Return the picture to start from, (1, 3, H, W) at (width, height), once."""
        if self._start_run is not None:
            self._start, self._start_run = Picture(self._start_run.pixels), None
        if self._start is not None:
            start, self._start = self._start, None  # a large one is not kept
            return to_tensor(start, size, self.device)
        # Drawn on the CPU, so that the same seed is the same noise on every device.
        generator = torch.Generator().manual_seed(self.settings.seed)
        noise = torch.randn((1, 3, size[1], size[0]), generator=generator)
        return (0.5 + 0.15 * noise).clamp(0, 1).to(self.device)

    def targets(
        self,
        octave: Octave,
        sides: tuple[int | None, int | None] = (None, None),
        coarse_target: Tensor | None = None,
    ) -> OctaveTargets:
        """Return the targets of an octave; for `coarse_target` see `OctaveTargets`.

        Content and style pictures are encoded in tiles of the given sides; None: whole.
        """
        content = to_tensor(self.filled, octave.size, self.device)
        alpha = alpha_tensor(self.content, octave.size, self.device)
        keep, masks = self.composition.keep, self.composition.regions
        regions = [mask_tensor(mask, octave.size, self.device) for mask in masks]
        where = [product(each, alpha) for each in regions]
        anchors = []
        for moved, trust in self._anchors:
            trusted = F.interpolate(trust, content.shape[2:], mode="area")
            anchors.append(Anchor(to_tensor(moved, octave.size, self.device), trusted))
        return OctaveTargets(
            content=content,
            styles=self._style_targets(octave, content, where, sides),
            alpha=alpha,
            regions=regions,
            keep=mask_tensor(keep, octave.size, self.device),
            anchors=anchors,
            anchor_weight=self._anchor_weight,
            coarse_target=coarse_target,
        )

    def final_pixels(self, image: Tensor) -> NDArray[np.float32]:
        """Return an octave's (1, 3, h, w) as (H, W, 3) at full size, with what was kept."""
        larger = enlarge(image, self.content.size)
        painted: NDArray[np.float32] = larger[0].permute(1, 2, 0).cpu().numpy()
        photo = self.filled.pixels
        pixels = images.final_colors(painted, photo, self.settings, self.reader.gray_styles)
        return self.composition.with_kept(pixels, photo)

    def recipe(self, state: State, sides: Sequence[int | None]) -> dict[str, object]:
        """Return how to make a picture again: no time limit, no folders; `sides` are of tiles."""
        settings, files = self.settings, self.reader.files
        precision = str(self.reader.precision).removeprefix("torch.")
        return make_recipe(
            replace(
                settings,
                time=None,
                steps=state.steps,
                stop_after=state.done if state.done < state.planned else None,
                precision=precision,
                weights=None if settings.weights is None else files[0]["name"],
            ),
            self.inputs,
            torch=torch.__version__,
            device=self.device.type,
            threads=torch.get_num_threads(),
            precision=precision,
            weights=files,
            **({"tiles": list(sides)} if any(side is not None for side in sides) else {}),
        )

    def _style_targets(
        self,
        octave: Octave,
        content: Tensor,
        regions: Sequence[Tensor | None],
        sides: tuple[int | None, int | None],
    ) -> list[StyleTarget]:
        """Return the styles, each in its region, as far from the content as strength says."""
        read = self.reader(octave, self._recolored, sides[1])
        shares = self.composition.style_weights(self.settings.normalized_style_weights(len(read)))
        numbers = list(range(len(read))) if self.composition.masks else [0] * len(read)
        targets = [StyleTarget(*each) for each in zip(read, shares, numbers, strict=True)]
        if self.settings.strength == 1:
            return targets
        amount = style_amount(self.settings.strength, octave.encoder)
        encoder, tileable = self.reader.encoders[octave.encoder], self.settings.tileable
        tiled = TiledEncoder(encoder, octave.size, sides[0], tileable)
        required = required_statistics(self.settings.style_losses)
        own = [
            tiled.statistics(content, self.reader.layers, required, SpatialWeight(region))
            for region in regions
        ]
        return [target.mixed(own[target.region], amount) for target in targets]

    def _start_picture(self) -> Picture | None:
        """Return the picture that the settings start from; None: noise."""
        init = self.settings.init
        if init == "noise":
            return None
        if init in ("content", "matched"):
            recolored = init == "matched" and self.settings.color_mode.is_plain
            return self._recolored_content() if recolored else self.filled
        if init == "style":
            return self.reader.styles[0].filled()
        if not Path(init).exists():
            words = ", ".join(STARTS)
            raise SettingsError(f"init must be {words} or a file; there is no file {init!r}")
        opened = images.open_for_role(init, "start", max(self.content.size))
        self.inputs["init"] = images.identify_opened(opened, init)
        return opened.filled()

    def _recolored_content(self) -> Picture:
        """Return the content in the styles' colors, each by its share or in its region."""
        content, styles = self.content, self.reader.styles
        pixels = np.zeros_like(content.pixels)
        masks = self.composition.masks
        shares = self.settings.normalized_style_weights(len(styles))
        for number, style in enumerate(styles):
            where = masks[number] if masks else content.alpha
            matched = images.match_colors(
                self.filled.pixels, style.pixels, where, style.alpha, self.settings.strength
            )
            pixels += matched * (masks[number][..., None] if masks else np.float32(shares[number]))
        if masks:  # what no style paints stays as it is
            pixels += self.filled.pixels * (1 - np.sum(masks, axis=0)[..., None]).clip(0, 1)
        return replace(self.filled, pixels=pixels.clip(0, 1))

    def _recolored_styles(self) -> list[Picture]:
        """Return the styles with their colors moved to the content's (Gatys et al. 2017)."""
        content, amount, styles = self.content, self.settings.color_amount, self.reader.styles
        everywhere = [content.alpha] * len(styles)
        recolor = load(self.settings.color_mode.recolor_style)
        masks: Sequence[Mask | None] = self.composition.masks or everywhere
        return [
            replace(s, pixels=recolor(s.pixels, content.pixels, s.alpha, mask, amount))
            for s, mask in zip(styles, masks, strict=True)
        ]

    def _use_reference(self, reference: Reference) -> None:
        """Start from the warped frame before, and stay near earlier ones (Ruder et al. 2018).

        Where nothing can be trusted, the start is the content in the style's colors.
        """
        recolored = self.settings.color_mode.is_plain
        start = (self._recolored_content() if recolored else self.filled).pixels.copy()
        left = np.ones(start.shape[:2], np.float32)
        for lag, earlier in sorted(reference.frames.items()):
            moved = warped(earlier.painted, earlier.flow).clip(0, 1)
            # Earlier frames count where later ones do not.
            trust = np.minimum(earlier.trust, left)
            if lag == 1:
                start += trust[..., None] * (moved - start)
                self.moments = self._moved_moments(reference.carried, earlier)
            left = left - trust
            where = torch.from_numpy(np.ascontiguousarray(trust))[None, None].to(self.device)
            self._anchors.append((Picture(moved), where))
        self._start = replace(self.filled, pixels=start.clip(0, 1))
        self._anchor_weight = ANCHOR_WEIGHT * reference.stability

    def _moved_moments(self, carried: Carried, earlier: EarlierFrame) -> Moments | None:
        """Return Adam's state of the frame before, moved along; 0 where nothing is trusted.

        Without it Adam's first steps are as long where the picture is finished as where it is new.
        """
        shapes = {carried[name].shape[:2] for name in MOMENTS if name in carried}
        if shapes != {earlier.trust.shape}:  # none, or of a coarser octave, at which time was up
            return None
        moved = {"step": torch.tensor(float(carried["step"]))}
        for name in MOMENTS:
            moment = warped(carried[name], earlier.flow, cubic=False) * earlier.trust[..., None]
            moved[name] = torch.from_numpy(moment).permute(2, 0, 1)[None]
        return moved
