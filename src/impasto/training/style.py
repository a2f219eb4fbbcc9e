"""Fit the any-style network to one painting.

    python -m impasto.training.style --photos FOLDER --painting FILE --begin FILE --output my.onnx

needs only torch, numpy, pillow and safetensors, runs on CPU and CUDA, and goes on where it stopped
when it is started again with the same output. Where there is no onnx to write my.onnx with,
`impasto export` makes it of my.training/style.safetensors. `impasto train style` is the same;
`impasto stylize --method my.onnx` paints with it.
"""

import math
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from impasto.errors import SettingsError
from impasto.files import sha256_of
from impasto.networks.any_style import AnyStyle, shape_of
from impasto.networks.vgg import VGG19
from impasto.settings.choices import STYLE_LAYERS
from impasto.training import runs
from impasto.training.checkpoints import Checkpoint
from impasto.training.crops import (
    Dice,
    held_out,
    load_pictures,
    load_style,
    picture_paths,
    sample_photos,
    whole_cells,
)
from impasto.training.narrowing import narrowed
from impasto.training.options import StyleOptions
from impasto.training.painting import PaintingTraining
from impasto.training.sheets import save_sheet
from impasto.training.style_pool import PooledStyle
from impasto.training.trained import CODE, any_style_parameters
from impasto.training.vgg_loss import FusedVgg, gram_matrices
from impasto.weights import fetch

PRODUCT, PREVIEW = "style.safetensors", "preview.jpg"
#: Photographs that progress is shown and measured on.
SHOWN = 4
_SCALES = (1.0, 0.75)
"""Sizes that the painting is looked at in, as parts of the one asked for."""
_CAREFUL, _CAREFUL_STEPS = 1.2, 300
"""How much more the content loss counts at first, as a part of its weight, and the steps in which
that falls to a third: forms of the photograph are given up sooner than strokes are learned."""


class OnePainting:
    """The painting in two sizes, as styles to learn from.

    Args:
        picture: (1, 3, H, W) in [0, 1].
        vgg: Computes the statistics.
    """

    def __init__(self, picture: Tensor, vgg: FusedVgg) -> None:
        self.sizes = [_style(picture, scale, vgg) for scale in _SCALES]

    def pick(self, step: int, count: int, dice: Dice) -> list[PooledStyle]:
        """Return the painting, in sizes that take turns."""
        return [self.sizes[(step + number) % len(self.sizes)] for number in range(count)]


@torch.no_grad()
def _style(picture: Tensor, scale: float, vgg: FusedVgg) -> PooledStyle:
    size = [max(32, round(side * scale)) for side in picture.shape[2:]]
    image = F.interpolate(picture, size, mode="bilinear", antialias=True).clamp(0, 1)
    image = (whole_cells(image) * 255).round() / 255
    features = vgg(image, STYLE_LAYERS)
    means = {name: each.float().mean((2, 3)) for name, each in features.items()}
    return PooledStyle((image * 255).round().to(torch.uint8), gram_matrices(features), means)


