"""The steps by which a network of one style learns to paint."""

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from impasto.choices import CONTENT_LAYERS, STYLE_LAYERS
from impasto.errors import SettingsError
from impasto.perception.pocket import Pocket
from impasto.perception.vgg import VGG19
from impasto.training.checkpoints import Checkpoint
from impasto.training.crops import LONGEST, SCALES, Dice, crop, held_out, load_folder, load_style
from impasto.training.judging import LAYERS, judged, lattice, roughness, shown, softened, unrest
from impasto.training.learner import Learner, load_teacher, optimizers
from impasto.training.lessons import grams
from impasto.training.options import StyleOptions
from impasto.training.painter import (
    CELL,
    AnyStyle,
    Statistics,
    any_style_parameters,
    shape_of_parameters,
)
from impasto.training.single import SingleShape, SingleStyle
from impasto.weights import fetch, load_pocket, sha256_of

Judge = Pocket | VGG19
Answer = Callable[[Tensor], Tensor]
#: Photographs that results are shown and measured on.
SHOWN = 4
_LAST = 0.3
"""Part of the steps that VGG-19 judges, after the pocket encoder."""
_HEAD_PART, _ADAM_PART = 0.3, 0.2
_WARM_UP = 20


class OneStyle(Learner[StyleOptions]):
    """The network, the painting, what judges it, and its optimizers, one step after the other.

    First it learns what the any-style network answers, mean absolute error, no encoder: minutes,
    after which it is a stylizer. Then it paints photographs and is judged as the optimizer's
    pictures are: relative Gram distance to the whole painting and relative content error in an
    encoder's features; and by smoothness where the photograph is flat, the same picture from a
    photograph that was shifted and has noise, which is what flickers in a video (Ruder et al.
    2018), and no detail that every cell of pixels has alike.

    Args:
        options: Everything it depends on.
    """

    def __init__(self, options: StyleOptions) -> None:
        super().__init__(options)
        longest = max(LONGEST, options.size * 3 // 2)
        folder = load_folder(Path(options.photos), self.device, longest, options.folder)
        self.photos, held = held_out(folder)
        self.shown = [_fitted(each[None].float() / 255, options.size) for each in held[:SHOWN]]
        painting = load_style(Path(options.painting), options.size).to(self.device)
        self.painting = _fitted(painting, options.size)
        shape = SingleShape(near=options.near, far=options.far, blocks=options.blocks)
        self.network = self.modules = SingleStyle(shape, options.seed).to(self.device)
        self.muon, self.adam = optimizers(self.network, self.network.head.weight)
        self.judges = {name: self._judge_of(name) for name in options.encoder.split("+")}
        self.answer: Answer | None = None
        # Crops show as much of a photograph as they would of one of this size.
        self.scales = [part * 512 / options.size for part in SCALES]
        self.losses = ("answer", "style", "content", "flat", "shift", "lattice")

    def begin(self) -> None:
        """Nothing is taken over."""

    def advance(self) -> dict[str, Tensor]:
        """Take one step."""
        o = self.options
        dice = Dice(o.seed, self.step, self.device)
        self._schedule()
        # Cut out larger, so that it can be moved.
        larger = torch.cat(
            [crop(self.photos, o.crop + CELL, dice, self.scales) for _ in range(o.batch)]
        )
        contents = larger[:, :, : o.crop, : o.crop]
        painted = self._paint(contents)
        if self.step < o.imitating:
            losses = {"answer": (painted - self._answer(contents)).abs().mean()}
            total = losses["answer"]
        else:
            losses = self._judged(contents, painted)
            losses["shift"] = unrest(larger, painted, self._paint, dice)
            total = losses["style"] + o.content * losses["content"] + o.flat * losses["flat"]
            total = total + o.shift * losses["shift"] + o.lattice * losses["lattice"]
        self.learn(total)
        return {name: value.detach() for name, value in losses.items()}

    def _schedule(self) -> None:
        """Set the learning rates: they fall as a cosine, over each of the two lessons."""
        o = self.options
        first = self.step < o.imitating
        begun, last = (0, o.imitating) if first else (o.imitating, o.steps)
        part = (self.step - begun) / (last - begun)
        warm = min(1, (self.step - begun + 1) / _WARM_UP)
        share = o.rate * warm * (0.5 + 0.5 * math.cos(math.pi * part))
        kernels, head = self.muon.param_groups
        kernels["lr"], head["lr"] = share, share * _HEAD_PART
        self.adam.param_groups[0]["lr"] = share * _ADAM_PART

    def _judged(self, contents: Tensor, painted: Tensor) -> dict[str, Tensor]:
        judge, targets = self.judges[self._judge_now()]
        with torch.no_grad():
            wanted = judge(contents, CONTENT_LAYERS)[CONTENT_LAYERS[0]]
        style, content = judged(judge(shown(painted), LAYERS), wanted, targets)
        return {
            "style": softened(style).mean(),
            "content": content.mean(),
            "flat": roughness(painted, contents),
            "lattice": lattice(painted),
        }

    def _judge_now(self) -> str:
        """Return the name of the encoder that judges at this step."""
        o = self.options
        first, _, last = o.encoder.partition("+")
        part = (self.step - o.imitating) / (o.steps - o.imitating)
        return last if last and part >= 1 - _LAST else first

    @torch.no_grad()
    def _judge_of(self, name: str) -> tuple[Judge, dict[str, Tensor]]:
        """Return an encoder and the painting's Gram matrices in it."""
        judge: Judge
        if name == "pocket":
            trunk = load_pocket(fetch("pocket"))
            parameters = {key: torch.from_numpy(array) for key, array in trunk.items()}
            precision = torch.bfloat16 if self.fast else torch.float32
            judge = Pocket(parameters, precision=precision).to(self.device)
        else:
            judge = load_teacher(self.options.teacher, self.device, self.fast)
        return judge, grams(judge(self.painting, STYLE_LAYERS))

    @torch.no_grad()
    def _answer(self, contents: Tensor) -> Tensor:
        """Return what the any-style network makes of photographs."""
        if self.answer is None:
            self.answer = any_style_answers(self.options.begin, self.painting)
        return self.answer(contents)

    def _paint(self, contents: Tensor) -> Tensor:
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.fast):
            painted: Tensor = self.network(contents)
        return painted

    @torch.no_grad()
    def painted(self) -> list[Tensor]:
        """Return the pictures of photographs that it has not learned from: (1, 3, H, W) each."""
        return [self._paint(each).clamp(0, 1) for each in self.shown]

    @torch.no_grad()
    def measure(self) -> dict[str, float]:
        """Return relative Gram distance and content error of pictures of held-out photographs."""
        return self.measured(self.painted(), self._judge_now())

    @torch.no_grad()
    def measured(self, pictures: list[Tensor], encoder: str) -> dict[str, float]:
        """Return relative Gram distance and content error of pictures of `shown`: the mean.

        Args:
            pictures: (1, 3, H, W) each, as large as the photographs.
            encoder: Of what features: `pocket` or `vgg19`.
        """
        if encoder not in self.judges:
            self.judges[encoder] = self._judge_of(encoder)
        judge, targets = self.judges[encoder]
        found = {"style": 0.0, "content": 0.0}
        for photo, picture in zip(self.shown, pictures, strict=True):
            wanted = judge(photo, CONTENT_LAYERS)[CONTENT_LAYERS[0]]
            style, content = judged(judge(picture, LAYERS), wanted, targets)
            found["style"] += float(style) / len(pictures)
            found["content"] += float(content) / len(pictures)
        return found

    def checkpoint(self) -> Checkpoint:
        """Return the whole state, and what it was learned from."""
        state = super().checkpoint()
        return replace(state, options=state.options | {"learned": self._learned()})

    def restore(self, checkpoint: Checkpoint) -> None:
        """Go on from a checkpoint.

        Raises:
            SettingsError: It is of a training with other options, or of another painting.
        """
        begun, now = checkpoint.options.get("learned", {}), self._learned()
        imitates = checkpoint.step < self.options.imitating
        for name, what in (("painting", "painting"), ("begin", "any-style network")):
            if begun.get(name) != now[name] and (name == "painting" or imitates):
                raise SettingsError(
                    f"this training was begun with another {what}: "
                    "go on with that or name another output"
                )
        super().restore(checkpoint)

    def _learned(self) -> dict[str, str]:
        """Return what tells the painting and the any-style network from others."""
        begin = Path(self.options.begin) if self.options.begin else fetch("painter")
        return {"painting": sha256_of(Path(self.options.painting)), "begin": sha256_of(begin)}

    def result(self) -> tuple[dict[str, Tensor], str]:
        """Return all parameters by name."""
        return dict(self.network.state_dict()), "one style"


