"""Make the pictures of the site, by the program itself; what is there and still true is kept.

Usage: python -m tools.site.pictures [NAME…]

No network, no VGG-19: the encoder is the bundled pocket everywhere, the photographs come with
scikit-image, the styles come with `impasto.gallery`. `first.webp` needs the
extra `person`, `studio.webp` Chromium.
"""

import io
import sys
import time
from collections.abc import Callable, Mapping, Sequence

from PIL import Image
from tools.site.pictures import layers, optimization, tasks, uses
from tools.site.sheets import is_kept, keep

PICTURES: Mapping[str, Callable[[], Image.Image | bytes]] = {
    "first.webp": uses.first,
    "start.webp": uses.start,
    "looks.webp": uses.looks,
    "encoder-sees.webp": layers.encoder_sees,
    "layers.webp": layers.layers,
    "textures.webp": layers.textures,
    "trade.webp": layers.trade,
    "iterations.webp": optimization.iterations,
    "optimizers.svg": optimization.optimizers,
    "pyramid.webp": optimization.pyramid,
    "padding.webp": optimization.padding,
    "relative.svg": layers.relative,
    "fast-strength.webp": uses.fast_strength,
    "colors.webp": uses.colors,
    "face.webp": uses.face,
    "drawings.webp": uses.drawings,
    "batch.webp": tasks.batch,
    "data-set.webp": tasks.data_set,
    "live.webp": tasks.live,
    "print-size.webp": tasks.print_size,
    "studio.webp": tasks.studio,
    "video.webp": tasks.video,
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
