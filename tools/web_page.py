"""Build the page that paints in the browser: the page, the network, the styles and the runtime.

`make web` runs it after npm has fetched the runtime. The result needs no server of ours.
"""

import gzip
import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import skimage.data
from PIL import Image, ImageOps

from impasto.fast.network import network_for
from impasto.fast.shot import still_grain
from impasto.gallery.catalogue import DRAWINGS, drawing_path
from impasto.images import open_for_role
from impasto.settings import Settings
from impasto.weights.any_style import GRAIN_CELL

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "impasto"
OUT = ROOT / "build" / "web"
NODE = ROOT / "node_modules"
RUNTIME, ZIP = NODE / "onnxruntime-web" / "dist", NODE / "client-zip"
#: In pixels: the longest side that the browser paints, that of a picture at a tap, for which styles
#: come as codes, and the side of a thumbnail, twice that of a tile.
MOST, QUICK, THUMBNAIL = 1024, 640, 144
#: What stands for 1 in the file of the grain; no value reaches 8.
GRAIN_ONE = 4096
#: Photographs to begin with; all are free of rights.
EXAMPLES = ("astronaut", "chelsea", "rocket")


def main(out: Path = OUT) -> None:
    """Write the page into a folder, in place of what is there."""
    shutil.rmtree(out, ignore_errors=True)
    shutil.copytree(PACKAGE / "web", out, ignore=shutil.ignore_patterns("tsconfig.json"))
    replace(out / "index.html", "<html", '<html data-engine="browser"')
    engine, styles = out / "engine", out / "styles"
    for folder in (engine, styles):
        folder.mkdir()
    # Many servers do not know that .mjs is JavaScript, and browsers refuse it then.
    shutil.copy(RUNTIME / "ort.wasm.min.mjs", engine / "ort.js")
    shutil.copy(RUNTIME / "ort-wasm-simd-threaded.mjs", engine / "ort-wasm.js")
    shutil.copy(ZIP / "index.js", engine / "zip.js")
    shutil.copy(ZIP / "LICENSE.txt", engine / "zip.LICENSE.txt")
    packed = gzip.compress((RUNTIME / "ort-wasm-simd-threaded.wasm").read_bytes(), mtime=0)
    (engine / "runtime.gz").write_bytes(packed)
    for name in ("any_style.onnx", "style_reader.onnx"):
        shutil.copy(PACKAGE / "weights" / "bundled" / name, engine)
    grain = still_grain(MOST, MOST)[0]
    assert grain.shape[1:] == (MOST // GRAIN_CELL, MOST // GRAIN_CELL)
    (engine / "grain.i16").write_bytes((GRAIN_ONE * grain).round().astype("<i2").tobytes())
    write_styles(engine, styles)
    write_examples(engine)
    files = sorted(path for path in out.rglob("*") if path.is_file())
    version = hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:12]
    replace(out / "sw.js", 'VERSION = ""', f'VERSION = "{version}"')


def replace(path: Path, old: str, new: str) -> None:
    """Replace a text that a file has once."""
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")


def write_thumbnail(picture: Image.Image, path: Path) -> None:
    """Write a small square copy of a picture."""
    ImageOps.fit(picture.convert("RGB"), (THUMBNAIL, THUMBNAIL)).save(path, quality=60)


def write_styles(engine: Path, styles: Path) -> None:
    """Write the drawn styles, their thumbnails and their list."""
    rows = []
    network = network_for(Settings(method="fast", size=QUICK))
    for name, description in DRAWINGS.items():
        shutil.copy(drawing_path(name), styles)
        code = network.read(open_for_role(drawing_path(name), "style", QUICK), QUICK)
        (engine / f"{name}.code").write_bytes(code.astype("<f4").tobytes())
        write_thumbnail(Image.open(drawing_path(name)), styles / f"{name}.webp")
        title = name.replace("_", " ").capitalize()
        words = {"name": name, "title": title, "kind": "drawing", "description": description}
        facts = {"here": True, "license": None}
        rows.append({**words, **facts, "thumbnail": f"styles/{name}.webp"})
    (engine / "styles.json").write_text(json.dumps(rows), encoding="utf-8")


def write_examples(engine: Path) -> None:
    """Write the example photographs and their list."""
    rows = []
    for name in EXAMPLES:
        photo = Image.fromarray(np.asarray(getattr(skimage.data, name)()))
        photo.save(engine / f"{name}.jpg", quality=90)
        write_thumbnail(photo, engine / f"{name}.webp")
        addresses = {"picture": f"engine/{name}.jpg", "thumbnail": f"engine/{name}.webp"}
        rows.append({"name": name, "title": name.capitalize(), **addresses})
    (engine / "examples.json").write_text(json.dumps(rows), encoding="utf-8")


if __name__ == "__main__":
    main()
