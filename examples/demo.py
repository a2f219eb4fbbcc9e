"""Paint a real photograph in the style of a bundled picture, without any download.

Usage: python examples/demo.py [OUTPUT]
"""

import sys
from pathlib import Path

import skimage.data

import impasto


def main(output: Path) -> None:
    """Paint and say where the picture is."""
    stylizer = impasto.stylizer("strokes", size=512)
    print(f"painting with {stylizer.describe()}")
    run = stylizer.run(skimage.data.coffee())
    for state in run:
        if state.done % 10 == 0 or state.done == state.planned:
            print(f"  step {state.done}/{state.planned}  loss {state.loss:.3f}", flush=True)
    saved = run.picture.save(output, overwrite=True)
    print(f"the picture is {saved.resolve()}")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "demo.png"))
