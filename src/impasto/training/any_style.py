"""Train the any-style network of `--method fast`.

    python -m impasto.training.any_style --photos FOLDER --paintings FOLDER

`impasto train any-style` is the same; `impasto export` makes of it what `--method fast` runs.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import torch
from torch import Tensor

from impasto.networks.any_style import READ_LAYERS, AnyStyleShape, Reader
from impasto.networks.whitening import OF_COLORS, coloring, transferred
from impasto.tables import read_table
from impasto.training import crops
from impasto.training.crops import SCALES, Pictures, Rng, crop
from impasto.training.export import any_style_parameters
from impasto.training.loop import run_as_program
from impasto.training.options import AnyStyleOptions
from impasto.training.transfer import Style, TransferTrainer, save_sheet
from impasto.weights import fetch, load_pocket
from impasto.weights.any_style import CELL

SHEET = "sheet.jpg"
SHOWN = 12  # pairs of held-out pictures that progress is shown on, where no others are named
_PAINTINGS = 0.1  # part of the contents that are paintings
_LONGEST, _SHORTEST, _LEAST = 512, 288, 96  # longest side of a style, at most and at least; least
_WHOLE, _RECOLORED = 0.4, 0.25  # parts of styles: whole paintings, and those with other colors

_PICTURES = 64  # how many pictures the components are computed from


class AnyStyleTrainer(TransferTrainer[AnyStyleOptions]):
    """Trains the network to stylize in any style.

    The statistics of a style take long, so each one is used a few times. Which styles are in the
    pool depends on nothing but the step: a resumed training sees the same.
    """

    product, architecture = "any_style.safetensors", "any style"
    report_minutes = 5.0

    def __init__(self, options: AnyStyleOptions) -> None:
        o = options
        super().__init__(o, AnyStyleShape(o.fine, o.middle, o.coarse))
        self.photos, held_photos = crops.split_folder(Path(o.photos), self.device)
        self.paintings, held_paintings = crops.split_folder(Path(o.paintings), self.device)
        self._style = lru_cache(o.pool)(self._make_style)
        self.shown = self._listed() if o.pairs else self._held(held_photos, held_paintings)

    def _held(self, photos: list[Tensor], paintings: list[Tensor]) -> list[tuple[Tensor, Tensor]]:
        rng, size = Rng(2**32, 0, self.device), 2 * self.options.crop
        return [
            (crop(photos, size, rng, (0.6, 1)), crop(paintings, size, rng, (0.6, 1.1)))
            for _ in range(SHOWN)
        ]

    def _listed(self) -> list[tuple[Tensor, Tensor]]:
        def load(path: Path) -> Tensor:
            return crops.whole_cells(crops.load_style(path, 2 * self.options.crop).to(self.device))

        pairs = read_table(Path(self.options.pairs), ("content", "style"))
        return [(load(content), load(style)) for content, style in pairs]

    def begin(self) -> None:
        """Take over a trained file of this shape, or for a new network the pocket encoder."""
        if self.options.begin:
            self._load(any_style_parameters(Path(self.options.begin)))
            return
        self._begin_reader()
        self.averaged.load_state_dict(self.network.state_dict())

    @torch.no_grad()
    def _begin_reader(self) -> None:
        """Make the reader of the pocket encoder and the principal components of what it sees."""
        reader, parameters = self.network.reader, load_pocket(fetch("pocket"))
        kept = {n: torch.from_numpy(a) for n, a in parameters.items() if n in reader.state_dict()}
        reader.load_state_dict(kept, strict=False)
        pictures = [*self.photos[::2], *self.paintings]
        rng = Rng(self.options.seed, 2**41, self.device)
        heads = (reader.fine, reader.middle)
        found = _principal_components(reader, pictures, [len(head.weight) for head in heads], rng)
        for head, (mean, basis) in zip(heads, found, strict=True):
            head.weight.copy_(basis.T[:, :, None, None])
            head.bias.copy_(-mean @ basis)  # type: ignore[union-attr]

    def _pick_styles(self, rng: Rng) -> list[Style]:
        o = self.options
        newest = int(self.step * o.styles * o.fresh)
        return [self._style(newest + rng.integer(o.pool)) for _ in range(o.styles)]

    def _make_style(self, number: int) -> Style:
        """Return a style that is a function of its number and the seed."""
        rng = Rng(self.options.seed, 2**40 + number, self.device)
        image = _excerpt(self.paintings[rng.integer(len(self.paintings))], rng)
        if rng.bernoulli(_RECOLORED):
            image = _recolored(image, crop(self.paintings, 128, rng), rng)
        style = self.style_of(image)
        # Many are kept, so they are kept as the network computes.
        grams = {name: gram.to(self.judge.precision) for name, gram in style.grams.items()}
        return replace(style, grams=grams)

    def _contents(self, size: int, rng: Rng) -> Tensor:
        count = range(self.options.contents)
        folders = [self.paintings if rng.bernoulli(_PAINTINGS) else self.photos for _ in count]
        return torch.cat([crop(each, size, rng, SCALES) for each in folders])

    def report(self) -> None:
        """Show contents, styles, and how they are stylized now."""
        save_sheet(self.examples(), self.options.folder / SHEET)


def _excerpt(painting: Tensor, rng: Rng) -> Tensor:
    """Return a painting or a part of it, (1, 3, H, W), as large as styles usually are."""
    height, width = painting.shape[1:]
    part = 1.0 if rng.bernoulli(_WHOLE) else rng.uniform(0.5, 1)
    sides = int(height * part), int(width * part)
    image = crops.random_part(painting, sides, rng)
    scale = rng.uniform(_SHORTEST, _LONGEST) / max(sides)
    return crops.resized(image, [max(_LEAST, round(side * scale) // CELL * CELL) for side in sides])


def _recolored(image: Tensor, other: Tensor, rng: Rng) -> Tensor:
    """Return (1, 3, H, W) in the colors of another picture, or with its own mixed a little."""
    if rng.bernoulli(0.5):
        return transferred(image, coloring(other, *OF_COLORS), *OF_COLORS).clamp(0, 1)
    mixing = torch.eye(3, device=image.device) + 0.15 * rng.normal((3, 3))
    moved = torch.einsum("ij,njhw->nihw", mixing, image - 0.5)
    return (moved + 0.5 + rng.uniform(-0.15, 0.15)).clamp(0, 1)


@torch.no_grad()
def _principal_components(
    reader: Reader, pictures: Pictures, counts: Sequence[int], rng: Rng
) -> list[tuple[Tensor, Tensor]]:
    """Return the mean (C,) and first components (C, K) of the features of each of `READ_LAYERS`.

    Features less the mean, times the components, have a mean square of 1.
    """
    sums: list[tuple[Tensor, Tensor]] = [(torch.zeros(()), torch.zeros(()))] * len(READ_LAYERS)
    for _ in range(_PICTURES):
        picture = pictures[rng.integer(len(pictures))][None].float() / 255
        features = reader(crops.whole_cells(picture), READ_LAYERS)
        rows = [features[name][0].flatten(1) for name in READ_LAYERS]
        found = [(row.mean(1), row @ row.T / row.shape[1]) for row in rows]
        sums = [(a + m, b + s) for (a, b), (m, s) in zip(sums, found, strict=True)]
    components = []
    for (mean, square), count in zip(sums, counts, strict=True):
        mean, square = mean / _PICTURES, square / _PICTURES
        values, vectors = torch.linalg.eigh(square - mean[:, None] * mean)
        values, vectors = values.flip(0)[:count], vectors.flip(1)[:, :count]
        components.append((mean, vectors / values.mean().clamp_min(1e-12).sqrt()))
    return components


if __name__ == "__main__":
    run_as_program(AnyStyleTrainer, AnyStyleOptions, __doc__)
