"""What training the any-style network for many styles and for one have in common."""

import copy
import math
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar, cast

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from impasto.errors import SettingsError
from impasto.files import replacing
from impasto.networks.any_style import AnyStyle, AnyStyleShape, StyleCode, shape_of
from impasto.networks.pocket import SUBSAMPLE_PHASES, Pocket, open_pocket
from impasto.networks.whitening import Coloring
from impasto.settings.choices import STYLE_LAYERS
from impasto.training.crops import SCALES, Rng, crop
from impasto.training.losses import (
    FusedVgg,
    Judge,
    gram_matrices,
    perceptual_losses,
    relative_error,
)
from impasto.training.options import TransferOptions
from impasto.training.trainer import Muon, Trainer
from impasto.weights import fetch
from impasto.weights.any_style import GRAIN_CELL, PLANES

TransferT = TypeVar("TransferT", bound=TransferOptions)
#: Learning rates as parts of Muon's: of the last kernel, where each step is seen, and of biases.
_HEAD_PART, _ADAM_PART = 0.3, 0.1
_SCALE = 0.01  # weight of the penalty on the scale of features
_BEYOND = 5.0  # weight of what is beyond 0 and 1
_CAP, _RESIDUAL_CAP = 1.3, 0.6  # norms of kernels, as parts of He-initialized ones', at most
_WARM_UP = 20
_AVERAGED = 0.998  # decay of the average of parameters, which is the result
_ROUGHEST = 0.3  # a stylized picture that is rougher than this where its content is flat blew up
_EVERY = 4  # one step in so many looks at a moved photograph, and one at a picture in its own style
_SHIFT = 16  # pixels that the same photograph is moved by, at most
_SIDE = 320  # longest side of a picture on a sheet, in pixels


@dataclass(frozen=True)
class Style:
    """A style as it is learned from."""

    code: StyleCode
    grams: Mapping[str, Tensor]  # Gram matrices (1, C, C) by layer


