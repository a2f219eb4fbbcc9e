"""What fitting the any-style network to many styles and to one have in common."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, TypeVar

import torch
from torch import Tensor, nn

from impasto.errors import SettingsError
from impasto.networks.any_style import (
    GRAIN_CELL,
    PLANES,
    AnyStyle,
    AnyStyleShape,
    shape_of,
)
from impasto.networks.vgg import VGG19
from impasto.networks.whitening import Coloring
from impasto.settings.choices import STYLE_LAYERS
from impasto.training.checkpoints import Checkpoint
from impasto.training.crops import SCALES, Dice, crop
from impasto.training.learner import Learner, load_teacher
from impasto.training.muon import Muon
from impasto.training.options import PaintingOptions
from impasto.training.painting_losses import Targets, content_layers, painting_losses
from impasto.training.style_pool import PooledStyle
from impasto.training.trained import any_style_parameters
from impasto.training.vgg_loss import FusedVgg, gram_matrices

OptionsT = TypeVar("OptionsT", bound=PaintingOptions)
_HEAD_PART, _ADAM_PART = 0.3, 0.1
"""Learning rates as parts of Muon's: of the last kernel, since its every step is seen at once as
dirt; of biases and grain."""
_SCALE = 0.01
"""Weight of the penalty on the scale of features."""
_BEYOND = 5.0
"""Weight of what is beyond 0 and 1."""
_CAP, _RESIDUAL_CAP = 1.3, 0.6
"""Norms of kernels, as parts of He-initialized ones', at most."""
_WARM_UP = 20
_AVERAGED = 0.998
"""Decay of the average of parameters, which is the result."""
_ROUGHEST = 0.3
"""A painted picture that is rougher than this where its photograph is flat blew up."""
_EVERY = 4
"""One step in so many looks at a moved photograph, and one paints a picture like itself."""
_SHIFT = 16
"""Pixels that the same photograph is moved by, at most."""
LOSSES = (
    *("style", "content", "dense", "flat", "lattice", "gram", "shift", "identity"),
    *("beyond", "scale", "outliers"),
)


class Styles(Protocol):
    """Where styles come from."""

    def pick(self, step: int, count: int, dice: Dice) -> list[PooledStyle]:
        """Return styles for a step."""
        ...


