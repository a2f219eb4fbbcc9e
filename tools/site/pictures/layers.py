"""Pictures of what layers and losses hold."""

from collections.abc import Sequence
from typing import Any

import torch
from PIL import Image
from tools.site.sheets import (
    ALONE,
    SIDE,
    SMALL,
    Options,
    features_as_picture,
    painted,
    photo,
    plot,
    sheet,
    shown,
)

import impasto
from impasto import Picture
from impasto.gallery import open_style
from impasto.losses import (
    content_loss,
    energy,
    gram_matrix,
    relative_content_loss,
    squared_distance,
    style_loss,
)
from impasto.networks import POCKET_LAYERS, build_encoder

STYLE = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")


def encoder_sees() -> Image.Image:
    """What four channels of each layer answer to the photograph."""
    cat = torch.from_numpy(photo("chelsea").pixels.copy()).permute(2, 0, 1)[None]
    features = build_encoder("pocket", POCKET_LAYERS)(cat, tuple(POCKET_LAYERS))
    rows: list[list[Image.Image | None]] = []
    for name in POCKET_LAYERS:
        loudest = features[name][0].flatten(1).var(1).argsort(descending=True)[:4]
        maps = [features_as_picture(features[name][0, number]) for number in loudest]
        rows.append([each.to_pil().resize((SIDE, SIDE * 2 // 3), 0) for each in maps])
    return sheet(rows, [[]] * len(rows), list(POCKET_LAYERS))


def layers() -> Image.Image:
    """The content rebuilt from one layer at a time, out of noise."""
    made = [
        painted(
            photo("chelsea"),
            open_style("mosaic", 64),
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


def textures() -> Image.Image:
    """What each Gram matrix holds: textures made from one layer alone, and from all up to it."""

    def texture(names: Sequence[str]) -> Image.Image:
        canvas = Picture(photo("chelsea").pixels[:128, :128])
        style = Picture(open_style("strokes", SIDE).pixels)
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


def trade() -> Image.Image:
    """Content weight across, content layer down."""
    weights, places = (0.02, 0.15, 0.6, 2.0), ("relu3_1", "relu4_2", "relu5_1")
    rows = [
        [
            painted(
                photo("rocket"),
                open_style("waves", SIDE),
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


def relative() -> bytes:
    """What each layer and each size of picture adds to the loss, in both forms."""
    encoder = build_encoder("pocket", POCKET_LAYERS)
    rows: dict[int, list[list[float]]] = {}
    for side in (128, 256, 512):
        pixels = [photo("chelsea", side), open_style("waves", side).resized((side, side * 2 // 3))]
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
