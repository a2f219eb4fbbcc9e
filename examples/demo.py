"""Paint a real photograph in the style of a picture the project drew, without any download.

Usage: python examples/demo.py [OUTPUT]
"""

import sys
from pathlib import Path

import skimage.data

import impasto
from impasto.gallery import draw
from impasto.weights import find


def main(output: Path) -> None:
    """Paint and say where the picture is."""
    encoder = "vgg19" if find("vgg19") else "random"
    if encoder == "random":
        print(
            "No VGG-19 on this machine: a STAND-IN of random filters paints instead, which sees\n"
            "textures but no objects. For the real thing: .venv/bin/impasto weights fetch vgg19"
        )
    stylizer = impasto.make_stylizer(draw("strokes"), encoder=encoder, size=512)
    print(f"painting with {stylizer.describe()}")
    for state in stylizer.iterate(skimage.data.coffee()):
        if state.done % 10 == 0 or state.done == state.planned:
            print(f"  step {state.done}/{state.planned}  loss {state.loss:.3f}", flush=True)
    saved = state.picture.save(output, overwrite=True)
    print(f"the picture is {saved.resolve()}")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "demo.png"))
