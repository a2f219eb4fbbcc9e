"""Networks that know one style: pictures in, pictures out, from a file of one's own.

A .safetensors file is one of `johnson`. An .onnx file may be our own network with its style within,
or any network from picture to picture; how that takes pictures is found out by trying.
"""

from dataclasses import dataclass, replace

import numpy as np

from impasto.errors import WeightsError
from impasto.fast import johnson
from impasto.fast.any_style import ONE_STYLE, open_one_style
from impasto.fast.forms import BYTES, Convention, Form
from impasto.fast.network import Files, Network, StyleCode
from impasto.fast.opening import open_painter
from impasto.fast.reading import read_entries
from impasto.fast.sessions import Array, choose_runtime
from impasto.fast.shot import Shot
from impasto.fast.trial import tried
from impasto.files import check_file
from impasto.images import Picture
from impasto.settings import Settings
from impasto.settings.methods import METHODS, Method


@dataclass
class SingleNetwork(Network):
    """Paints in the one style it knows.

    Attributes:
        form: How it takes pictures.
        convention: Of pixels.
    """

    form: Form
    convention: Convention

    def paint(
        self, content: Picture, code: StyleCode, strength: float, shot: Shot | None = None
    ) -> Array:
        """Return stylized pixels."""
        whole = content.filled()
        height, width = self.form.shown(whole.height, whole.width)
        shown = whole.resized((width, height))
        try:
            made = self.form.run(self.painter, self.convention.given(shown.pixels))
        except (ValueError, IndexError) as error:
            said = f"{self.title} does not give a picture, but {error}"
            raise WeightsError(said) from error
        painted = self.convention.taken(made).clip(0, 1)
        if painted.shape != whole.pixels.shape:
            painted = Picture(np.ascontiguousarray(painted)).resized(whole.size).pixels
        part = np.float32(strength)
        return painted if part == 1 else whole.pixels + part * (painted - whole.pixels)


def open_file(row: Method, settings: Settings, files: Files) -> Network:
    """Open a network of one style.

    Raises:
        WeightsError: The file is missing, damaged or something else.
    """
    (path,) = files.values()
    check_file(path, WeightsError)
    if path.suffix.lower() != ".onnx":
        painter = open_painter(johnson.graph(path), settings)
        form = Form("picture", "NHWC")
        return SingleNetwork(replace(row, sentence=path.name), files, painter, form, BYTES)
    entries = read_entries(path)
    if entries.keys() == ONE_STYLE:
        return open_one_style(replace(METHODS["fast"], sentence=path.name), settings, path, entries)
    runtimes = [choose_runtime(settings.runtime, settings.device).name]
    if settings.runtime == "auto" and runtimes != ["onnxruntime"]:
        runtimes.append("onnxruntime")
    found = tried(path, "impasto.fast.probing:probe", path=str(path), runtimes=runtimes)
    runtime, form, convention = found[0], Form(*found[1]), Convention(*found[2])
    painter = open_painter(path, settings.updated(runtime=runtime))
    sides = [str(side or "any") for side in reversed(form.fixed)]
    always = f", always at {'x'.join(sides)} pixels" if any(form.fixed) else ""
    row = replace(row, sentence=path.name + always)
    return SingleNetwork(row, files, painter, form, convention)