class StyleTraining(PaintingTraining[StyleOptions]):
    """All of the network is fitted to one painting; the losses are those of any style.

    Args:
        options: Everything it depends on.
        teacher: VGG-19; one that is already read.
    """

    def __init__(self, options: StyleOptions, teacher: VGG19 | None = None) -> None:
        file = Path(options.begin) if options.begin else fetch("any-style")
        parameters = any_style_parameters(file)
        painting = load_style(Path(options.painting), options.size)
        parameters = _narrowed(parameters, painting, options.coarse)
        super().__init__(options, shape_of(parameters), teacher)
        self._take(parameters)
        self.photos, held = self._photographs()
        self.styles = one = OnePainting(painting.to(self.device), self.vgg)
        self.style = style = one.sizes[0].image
        self.shown = [(_fitted(each, options.size), style) for each in held[:SHOWN]]
        self._begun = time.monotonic()

    def _photographs(self) -> tuple[list[Tensor], list[Tensor]]:
        """Return photographs to learn with and to show; the few samples are both."""
        o = self.options
        if o.photos:
            return held_out(load_pictures(picture_paths(Path(o.photos), o.folder), self.device))
        samples = load_pictures(sample_photos(), self.device)
        return samples, samples

    def begin(self) -> None:
        """Start the clock; the network is taken over already."""
        self._begun = time.monotonic()

    def progress(self) -> float:
        """Return how much is over, from 0 to 1: of the steps or of the time."""
        o = self.options
        spent = self.spent + (time.monotonic() - self._begun) / 60
        return min(1.0, max(self.step / o.steps, spent / o.minutes if o.minutes else 0.0))

    def weights(self) -> dict[str, float]:
        """Return how much each loss counts in this step; content counts most at first."""
        weights = super().weights()
        more = _CAREFUL * math.exp(-self.step / _CAREFUL_STEPS)
        return weights | {"content": weights["content"] * (1 + more)}

    def checkpoint(self) -> Checkpoint:
        """Return the whole state, and what it was learned from."""
        self._begun = time.monotonic()  # what was spent until now is in `spent`
        state = super().checkpoint()
        painting = sha256_of(Path(self.options.painting))
        return replace(state, options=state.options | {"learned": painting})

    def restore(self, checkpoint: Checkpoint) -> None:
        """Go on from a checkpoint.

        Raises:
            SettingsError: It is of a training with other options, or of another painting.
        """
        if checkpoint.options.get("learned") != sha256_of(Path(self.options.painting)):
            raise SettingsError(
                "this training was begun with another painting: "
                "use the same one or name another output"
            )
        super().restore(checkpoint)
        self._begun = time.monotonic()

    @torch.no_grad()
    def result(self) -> tuple[dict[str, Tensor], str]:
        """Return all parameters by name, averaged over the last steps, and the style's code."""
        kept = {name: t.clone() for name, t in self.network.state_dict().items()}
        self.network.load_state_dict(self.average)
        code = self.network.encode(self.style)
        self.network.load_state_dict(kept)
        numbers = torch.cat([part.flatten() for each in code for part in each])
        return {**self.average, CODE: numbers}, "one style"


@torch.no_grad()
def _narrowed(parameters: dict[str, Tensor], painting: Tensor, coarse: int) -> dict[str, Tensor]:
    """Return the network with fewer channels in its coarse map: those that say most here."""
    network = AnyStyle(shape_of(parameters))
    network.load_state_dict(parameters)
    spread = network.reader(whole_cells(painting)).coarse.std((0, 2, 3))
    return narrowed(parameters, spread, coarse)


def train(
    options: StyleOptions,
    *,
    teacher: VGG19 | None = None,
    report_every: float = math.inf,
    report_minutes: float | None = None,
) -> Iterator[dict[str, float]]:
    """Fit the network to a painting, or go on: see `impasto.training.runs.train`.

    At every report `preview.jpg` shows photographs and what has become of them, and the network
    is written: once a minute, or four times in fewer than four minutes, and in the end.

    Raises:
        SettingsError: There is a file where the network shall be, and no training beside it.
    """
    check_output(options)
    training = StyleTraining(options, teacher)
    minutes = report_minutes or min(1.0, options.minutes / 4 or 1.0)
    lines = runs.train(options, lambda _: training, PRODUCT, report_every, minutes)
    for line in lines:
        _write(training)
        yield line
    if not Path(options.output).is_file():  # it was removed
        _write(training)


def _write(training: StyleTraining) -> None:
    """Save what it paints now, and the network."""
    options = training.options
    photos, _ = zip(*training.shown, strict=True)
    painted = [training.painted(*pair) for pair in training.shown]
    try:
        save_sheet([photos, painted], options.folder / PREVIEW)
    except OSError as error:
        raise runs.no_place(options.folder, error) from error
    try:
        from impasto.training.export import export

        export(options.folder / PRODUCT, Path(options.output))
    except ImportError:
        return  # a bare machine: `impasto export` does it elsewhere


def check_output(options: StyleOptions) -> None:
    """Refuse to replace a network that no training beside it can have written.

    Raises:
        SettingsError: There is one.
    """
    network = Path(options.output)
    if network.exists() and not options.folder.exists():
        raise SettingsError(f"{network} exists already: remove it or name another output")


def _fitted(picture: Tensor, longest: int) -> Tensor:
    """Return (1, 3, H, W) in [0, 1], whole cells, its longest side at most so long."""
    image = picture[None].float() / 255
    scale = min(1.0, longest / max(image.shape[2:]))
    size = [max(1, round(side * scale)) for side in image.shape[2:]]
    return whole_cells(F.interpolate(image, size, mode="bilinear", antialias=True).clamp(0, 1))


if __name__ == "__main__":
    runs.run_as_program(StyleOptions, train, (__doc__ or "").partition("\n")[0])
