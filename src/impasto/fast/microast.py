"""MicroAST (Wang et al. 2023).

Two small encoders, and a decoder whose features and filters the style modulates.
"""

from impasto.fast.graph import Graph
from impasto.fast.network import CodeNetwork, Files, Network
from impasto.fast.sessions import open_session, open_style_reader
from impasto.settings import Settings
from impasto.settings.methods import Method
from impasto.weights.formats import load_parameters

CELL = 4
#: Channels of what a style is coded in.
_EPSILON, _WIDTH = 1e-5, 64
_KINDS = ("mean", "deviation", "gain", "offset")
#: Layers of an encoder: number, stride, groups.
_ENCODER = ((0, 1, 1), (2, 2, 16), (4, 1, 1), (6, 2, 32), (8, 1, 1))
#: Layers of the decoder after each enlargement: number, groups.
_DECODER = (((1, 32), (3, 1)), ((6, 16), (8, 1)))


def open_network(row: Method, settings: Settings, files: Files) -> Network:
    """Open the network."""
    runtime, device = settings.runtime, settings.device
    every = (item for path in files.values() for item in load_parameters(path).items())
    named = {name.replace(".conv_layer", ""): array for name, array in every}
    session = open_session(_main_model(Graph("main", named, "reflect")), runtime, device)
    style_reader = open_style_reader(_style_model(Graph("style", named, "reflect")), device)
    return CodeNetwork(row, files, session, style_reader, CELL)


def _style_model(graph: Graph) -> bytes:
    """Return the style encoder and the modulator."""
    picture = graph.input("picture", (1, "height", "width", 3))
    for depth, x in enumerate(_encoded(graph, graph.image(picture), "style_encoder"), 1):
        mean = graph.mean(x)
        centered = graph.add("Sub", x, mean)
        variance = graph.mean(graph.add("Mul", centered, centered))
        deviation = graph.add("Sqrt", graph.add("Add", variance, graph.number(_EPSILON)))
        gain, offset = (
            graph.mean(graph.convolution(x, f"modulator.{kind}{depth}.0", groups=_WIDTH))
            for kind in ("weight", "bias")
        )
        for kind, code in zip(_KINDS, (mean, deviation, gain, offset), strict=True):
            graph.output(code, f"{kind}{depth}", (1, _WIDTH, 1, 1))
    return graph.model()


def _main_model(graph: Graph) -> bytes:
    """Return the content encoder and the decoder."""
    content = graph.input("content", (1, "height", "width", 3))
    codes = {
        f"{kind}{depth}": graph.input(f"{kind}{depth}", (1, _WIDTH, 1, 1))
        for depth in (1, 2)
        for kind in _KINDS
    }
    x = _encoded(graph, graph.image(content), "content_encoder")[1]
    for depth, name in ((2, "decoder.dec1"), (1, "decoder.dec2")):
        mean, deviation, gain, offset = (codes[f"{kind}{depth}"] for kind in _KINDS)
        flat = (graph.add("Reshape", each, graph.whole(-1)) for each in (deviation, mean))
        x = graph.add("InstanceNormalization", x, *flat, epsilon=_EPSILON)
        x = _filtered(graph, x, name, gain, offset)
    for layers in _DECODER:
        x = graph.enlarged(x, "linear")
        for number, groups in layers:
            x = graph.relu(graph.convolution(x, f"decoder.dec3.{number}", groups=groups))
    x = graph.convolution(x, "decoder.dec3.10")
    graph.output(graph.pixels(graph.clipped(x)), "stylized", (1, "height", "width", 3))
    return graph.model()


def _encoded(graph: Graph, x: str, encoder: str) -> list[str]:
    """Return the features of both depths."""
    for n, stride, groups in _ENCODER:
        x = graph.relu(graph.convolution(x, f"{encoder}.enc1.{n}", stride=stride, groups=groups))
    first = _residual(graph, x, f"{encoder}.enc1.10")
    return [first, _residual(graph, first, f"{encoder}.enc2.0")]


def _residual(graph: Graph, x: str, name: str) -> str:
    inner = graph.relu(graph.convolution(x, f"{name}.conv1"))
    return graph.add("Add", x, graph.convolution(inner, f"{name}.conv2"))


def _filtered(graph: Graph, x: str, name: str, gain: str, offset: str) -> str:
    """Return a residual layer whose filters are modulated."""

    def modulated(x: str, name: str) -> str:
        scaled = graph.add("Mul", gain, graph.convolution(x, name))
        return graph.add("Add", scaled, graph.add("Mul", offset, x))

    inner = graph.relu(modulated(x, f"{name}.conv1"))
    return graph.add("Add", x, modulated(inner, f"{name}.conv2"))