def any_style_answers(file: str, painting: Tensor) -> Answer:
    """Return what paints photographs in the style of a painting: the any-style network.

    Args:
        file: Its `painter.onnx` or `painter.safetensors`; empty: the bundled one.
        painting: (1, 3, H, W), sides multiples of 8.

    Raises:
        WeightsError: It is missing, damaged or something else.
    """
    parameters = any_style_parameters(Path(file) if file else fetch("painter"))
    network = AnyStyle(shape_of_parameters(parameters)).to(painting.device)
    network.load_state_dict(parameters)
    network.requires_grad_(False)
    style = network.read(painting)

    def answer(contents: Tensor) -> Tensor:
        count = len(contents)
        styles = [Statistics(*(part.expand(count, -1, -1) for part in each)) for each in style]
        painted: Tensor = network(contents, styles).clamp(0, 1)
        return painted

    return answer


def _fitted(picture: Tensor, longest: int) -> Tensor:
    """Return (1, 3, H, W) in whole cells, its longest side so long."""
    height, width = picture.shape[2:]
    scale = longest / max(height, width)
    size = [max(4 * CELL, round(scale * side / CELL) * CELL) for side in (height, width)]
    return F.interpolate(picture, size, mode="bilinear", antialias=True, align_corners=False).clamp(
        0, 1
    )
