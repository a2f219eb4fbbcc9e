"""Build the page that paints in the browser: the page, the network, the styles and the runtime.

`make web` runs it after npm has fetched the runtime. The result needs no server of ours.
"""

import json
import shutil
from pathlib import Path

import numpy as np
import skimage.data
from PIL import Image, ImageOps

from impasto.fast.network import network_for
from impasto.fast.shot import still_grain
from impasto.gallery.drawings import DRAWINGS, drawing_path
from impasto.images import open_for_role
from impasto.settings import Settings
from impasto.weights.any_style import GRAIN_CELL

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "impasto"
OUT = ROOT / "build" / "web"
RUNTIME = ROOT / "node_modules" / "onnxruntime-web" / "dist"
#: In pixels: the longest side that the browser paints, that of a picture at a tap, for which styles
#: come as codes, and the side of a thumbnail.
MOST, QUICK, THUMBNAIL = 1024, 640, 192
#: Photographs to begin with; all are free of rights.
EXAMPLES = ("astronaut", "chelsea", "rocket")


def main() -> None:
    """Write `build/web`."""
    shutil.rmtree(OUT, ignore_errors=True)
    shutil.copytree(PACKAGE / "web", OUT, ignore=shutil.ignore_patterns("tsconfig.json"))
    page = (OUT / "index.html").read_text(encoding="utf-8")
    alone = page.replace("<html", '<html data-engine="browser"', 1)
    (OUT / "index.html").write_text(alone, encoding="utf-8")
    engine, styles = OUT / "engine", OUT / "styles"
    for folder in (engine, styles):
        folder.mkdir()
    for name in ("ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm"):
        shutil.copy(RUNTIME / name, engine)
    for name in ("any_style.onnx", "style_reader.onnx"):
        shutil.copy(PACKAGE / "weights" / "bundled" / name, engine)
    grain = still_grain(MOST, MOST)[0]
    assert grain.shape[1:] == (MOST // GRAIN_CELL, MOST // GRAIN_CELL)
    (engine / "grain.f16").write_bytes(grain.astype("<f2").tobytes())
    write_styles(engine, styles)
    write_examples(engine)


def write_styles(engine: Path, styles: Path) -> None:
    """Write the drawn styles, their thumbnails and their list."""
    rows = []
    network = network_for(Settings(method="fast", tune=0, size=QUICK))
    for name, description in DRAWINGS.items():
        shutil.copy(drawing_path(name), styles)
        code = network.read(open_for_role(drawing_path(name), "style", QUICK), QUICK)
        (engine / f"{name}.code").write_bytes(code.astype("<f4").tobytes())
        small = ImageOps.fit(Image.open(drawing_path(name)).convert("RGB"), (THUMBNAIL, THUMBNAIL))
        small.save(styles / f"{name}.jpg", quality=85)
        title = name.replace("_", " ").capitalize()
        words = {"name": name, "title": title, "kind": "drawing", "description": description}
        facts = {"here": True, "tuned": False, "license": None}
        rows.append({**words, **facts, "thumbnail": f"styles/{name}.jpg"})
    (engine / "styles.json").write_text(json.dumps(rows), encoding="utf-8")


def write_examples(engine: Path) -> None:
    """Write the example photographs and their list."""
    rows = []
    for name in EXAMPLES:
        photo = Image.fromarray(np.asarray(getattr(skimage.data, name)()))
        photo.save(engine / f"{name}.jpg", quality=90)
        ImageOps.fit(photo, (THUMBNAIL, THUMBNAIL)).save(engine / f"{name}_small.jpg", quality=85)
        addresses = {"picture": f"engine/{name}.jpg", "thumbnail": f"engine/{name}_small.jpg"}
        rows.append({"name": name, "title": name.capitalize(), **addresses})
    (engine / "examples.json").write_text(json.dumps(rows), encoding="utf-8")


if __name__ == "__main__":
    main()