class PaintingTraining(Learner[OptionsT]):
    """The network, what judges it, and its optimizers, one step after the other.

    A step paints photographs, each in several styles. Its losses are those of `painting_losses`,
    and in some steps *shift*, the same picture from a photograph that was moved and has noise
    (Ruder et al. 2018), and *identity*, a picture painted like itself stays what it is. Whitening
    and ReLU do not mind the scale of features, so it would grow without end: kernels are capped,
    and a penalty on the logarithm of the mean squares of inner maps keeps them small.

    Args:
        options: Everything it depends on.
        shape: Of the network.
        teacher: VGG-19; one that is already read.

    Attributes:
        photos: (3, H, W) uint8 each.
        styles: Where styles come from.
        shown: Photographs and styles that progress is shown and measured on: (1, 3, H, W) each,
            sides multiples of `CELL`.
    """

    photos: Sequence[Tensor]
    styles: Styles
    shown: list[tuple[Tensor, Tensor]]

    def __init__(
        self, options: OptionsT, shape: AnyStyleShape, teacher: VGG19 | None = None
    ) -> None:
        super().__init__(options)
        self.vgg = FusedVgg(teacher or load_teacher(options.teacher, self.device, self.fast))
        self.network = AnyStyle(shape, options.seed).to(self.device)
        self.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.modules = nn.ModuleDict({"network": self.network})
        self.muon, self.adam = _optimizers(self.network)
        self.average = {name: t.clone() for name, t in self.network.state_dict().items()}
        self.losses: Sequence[str] = LOSSES
        self._scales: list[Tensor] = []
        _note_scales(self.network, self._scales)

    def begin(self) -> None:
        """Take over a trained file, if the options name one.

        Raises:
            SettingsError: It has another shape.
        """
        if self.options.begin:
            self._take(any_style_parameters(Path(self.options.begin)))

    def _take(self, parameters: dict[str, Tensor]) -> None:
        if shape_of(parameters) != self.network.shape:
            raise SettingsError("the file to begin with has another shape than asked for")
        self.network.load_state_dict(parameters)
        self.average = {name: t.clone() for name, t in self.network.state_dict().items()}

    def advance(self) -> dict[str, Tensor]:
        """Take one step."""
        o, dice = self.options, Dice(self.options.seed, self.step, self.device)
        self._schedule(o.rate, o.last_rate, self.progress())
        return self._learned(self._painted(dice), self.weights())

    def weights(self) -> dict[str, float]:
        """Return how much each loss counts in this step."""
        weights = {name: float(getattr(self.options, name)) for name in self.options.weighted}
        return weights | {"style": 1.0, "beyond": _BEYOND}

    def _learned(self, losses: dict[str, Tensor], weights: dict[str, float]) -> dict[str, Tensor]:
        """Take a step down losses, unless they blew up; return them."""
        losses["scale"] = (1 + torch.stack(self._scales)).log().mean()
        self._scales.clear()
        total = _SCALE * losses["scale"] + sum(
            weights[n] * losses[n] for n in weights if n in losses
        )
        # A pair that blew up would undo what a hundred others taught.
        rough = self.step > _WARM_UP and "flat" in losses and not losses["flat"] <= _ROUGHEST
        if bool(rough) or not bool(total.isfinite()):
            self.step += 1
            return {"outliers": torch.ones(())}
        self.learn(total)
        decay = min(_AVERAGED, self.step / (self.step + 10))
        for name, tensor in self.network.state_dict().items():
            self.average[name].lerp_(tensor, 1 - decay)
        return {n: each.detach() for n, each in losses.items()} | {"outliers": torch.zeros(())}

    def _schedule(self, rate: float, last: float, progress: float) -> None:
        """Set the learning rates: they fall as a cosine."""
        share = last + (rate - last) * (0.5 + 0.5 * math.cos(math.pi * progress))
        share *= min(1, (self.step + 1) / _WARM_UP)
        for group, part in zip(self.muon.param_groups, (1, 1, _HEAD_PART), strict=True):
            group["lr"] = share * part
        self.adam.param_groups[0]["lr"] = share * _ADAM_PART

    def _contents(self, size: int, dice: Dice) -> Tensor:
        """Return photographs (N, 3, size, size)."""
        return torch.cat(
            [crop(self.photos, size, dice, SCALES) for _ in range(self.options.contents)]
        )

    def _painted(self, dice: Dice) -> dict[str, Tensor]:
        """Return the losses of photographs painted in styles."""
        o, size, wide = self.options, self.options.crop, self.options.crop + _SHIFT
        count = o.contents * o.styles
        larger = self._contents(wide, dice)
        photos, styles = larger[:, :, :size, :size], self.styles.pick(self.step, o.styles, dice)
        targets = self._targets(photos, styles)
        grain = dice.normal((count, PLANES, wide // GRAIN_CELL, wide // GRAIN_CELL))
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.fast):
            code = self._encoded(styles)
            contents = photos.repeat_interleave(o.styles, 0)
            painted = self.network(contents, code, _part(grain, size))
            extra = {}
            if self.step % _EVERY == 1 and o.shift:
                extra = self._shifted(larger[:1], painted, code, grain, dice)
            elif self.step % _EVERY == 3 and o.identity:
                extra = self._identical(photos[:1], grain)
        return painting_losses(self.vgg, painted, photos, targets) | extra

    @torch.no_grad()
    def _targets(self, photos: Tensor, styles: Sequence[PooledStyle]) -> Targets:
        o, dense = self.options, self.options.dense > 0
        seen = self.vgg(photos, content_layers(dense=dense))
        return Targets(
            grams={n: self._each([s.grams[n].float() for s in styles]) for n in STYLE_LAYERS},
            means={n: self._each([s.means[n] for s in styles]) for n in STYLE_LAYERS if dense},
            content=seen,
            styles=o.styles,
        )

    def _each(self, parts: Sequence[Tensor]) -> Tensor:
        """Return what belongs to styles (1, ...) for all pictures of a step (N, ...)."""
        return torch.cat(list(parts) * self.options.contents)

    def _encoded(self, styles: Sequence[PooledStyle]) -> list[Coloring]:
        codes = [self.network.encode(each.image) for each in styles]
        return [
            Coloring(*(self._each(part) for part in zip(*each, strict=True)))
            for each in zip(*codes, strict=True)
        ]

    def _identical(self, photo: Tensor, grain: Tensor) -> dict[str, Tensor]:
        same = self.network(photo, self.network.encode(photo), _part(grain[:1], photo.shape[2]))
        return {"identity": (same - photo).abs().mean()}

    def _shifted(
        self, larger: Tensor, painted: Tensor, code: list[Coloring], grain: Tensor, dice: Dice
    ) -> dict[str, Tensor]:
        """Return how much else is painted where a photograph moves, its grain with it."""
        rows, columns = (1 + dice.below(_SHIFT // GRAIN_CELL) for _ in range(2))
        size, down, across = painted.shape[2], rows * GRAIN_CELL, columns * GRAIN_CELL
        moved = larger[:, :, down : down + size, across : across + size]
        moved = (moved + dice.normal(moved.shape) * dice.between(0, 0.02)).clamp(0, 1)
        first = [Coloring(*(part[:1] for part in each)) for each in code]
        again = self.network(moved, first, _part(grain[:1, :, rows:, columns:], size))
        before, after = painted[:1, :, down:, across:], again[:, :, : size - down, : size - across]
        return {"shift": (before - after).abs().mean()}

    @torch.no_grad()
    def measure(self) -> dict[str, float]:
        """Return the mean relative Gram distance and content error of the pairs shown."""
        found = [self._measured(*pair) for pair in self.shown]
        return {
            name: sum(each[name] for each in found) / len(found) for name in ("style", "content")
        }

    def _measured(self, photo: Tensor, style: Tensor) -> dict[str, float]:
        targets = Targets(
            grams=gram_matrices(self.vgg(style, STYLE_LAYERS)),
            means={},
            content=self.vgg(photo, content_layers(dense=False)),
        )
        losses = painting_losses(self.vgg, self.painted(photo, style), photo, targets)
        return {"style": float(losses["gram"]), "content": float(losses["content"])}

    @torch.no_grad()
    def painted(self, photo: Tensor, style: Tensor) -> Tensor:
        """Return (1, 3, H, W) in [0, 1], painted by the result as it stands.

        Args:
            photo: (1, 3, H, W), sides multiples of `CELL`.
            style: Likewise.
        """
        dice, (height, width) = Dice(0, 0, self.device), photo.shape[2:]
        grain = dice.normal((1, PLANES, height // GRAIN_CELL, width // GRAIN_CELL))
        kept = {name: t.clone() for name, t in self.network.state_dict().items()}
        self.network.load_state_dict(self.average)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.fast):
            painted: Tensor = self.network(photo, self.network.encode(style), grain)
        self.network.load_state_dict(kept)
        return painted.clamp(0, 1)

    def checkpoint(self) -> Checkpoint:
        """Return the whole state."""
        state = super().checkpoint()
        state.tensors.update({f"average.{name}": t for name, t in self.average.items()})
        return state

    def restore(self, checkpoint: Checkpoint) -> None:
        """Go on from a checkpoint.

        Raises:
            SettingsError: It is of a training with other options.
        """
        super().restore(checkpoint)
        for name, tensor in checkpoint.part("average").items():
            self.average[name].copy_(tensor)

    def result(self) -> tuple[dict[str, Tensor], str]:
        """Return all parameters by name, averaged over the last steps."""
        return self.average, "any style"


def _optimizers(network: AnyStyle) -> tuple[Muon, torch.optim.Adam]:
    """Return Muon for kernels, in three groups, and Adam for biases and grain."""
    head = network.painter.head.weight
    named = [(n, p) for n, p in network.named_parameters() if p.dim() == 4 and p is not head]
    muon = Muon([p for n, p in named if not n.endswith("second.weight")], 0.0, 0.95, _CAP)
    residual = [p for n, p in named if n.endswith("second.weight")]
    muon.add_param_group({"params": residual, "cap": _RESIDUAL_CAP})
    muon.add_param_group({"params": [head], "cap": math.inf})
    others = [p for p in network.parameters() if p.dim() < 4]
    return muon, torch.optim.Adam(others, 0.0, (0.9, 0.99))


def _note_scales(network: AnyStyle, scales: list[Tensor]) -> None:
    """Have the mean squares of inner maps noted while there is a gradient."""

    def note(_module: nn.Module, _given: object, made: Tensor | tuple[Tensor, ...]) -> None:
        if torch.is_grad_enabled():
            maps = (made,) if isinstance(made, Tensor) else made
            scales.extend(each.float().square().mean() for each in maps)

    painter = network.painter
    inner = (painter.coarse, painter.to_middle, painter.middle, painter.to_fine, painter.fine)
    for module in (network.reader, *inner):
        module.register_forward_hook(note)


def _part(grain: Tensor, size: int) -> Tensor:
    """Return the grain of a picture of this side."""
    return grain[:, :, : size // GRAIN_CELL, : size // GRAIN_CELL]