class TransferTrainer(Trainer[TransferT]):
    """The network, its losses and its optimizers, one step after the other.

    The reader is not trained, so what a style is to the network is computed once. Losses are those
    of `perceptual_losses`, dense the relative error of the maps that the reader would find in the
    result (Huang & Belongie 2017); and in some steps *shift*, the same picture from a photograph
    that was moved and has noise (Ruder et al. 2018), and *identity*, a picture in its own style
    stays what it is. Convolutions and ReLU do not mind the scale of features, so it would grow
    without end: kernels are capped, and a penalty keeps the mean squares of inner maps small. The
    result is `averaged` over the last steps.
    """

    photos: Sequence[Tensor]  # (3, H, W) uint8 each
    #: Contents and styles that progress is shown and measured on: (1, 3, H, W), in whole cells.
    shown: list[tuple[Tensor, Tensor]]

    def __init__(self, options: TransferT, shape: AnyStyleShape) -> None:
        super().__init__(options)
        self.judge = self._load_judge()
        self.network = AnyStyle(shape, options.seed).to(self.device)
        self.network.reader.requires_grad_(False)
        self.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.averaged = copy.deepcopy(self.network).requires_grad_(False)
        self.modules = nn.ModuleDict({"network": self.network})
        self.muon, self.adam = self._optimizers()
        self.state = {f"average.{name}": t for name, t in self.averaged.state_dict().items()}
        self._scales: list[Tensor] = []  # mean squares of inner maps
        painter = self.network.painter
        inner = (painter.coarse, painter.to_middle, painter.middle, painter.to_fine, painter.fine)
        for module in inner:
            module.register_forward_hook(self._record_scales)

    def _load_judge(self) -> Pocket | FusedVgg:
        if self.options.teacher:
            return self.load_teacher(FusedVgg)
        precision = torch.bfloat16 if self.fast else torch.float32
        return open_pocket(fetch("pocket"), (), "", precision).to(self.device)

    @property
    def _judge_of_step(self) -> Judge:
        """The judge; of the pocket encoder's two large layers it sees a quarter each time."""
        if isinstance(self.judge, Pocket):
            return partial(self.judge, subsample_phase=self.step % SUBSAMPLE_PHASES)
        return self.judge

    def style_of(self, image: Tensor) -> Style:
        """Return what is learned from (1, 3, H, W) in [0, 1], sides multiples of `CELL`."""
        with torch.no_grad():
            grams = gram_matrices(self.judge(image, STYLE_LAYERS))
            return Style(self.network.encode(image), grams)

    def facts(self) -> dict[str, Any]:
        """Return what the training depends on, the judge included."""
        return super().facts() | {"judge": type(self.judge).__name__}

    def _optimizers(self) -> tuple[Muon, torch.optim.Adam]:
        head, learned = self.network.painter.head.weight, list(self.learned())
        named = [(n, p) for n, p in learned if p.dim() == 4 and p is not head]
        muon = Muon([p for n, p in named if not n.endswith("second.weight")], 0.0, 0.95, _CAP)
        residual = [p for n, p in named if n.endswith("second.weight")]
        muon.add_param_group({"params": residual, "cap": _RESIDUAL_CAP})
        muon.add_param_group({"params": [head], "cap": math.inf})
        others = [p for _, p in learned if p.dim() < 4]
        return muon, torch.optim.Adam(others, 0.0, (0.9, 0.99))

    def _record_scales(self, _: nn.Module, __: object, made: Tensor) -> None:
        if torch.is_grad_enabled():
            self._scales.append(made.float().square().mean())

    def _load(self, parameters: dict[str, Tensor]) -> None:
        if shape_of(parameters) != self.network.shape:
            raise SettingsError("the file to begin with has another shape than asked for")
        for network in (self.network, self.averaged):
            network.load_state_dict(parameters)

    def advance(self) -> dict[str, Tensor]:
        """Take one step."""
        o, rng = self.options, Rng(self.options.seed, self.step, self.device)
        self._schedule(o.rate, o.last_rate, self.progress())
        return self._learned(self._losses(rng), self.weights())

    def weights(self) -> dict[str, float]:
        """Return how much each loss counts in this step."""
        weights = {name: float(getattr(self.options, name)) for name in self.options.weighted}
        return weights | {"style": 1.0, "beyond": _BEYOND}

    def _learned(self, losses: dict[str, Tensor], weights: dict[str, float]) -> dict[str, Tensor]:
        """Take a step down losses, unless they blew up; return them."""
        losses["scale"] = (1 + torch.stack(self._scales)).log().mean()
        self._scales.clear()
        counted = (weights[name] * losses[name] for name in weights if name in losses)
        total = _SCALE * losses["scale"] + sum(counted)
        # A pair that blew up would undo what a hundred others taught.
        rough = self.step > _WARM_UP and "flat" in losses and not losses["flat"] <= _ROUGHEST
        if bool(rough) or not bool(total.isfinite()):
            self.step += 1
            return {"outliers": torch.ones(())}
        self.learn(total)
        decay = min(_AVERAGED, self.step / (self.step + 10))
        for name, tensor in self.network.state_dict().items():
            self.state[f"average.{name}"].lerp_(tensor, 1 - decay)
        return {n: each.detach() for n, each in losses.items()} | {"outliers": torch.zeros(())}

    def _schedule(self, rate: float, last: float, progress: float) -> None:
        share = last + (rate - last) * (0.5 + 0.5 * math.cos(math.pi * progress))
        share *= min(1, (self.step + 1) / _WARM_UP)
        for group, part in zip(self.muon.param_groups, (1, 1, _HEAD_PART), strict=True):
            group["lr"] = share * part
        self.adam.param_groups[0]["lr"] = share * _ADAM_PART

    @abstractmethod
    def _pick_styles(self, rng: Rng) -> list[Style]:
        """Return the styles of this step."""

    def _contents(self, size: int, rng: Rng) -> Tensor:
        """Return photographs (N, 3, size, size)."""
        count = range(self.options.contents)
        return torch.cat([crop(self.photos, size, rng, SCALES) for _ in count])

    def _losses(self, rng: Rng) -> dict[str, Tensor]:
        o, size, wide = self.options, self.options.crop, self.options.crop + _SHIFT
        count = o.contents * o.styles
        larger = self._contents(wide, rng)
        photos, styles = larger[:, :, :size, :size], self._pick_styles(rng)
        grain = rng.normal((count, PLANES, wide // GRAIN_CELL, wide // GRAIN_CELL))
        extra = {}
        code = self._each([style.code for style in styles])
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.fast):
            with torch.no_grad():
                recolored, maps = self.network.transfer(photos, code)
            stylized = self.network.paint(recolored, maps, code, _part(grain, size))
            if self.step % _EVERY == 1 and o.shift:
                extra["shift"] = self._shift_loss(larger[:1], stylized, code, grain, rng)
            elif self.step % _EVERY == 3 and o.identity:
                own = self.network.encode(photos[:1])
                same = self.network(photos[:1], own, _part(grain[:1], size))
                extra["identity"] = (same - photos[:1]).abs().mean()
        grams = {
            name: torch.cat([style.grams[name].float() for style in styles] * o.contents)
            for name in STYLE_LAYERS
        }

        def distance(features: Mapping[str, Tensor]) -> Tensor:
            with torch.autocast(self.device.type, torch.bfloat16, enabled=self.fast):
                found = self.network.reader.components(features)
            errors = [relative_error(f, m).mean() for f, m in zip(found, maps, strict=True)]
            return torch.stack(errors).mean()

        dense = distance if o.dense else None
        return perceptual_losses(self._judge_of_step, stylized, photos, grams, dense) | extra

    def _each(self, codes: Sequence[StyleCode]) -> list[Coloring]:
        """Return what codes (1, ...) are for all pictures of a step (N, ...)."""
        return [
            Coloring(*(torch.cat(part * self.options.contents) for part in zip(*each, strict=True)))
            for each in zip(*codes, strict=True)
        ]

    def _shift_loss(
        self, larger: Tensor, stylized: Tensor, code: list[Coloring], grain: Tensor, rng: Rng
    ) -> Tensor:
        """Return how much the result changes where a photograph moves, its grain with it."""
        rows, columns = (1 + rng.integer(_SHIFT // GRAIN_CELL) for _ in range(2))
        size, down, across = stylized.shape[2], rows * GRAIN_CELL, columns * GRAIN_CELL
        moved = larger[:, :, down : down + size, across : across + size]
        moved = (moved + rng.normal(moved.shape) * rng.uniform(0, 0.02)).clamp(0, 1)
        first = [Coloring(*(part[:1] for part in each)) for each in code]
        again = self.network(moved, first, _part(grain[:1, :, rows:, columns:], size))
        before, after = stylized[:1, :, down:, across:], again[:, :, : size - down, : size - across]
        return cast("Tensor", (before - after).abs().mean())

    @torch.no_grad()
    def measure(self) -> dict[str, float]:
        """Return the mean relative Gram distance and content error of the pairs shown."""
        styles, contents = 0.0, 0.0
        for content, style in self.shown:
            grams = gram_matrices(self.judge(style, STYLE_LAYERS))
            losses = perceptual_losses(self.judge, self.stylized(content, style), content, grams)
            styles, contents = styles + float(losses["gram"]), contents + float(losses["content"])
        return {"style": styles / len(self.shown), "content": contents / len(self.shown)}

    def examples(self) -> list[list[Tensor]]:
        """Return what is shown: contents, styles, and contents as they are stylized now."""
        contents, styles = map(list, zip(*self.shown, strict=True))
        return [contents, styles, [self.stylized(*pair) for pair in self.shown]]

    @torch.no_grad()
    def stylized(self, content: Tensor, style: Tensor) -> Tensor:
        """Return (1, 3, H, W) in [0, 1], stylized by the result as it stands; sides as `shown`."""
        rng, (height, width) = Rng(0, 0, self.device), content.shape[2:]
        grain = rng.normal((1, PLANES, height // GRAIN_CELL, width // GRAIN_CELL))
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.fast):
            stylized: Tensor = self.averaged(content, self.averaged.encode(style), grain)
        return stylized.clamp(0, 1)

    def result(self) -> dict[str, Tensor]:
        """Return all parameters by name, averaged over the last steps."""
        return self.averaged.state_dict()


def _part(grain: Tensor, size: int) -> Tensor:
    """Return the grain of a picture of this side."""
    return grain[:, :, : size // GRAIN_CELL, : size // GRAIN_CELL]


def save_sheet(rows: Sequence[Sequence[Tensor]], path: Path) -> None:
    """Write rows of pictures (1, 3, H, W), each as long, as one JPEG file."""
    images = []
    for picture in (each for row in rows for each in row):
        pixels = picture[0].permute(1, 2, 0).cpu().numpy()
        images.append(Image.fromarray((pixels * 255).round().astype(np.uint8)))
        images[-1].thumbnail((_SIDE, _SIDE), Image.Resampling.LANCZOS)
    height, columns = max(image.height for image in images), len(rows[0])
    sheet = Image.new("RGB", (_SIDE * columns, height * len(rows)), "white")
    for number, image in enumerate(images):
        down, across = divmod(number, columns)
        sheet.paste(image, (_SIDE * across, height * down))
    with replacing(path) as part:
        sheet.save(part, "JPEG", quality=90)
