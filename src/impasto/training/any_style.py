"""The steps by which the any-style network learns to paint, judged by VGG-19."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from impasto.errors import SettingsError
from impasto.perception.devices import has_fast_bfloat16
from impasto.perception.vgg import VGG19
from impasto.settings import CONTENT_LAYERS, STYLE_LAYERS
from impasto.training.checkpoints import (
    Checkpoint,
    check_same_training,
    optimizer_tensors,
    restore_optimizers,
)
from impasto.training.copying import Copying
from impasto.training.crops import Dice, crop, disturbed, load_folder
from impasto.training.distillation import held_out, load_teacher, training_device
from impasto.training.lessons import feature_error, grams
from impasto.training.muon import Muon
from impasto.training.options import FastOptions
from impasto.training.painter import (
    CELL,
    AnyStyle,
    PainterShape,
    Statistics,
    load_trained,
    shape_of_parameters,
)

LAYERS = (*STYLE_LAYERS, *CONTENT_LAYERS)
#: Sides of crops as parts of what is cut out: as pictures are seen at 512 pixels.
SCALES = (0.6, 1.8)
COPYING_RATE = 0.02
_HEAD_PART, _ADAM_PART = 0.3, 0.1
"""Learning rates as parts of Muon's: of the last kernel while painting, since its every step is
seen at once as dirt; and of biases."""
_FEATURES = 0.3
"""Weight of telling features while copying."""
_WARM_UP = 20


class Painting:
    """The network, what judges it, and its optimizers, one step after the other.

    First it learns to copy: pictures are read and painted again, some of them from the coarser
    features alone, and from these the pocket encoder's are told (a linear map away). What is then
    in the features has statistics that are worth transferring, before VGG-19 is asked once.

    Then it learns to paint. A batch is half as many photographs and half as many paintings, each
    photograph painted like two of them. The losses: relative Gram distance and relative content
    error in VGG-19 (as the optimizer's), smoothness where the photograph is flat, the same picture
    from a photograph that was shifted and disturbed by noise, no detail that every cell of
    pixels has alike, and every picture painted like itself stays what it is.

    Args:
        options: Everything it depends on.
        teacher: VGG-19; one that is already read.
    """

    def __init__(self, options: FastOptions, teacher: VGG19 | None = None) -> None:
        self.options = options
        self.device = training_device(options.device)
        self.fast = has_fast_bfloat16(self.device)
        self.photos, self.held_photos = held_out(load_folder(Path(options.photos), self.device))
        paintings = load_folder(Path(options.paintings), self.device)
        self.paintings, self.held_paintings = held_out(paintings)
        self.teacher = teacher or load_teacher(options.teacher, self.device, self.fast)
        shape = PainterShape(near=options.near, far=options.far)
        self.network = AnyStyle(shape, options.seed).to(self.device)
        self.copying = Copying(self.network, self.device)
        self.modules = nn.ModuleDict({"network": self.network, "copying": self.copying})
        self.muon, self.adam = _optimizers(self.modules, self.network.painter.head.weight)
        self.step, self.spent = 0, 0.0
        self.losses: Sequence[str] = (
            *("copy", "features"),
            *("style", "content", "flat", "shift", "lattice", "identity"),
        )

    def begin(self) -> None:
        """Take over a trained file, if the options name one.

        Raises:
            SettingsError: It has other widths.
        """
        if not self.options.begin:
            return
        path = Path(self.options.begin)
        if path.suffix == ".onnx":
            from impasto.training.export import imported

            begun = imported(path)
        else:
            begun = load_trained(path)
        if shape_of_parameters(begun) != self.network.shape:
            raise SettingsError("the file to begin with has other widths than asked for")
        self.network.load_state_dict(begun)

    def advance(self) -> dict[str, Tensor]:
        """Take one step."""
        o = self.options
        dice = Dice(o.seed, self.step, self.device)
        if self.step < o.copying:
            self._schedule(COPYING_RATE, 1.0, self.step / o.copying)
            losses = self._copied(dice)
            total = losses["copy"] + _FEATURES * losses["features"]
        else:
            self._schedule(o.rate, _HEAD_PART, (self.step - o.copying) / (o.steps - o.copying))
            losses = self._losses(dice)
            total = losses["style"] + o.content * losses["content"] + o.flat * losses["flat"]
            total = total + o.shift * losses["shift"] + o.lattice * losses["lattice"]
            total = total + o.identity * losses["identity"]
        self.modules.zero_grad()
        total.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.modules.parameters(), 5.0)
        self.muon.step()
        self.adam.step()
        self.step += 1
        return {name: value.detach() for name, value in losses.items()}

    def _schedule(self, rate: float, head: float, part: float) -> None:
        """Set the learning rates: a cosine over each of the two lessons."""
        o = self.options
        begun = self.step if self.step < o.copying else self.step - o.copying
        share = rate * min(1, (begun + 1) / _WARM_UP) * (0.5 + 0.5 * math.cos(math.pi * part))
        kernels, last = self.muon.param_groups
        kernels["lr"], last["lr"] = share, share * head
        self.adam.param_groups[0]["lr"] = share * _ADAM_PART

    def _copied(self, dice: Dice) -> dict[str, Tensor]:
        """Return the losses of reading pictures and painting them again."""
        folders = (self.photos, self.paintings)
        size, count = self.options.crop, self.options.batch
        images = torch.cat([crop(folders[i % 2], size, dice, SCALES) for i in range(count)])
        if dice.chance(0.5):
            images = disturbed(images, dice)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.fast):
            losses: dict[str, Tensor] = self.copying(images, finer=dice.chance(0.4))
        return losses

    def _losses(self, dice: Dice) -> dict[str, Tensor]:
        half, size = self.options.batch // 2, self.options.crop
        larger = torch.cat([crop(self.photos, size + CELL, dice, SCALES) for _ in range(half)])
        # More of a style than of a content is seen: its statistics are what matters.
        wide, scales = size * 3 // 2, [part * 2 / 3 for part in SCALES]
        styles = torch.cat([crop(self.paintings, wide, dice, scales) for _ in range(half)])
        if dice.chance(0.3):
            styles = disturbed(styles, dice)
        contents = larger[:, :, :size, :size]
        with torch.no_grad():
            layer = CONTENT_LAYERS[0]
            wanted = self.teacher(contents, CONTENT_LAYERS)[layer]
            targets = grams(self.teacher(styles, STYLE_LAYERS))
        who = [*range(half), *range(half)]
        whose = [*range(half), *range(1, half), 0]
        read = self._read(styles)
        painted = self._paint(contents[who], _chosen(read, whose))
        style, content = self._judged(
            painted, wanted[who], {n: g[whose] for n, g in targets.items()}
        )
        itself = self._paint(contents[:1], self._read(contents[:1]))
        return {
            "style": style.mean(),
            "content": content.mean(),
            "flat": _roughness(painted, contents[who]),
            "shift": self._shifted(larger, read, painted[:half], dice),
            "lattice": _lattice(painted),
            "identity": (itself - contents[:1]).abs().mean(),
        }

    def _judged(
        self, painted: Tensor, wanted: Tensor, targets: dict[str, Tensor]
    ) -> tuple[Tensor, Tensor]:
        """Return style and content loss of each picture.

        The style loss is the root of the optimizer's: among many styles a few that are far off
        would else be all that counts.
        """
        # What is outside of [0, 1] will be cut off; the gradient must not know.
        shown = painted + (painted.clamp(0, 1) - painted).detach()
        features = self.teacher(shown, LAYERS)
        style = (_apart(features, targets) + 0.01).sqrt()
        return style, feature_error(features[CONTENT_LAYERS[0]], wanted)

    def _shifted(
        self, larger: Tensor, style: list[Statistics], painted: Tensor, dice: Dice
    ) -> Tensor:
        """Return how much else is painted where the photographs move by a few pixels."""
        down, across = 1 + dice.below(CELL), 1 + dice.below(CELL)
        size = self.options.crop
        moved = larger[:, :, down : down + size, across : across + size]
        moved = (moved + dice.normal(moved.shape) * dice.between(0, 0.02)).clamp(0, 1)
        again = self._paint(moved, style)
        before, after = painted[:, :, down:, across:], again[:, :, : size - down, : size - across]
        return (before - after).abs().mean()

    def _read(self, styles: Tensor) -> list[Statistics]:
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.fast):
            return self.network.read(styles)

    def _paint(self, contents: Tensor, styles: list[Statistics]) -> Tensor:
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.fast):
            painted: Tensor = self.network(contents, styles)
        return painted

    @torch.no_grad()
    def measure(self) -> dict[str, float]:
        """Return relative Gram distance and content error on pictures that were held out."""
        rounds, found = 6, {"style": 0.0, "content": 0.0}
        size = 2 * self.options.crop
        for number in range(rounds):
            dice = Dice(2**32 + 1 + number, 0, self.device)
            contents = torch.cat([crop(self.held_photos, size, dice, (0.6, 1)) for _ in range(2)])
            styles = torch.cat(
                [crop(self.held_paintings, size, dice, (0.6, 1.1)) for _ in range(2)]
            )
            targets = grams(self.teacher(styles, STYLE_LAYERS))
            wanted = self.teacher(contents, CONTENT_LAYERS)[CONTENT_LAYERS[0]]
            painted = self._paint(contents, self._read(styles)).clamp(0, 1)
            features = self.teacher(painted, LAYERS)
            found["style"] += float(_apart(features, targets).mean()) / rounds
            content = feature_error(features[CONTENT_LAYERS[0]], wanted)
            found["content"] += float(content.mean()) / rounds
        return found

    def result(self) -> tuple[dict[str, Tensor], str]:
        """Return all parameters by name."""
        return dict(self.network.state_dict()), "painter"

    def checkpoint(self) -> Checkpoint:
        """Return the whole state."""
        tensors = {f"network.{name}": t for name, t in self.modules.state_dict().items()}
        for optimizer in (self.muon, self.adam):
            for name, tensor in optimizer_tensors(self.modules, optimizer).items():
                tensors[f"optimizer.{name}"] = tensor
        return Checkpoint(self.step, self.spent, asdict(self.options), tensors)

    def restore(self, checkpoint: Checkpoint) -> None:
        """Go on from a checkpoint.

        Raises:
            SettingsError: It is of a training with other options.
        """
        check_same_training(checkpoint, self.options)
        self.modules.load_state_dict(checkpoint.part("network"))
        restore_optimizers(self.modules, (self.muon, self.adam), checkpoint.part("optimizer"))
        self.step, self.spent = checkpoint.step, checkpoint.minutes


def _chosen(read: list[Statistics], whose: list[int]) -> list[Statistics]:
    return [Statistics(*(part[whose] for part in each)) for each in read]


def _apart(features: Mapping[str, Tensor], targets: Mapping[str, Tensor]) -> Tensor:
    """Return the relative Gram distance of each picture, the mean over layers: (N,)."""
    made = grams({name: features[name] for name in STYLE_LAYERS})
    return torch.stack([feature_error(made[n], targets[n]) for n in STYLE_LAYERS]).mean(0)


def _optimizers(modules: nn.Module, head: Tensor) -> tuple[Muon, torch.optim.Adam]:
    kernels = [p for p in modules.parameters() if p.dim() > 1 and p is not head]
    muon = Muon(kernels, 0.0)
    muon.add_param_group({"params": [head]})
    return muon, torch.optim.Adam(
        [p for p in modules.parameters() if p.dim() == 1], 0.0, (0.9, 0.99)
    )


def _roughness(painted: Tensor, contents: Tensor) -> Tensor:
    """Return the mean difference of neighbors where the photograph is flat."""
    total = painted.new_zeros(())
    for dim in (2, 3):
        detail = contents.diff(dim=dim).abs().amax(1, keepdim=True)
        flat = (-F.max_pool2d(detail, 9, 1, 4) / 0.03).exp()
        total = total + (painted.diff(dim=dim).abs() * flat).mean()
    return total


def _lattice(painted: Tensor) -> Tensor:
    """Return how strong the detail is that all cells of `CELL` · `CELL` pixels have in common.

    No picture has any; it is what becomes of features that are alike everywhere.
    """
    smooth = F.avg_pool2d(F.pad(painted, (4, 4, 4, 4), mode="replicate"), 9, 1)
    count, colors, height, width = painted.shape
    cells = (painted - smooth).reshape(count, colors, height // CELL, CELL, width // CELL, CELL)
    common: Tensor = cells.mean((2, 4))
    return (common - common.mean((2, 3), keepdim=True)).abs().mean()
