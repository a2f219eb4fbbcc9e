"""Make the pictures of the site, by the program itself; what is there and still true is kept.

Usage: python -m tools.site.pictures [NAME…]

No network, no VGG-19: the encoder is the bundled pocket everywhere, the photographs come with
scikit-image, the styles are drawn by `impasto.gallery`.
"""

import io
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import matplotlib as mpl
import torch
import torch.nn.functional as F
from PIL import Image
from tools.site.sheets import SIDE, features_as_picture, is_kept, keep, photo, sheet, shown

import impasto
from impasto import Picture
from impasto.fast import FastStylizer
from impasto.gallery import DRAWINGS, draw
from impasto.perception import (
    POCKET_LAYERS,
    Pocket,
    add_encoder,
    build_encoder,
    content_loss,
    energy,
    gram_matrix,
    relative_content_loss,
    squared_distance,
    style_loss,
)
from impasto.weights import fetch, load_pocket

Image_ = Image.Image
Options = Mapping[str, Any]
STYLE = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")
#: Octaves of small pictures, as 256 and 512 are for large ones.
SMALL: Options = {"size": SIDE, "min_size": SIDE // 2}
ALONE: Options = {"size": SIDE, "min_size": SIDE}


def painted(content: Picture, style: Picture, **options: Any) -> Image_:  # noqa: ANN401
    """Return a stylized picture as it is shown."""
    return shown(impasto.stylize(content, style, **options))


def square(name: str) -> Image_:
    """Return a drawing as high as the photographs."""
    image = draw(name, SIDE).to_pil()
    return image.crop((0, 0, SIDE, SIDE * 2 // 3))


def start() -> Image_:
    """The three pictures of the first page: a photograph, a drawing, and both in one."""
    cat = photo("chelsea", 384)
    ways: Sequence[Options] = ({"method": "fast"}, {}, {"color": "content"})
    made = [
        shown(impasto.stylize(cat, draw("mosaic", 384), size=384, **each), 288) for each in ways
    ]
    return sheet([made], [["--quality draft", "as it comes", "--color content"]])


def encoder_sees() -> Image_:
    """What three channels of each layer answer to the photograph."""
    cat = torch.from_numpy(photo("chelsea").pixels.copy()).permute(2, 0, 1)[None]
    features = build_encoder("pocket", POCKET_LAYERS)(cat, tuple(POCKET_LAYERS))
    rows: list[list[Image_ | None]] = []
    for name in POCKET_LAYERS:
        loudest = features[name][0].flatten(1).var(1).argsort(descending=True)[:4]
        maps = [features_as_picture(features[name][0, number]) for number in loudest]
        rows.append([each.to_pil().resize((SIDE, SIDE * 2 // 3), 0) for each in maps])
    return sheet(rows, [[]] * len(rows), list(POCKET_LAYERS))


def layers() -> Image_:
    """The content rebuilt from one layer at a time, out of noise."""
    made = [
        painted(
            photo("chelsea"),
            draw("mosaic", 64),
            **ALONE,
            content_layers=(name,),
            content_weight=1,
            style_weight=0,
            tv_weight=0.02,
            init="noise",
            optimizer="lbfgs",
            steps=60,
        )
        for name in POCKET_LAYERS
    ]
    return sheet([made[:3], made[3:]], [list(POCKET_LAYERS)[:3], list(POCKET_LAYERS)[3:]])


def textures() -> Image_:
    """What each Gram matrix holds: textures made from one layer alone, and from all up to it."""

    def texture(names: Sequence[str]) -> Image_:
        canvas = Picture(photo("chelsea").pixels[:128, :128])
        style = Picture(draw("strokes", SIDE).pixels)
        options: Options = {"size": 128, "min_size": 128, "content_weight": 0, "init": "noise"}
        return shown(
            impasto.stylize(
                canvas,
                style,
                **options,
                tv_weight=0.02,
                style_layers=names,
                steps=60,
                style_scale=1.5,
            ),
            SIDE * 2 // 3,
        )

    alone = [texture((name,)) for name in STYLE]
    to_here = [alone[0], *[texture(STYLE[:count]) for count in range(2, 6)]]
    return sheet([alone, to_here], [[], list(STYLE)], ["alone", "up to it"])


def trade() -> Image_:
    """Content weight across, content layer down."""
    weights, places = (0.02, 0.15, 0.6, 2.0), ("relu3_1", "relu4_2", "relu5_1")
    rows = [
        [
            painted(
                photo("rocket"),
                draw("waves", SIDE),
                **SMALL,
                content_layers=(place,),
                content_weight=weight,
                steps=30,
            )
            for weight in weights
        ]
        for place in places
    ]
    return sheet(rows, [[], [], [f"content weight {each}" for each in weights]], places)


def iterations() -> Image_:
    """The picture after 1, 10, 50 and 200 steps, from two starts."""
    rows: list[list[Image_ | None]] = []
    for begin in ("noise", "matched"):
        stylizer = impasto.IterativeStylizer(
            draw("mosaic", SIDE), **ALONE, steps=200, init=begin, content_weight=0.3
        )
        found = {
            state.done: shown(state.picture)
            for state in stylizer.iterate(photo("coffee"))
            if state.done in (1, 10, 50, 200)
        }
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
        stylizer = impasto.IterativeStylizer(draw("mosaic", SIDE), **ALONE, steps=60, **options)
        curves[name] = [state.loss for state in stylizer.iterate(photo("coffee"))]

    def drawn(axes: Any) -> None:  # noqa: ANN401
        for name, losses in curves.items():
            axes.plot(range(1, len(losses) + 1), losses, label=name)
        axes.set(yscale="log", xlabel="step", ylabel="loss")
        axes.legend(frameon=False, labelcolor="gray")

    return plot(drawn)


def pyramid() -> Image_:
    """One size, two and three, after as many steps of the finest."""
    content, style = photo("rocket", 384), draw("strokes", 384)
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

    def layer(self, name: str, x: torch.Tensor, stride: int = 1) -> torch.Tensor:
        """Return convolution and ReLU, what was repeated at the borders replaced by zeros."""
        if name.startswith("trunk"):
            x = F.pad(x[..., 1:-1, 1:-1], (1, 1, 1, 1))
        return super().layer(name, x, stride)


def padding() -> Image_:
    """Zeros beyond the borders, and the nearest pixel there."""
    parameters = load_pocket(fetch("pocket"))
    add_encoder("zeros", Zeros({k: torch.from_numpy(v) for k, v in parameters.items()}))
    options = {**ALONE, "precision": "float32", "steps": 80, "content_weight": 0.05}
    made = [
        shown(impasto.stylize(photo("coffee"), draw("mosaic", SIDE), encoder=name, **options), 288)
        for name in ("zeros", "pocket")
    ]
    return sheet([made], [["zeros", "the nearest pixel"]])


def relative() -> bytes:
    """What each layer and each size of picture adds to the loss, in both forms."""
    encoder = build_encoder("pocket", POCKET_LAYERS)
    rows: dict[int, list[list[float]]] = {}
    for side in (128, 256, 512):
        pixels = [photo("chelsea", side), draw("waves", side).resized((side, side * 2 // 3))]
        both = [torch.from_numpy(p.pixels.copy()).permute(2, 0, 1)[None] for p in pixels]
        cat, waves = (encoder(each, tuple(POCKET_LAYERS)) for each in both)
        grams = [(gram_matrix(cat[name]), gram_matrix(waves[name])) for name in STYLE]
        written = [float(style_loss(*pair)) for pair in grams]
        forms = [float(squared_distance(g, a) / energy(a)) for g, a in grams]
        written.append(float(content_loss(waves["relu4_2"], cat["relu4_2"])))
        forms.append(float(relative_content_loss(waves["relu4_2"], cat["relu4_2"])))
        rows[side] = [written, forms]

    def drawn(left: Any, right: Any) -> None:  # noqa: ANN401
        for axes, form, title in ((left, 0, "as Gatys wrote them"), (right, 1, "relative")):
            for place, (side, values) in enumerate(rows.items()):
                places = [n + 0.27 * (place - 1) for n in range(6)]
                axes.bar(places, values[form], 0.25, label=f"{side} pixels")
            axes.set(yscale="log", title=title)
            axes.set_xticks(range(6), [*(n[4:] for n in STYLE), "content"])
        left.legend(frameon=False, labelcolor="gray")

    return plot(drawn, 2)


def fast_strength() -> Image_:
    """The any-style network: nothing, half and all of the style, for three styles."""
    cat = photo("astronaut", 384)
    rows = [
        [
            shown(FastStylizer(draw(name, 384), size=384, strength=strength)(cat))
            for strength in (0.0, 0.5, 0.8, 1.0)
        ]
        for name in ("strokes", "stained_glass")
    ]
    words = ["strength 0", "0.5", "0.8", "1"]
    return sheet(rows, [[], words], ["strokes", "stained glass"])


def colors() -> Image_:
    """The three ways with colors, and one halfway."""
    ways: Sequence[Options]
    ways = ({}, {"color": "content"}, {"color": "match"}, {"color": "content", "color_amount": 0.5})
    made = [painted(photo("coffee"), draw("waves", SIDE), **SMALL, **way) for way in ways]
    words = ["style", "content", "match", "content, amount 0.5"]
    return sheet([made], [words])


def face() -> Image_:
    """A portrait: the photograph, painted as it comes, and with the face kept."""
    portrait = photo("astronaut", 384)
    options: Options = {"size": 384, "min_size": SIDE, "steps": (20, 20)}
    ways: Sequence[Options] = ({}, {"content_weight": 0.5}, {"keep": "faces"})
    made = [
        shown(impasto.stylize(portrait, draw("palette_knife", 384), **options, **each), 288)
        for each in ways
    ]
    return sheet([made], [["as it comes", "--content-weight 0.5", "--keep faces"]])


def drawings() -> Image_:
    """All styles that the project draws."""
    made: list[Image_ | None] = [draw(name, 144).to_pil() for name in DRAWINGS]
    rows = [made[at : at + 6] for at in range(0, len(made), 6)]
    names = list(DRAWINGS)
    return sheet(rows, [names[at : at + 6] for at in range(0, len(names), 6)])


def plot(drawn: Callable[..., None], count: int = 1) -> bytes:
    """Return an SVG of one plot or two, readable on white and on black."""
    from matplotlib.figure import Figure

    with mpl.rc_context({"svg.hashsalt": "impasto", "svg.fonttype": "none", "font.size": 11}):
        figure = Figure((7 if count == 1 else 10, 3.6), layout="constrained")
        axes = [figure.add_subplot(1, count, place + 1) for place in range(count)]
        drawn(*axes)
        for each in axes:
            each.patch.set_alpha(0)
            each.tick_params(colors="gray", which="both")
            each.spines[:].set_color("gray")
            for words in (each.title, each.xaxis.label, each.yaxis.label):
                words.set_color("gray")
        data = io.BytesIO()
        figure.savefig(data, format="svg", transparent=True, metadata={"Date": None})
    return data.getvalue()


PICTURES: Mapping[str, Callable[[], Image_ | bytes]] = {
    "start.webp": start,
    "encoder-sees.webp": encoder_sees,
    "layers.webp": layers,
    "textures.webp": textures,
    "trade.webp": trade,
    "iterations.webp": iterations,
    "optimizers.svg": optimizers,
    "pyramid.webp": pyramid,
    "padding.webp": padding,
    "relative.svg": relative,
    "fast-strength.webp": fast_strength,
    "colors.webp": colors,
    "face.webp": face,
    "drawings.webp": drawings,
}


def main(names: Sequence[str]) -> None:
    """Make what is missing or no longer true, or what is named."""
    for name in names or PICTURES:
        make = PICTURES[name]
        if not names and is_kept(name, make):
            continue
        begun, worked = time.monotonic(), time.process_time()
        made = make()
        if not isinstance(made, bytes):
            data = io.BytesIO()
            made.save(data, "webp", quality=88)
            made = data.getvalue()
        keep(name, make, made)
        took, work = time.monotonic() - begun, time.process_time() - worked
        print(
            f"{name}: {took:.0f} s, {work:.0f} s of a core, {len(made) / 1000:.0f} kB", flush=True
        )


if __name__ == "__main__":
    main(sys.argv[1:])
