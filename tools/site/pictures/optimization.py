"""Pictures of how the picture is moved."""

from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from PIL import Image
from tools.site.sheets import ALONE, SIDE, Options, photo, plot, sheet, shown

import impasto
from impasto.gallery import open_style
from impasto.networks import Pocket, add_encoder
from impasto.optimize import IterativeStylizer
from impasto.weights import fetch, load_pocket


def iterations() -> Image.Image:
    """The picture after 1, 10, 50 and 200 steps, from two starts."""
    rows: list[list[Image.Image | None]] = []
    for begin in ("noise", "matched"):
        stylizer = IterativeStylizer(
            open_style("mosaic", SIDE), **ALONE, steps=200, init=begin, content_weight=0.3
        )
        run = stylizer.run(photo("coffee"))
        found = {s.done: shown(run.picture) for s in run if s.done in (1, 10, 50, 200)}
        rows.append(list(found.values()))
    words = ["1 step", "10 steps", "50 steps", "200 steps"]
    return sheet(rows, [[], words], ["noise", "matched"])


def optimizers() -> bytes:
    """Loss against steps: three step lengths of Adam, and L-BFGS."""
    runs: Mapping[str, Options] = {
        "Adam, rate 0.01": {"learning_rate": 0.01},
        "Adam, rate 0.03 (default)": {},
        "Adam, rate 0.1": {"learning_rate": 0.1},
        "L-BFGS": {"optimizer": "lbfgs"},
    }
    curves = {}
    for name, options in runs.items():
        stylizer = IterativeStylizer(open_style("mosaic", SIDE), **ALONE, steps=60, **options)
        curves[name] = [state.loss for state in stylizer.run(photo("coffee"))]

    def drawn(axes: Any) -> None:  # noqa: ANN401
        for name, losses in curves.items():
            axes.plot(range(1, len(losses) + 1), losses, label=name)
        axes.set(yscale="log", xlabel="step", ylabel="loss")
        axes.legend(frameon=False, labelcolor="gray")

    return plot(drawn)


def pyramid() -> Image.Image:
    """One size, two and three, after as many steps of the finest."""
    content, style = photo("rocket", 384), open_style("strokes", 384)
    made = [
        shown(
            impasto.stylize(
                content, style, size=384, min_size=least, steps=steps, content_weight=0.1
            ),
            288,
        )
        for least, steps in ((384, (28,)), (192, (26, 28)), (96, (26, 26, 28)))
    ]
    return sheet([made], [["384", "192, then 384", "96, 192, then 384"]])


class Zeros(Pocket):
    """The pocket encoder with zeros beyond the borders, as VGG-19 was trained."""

    def cells(self, image: torch.Tensor) -> torch.Tensor:
        """Return cells of 2x2 pixels, of even pictures."""
        return F.pixel_unshuffle(F.pad(image, (2, 2, 2, 2)), 2)

    def convolution(self, name: str, x: torch.Tensor, stride: int = 1) -> torch.Tensor:
        """Return a convolution, what was repeated at the borders replaced by zeros."""
        down, across = int(name.endswith("_down")), int(name.endswith("_across"))
        if name.startswith("trunk"):
            down = across = 1
        inner = x[..., down : x.shape[2] - down, across : x.shape[3] - across]
        return super().convolution(name, F.pad(inner, (across, across, down, down)), stride)


def padding() -> Image.Image:
    """Zeros beyond the borders, and the nearest pixel there."""
    parameters = load_pocket(fetch("pocket"))
    add_encoder("zeros", Zeros({k: torch.from_numpy(v) for k, v in parameters.items()}))
    options = {**ALONE, "precision": "float32", "steps": 80, "content_weight": 0.05}
    made = [
        shown(
            impasto.stylize(photo("coffee"), open_style("mosaic", SIDE), encoder=name, **options),
            288,
        )
        for name in ("zeros", "pocket")
    ]
    return sheet([made], [["zeros", "the nearest pixel"]])
