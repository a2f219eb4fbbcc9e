"""WCT (Li et al. 2017), its networks pruned 16 times (Wang et al. 2020).

Features of VGG-19's five depths in turn, from deep to shallow, get the style's means and
covariances, and five decoders paint a picture of them.
"""

from collections.abc import Mapping

from impasto.fast.graph import Graph, Values, read_parameters
from impasto.fast.network import Files, Network
from impasto.fast.opening import transfer_network
from impasto.settings import Settings
from impasto.settings.methods import Method

#: Depths, in the order of their turns: relu5_1 … relu1_1.
LEVELS = (5, 4, 3, 2, 1)
CELL = 16
#: Convolutions of each block below the deepest one.
_COUNTS = {1: 2, 2: 2, 3: 4, 4: 4}


def open_network(row: Method, settings: Settings, files: Files) -> Network:
    """Open the network."""
    read = [read_parameters(path) for path in files.values()]
    levels = zip(LEVELS, read[::2], read[1::2], strict=True)
    graphs = [(_encoder(level, e), _decoder(level, d)) for level, e, d in levels]
    # In bfloat16 the faintest directions of the features, which it makes as strong as all others,
    # would be rounding errors.
    return transfer_network(row, settings, files, graphs, CELL, precise=True)


def _encoder(level: int, parameters: Mapping[str, Values]) -> bytes:
    graph = Graph(f"encoder_{level}", parameters, borders="reflect")
    picture = graph.input("picture", (1, "height", "width", 3))
    x = graph.convolution(graph.image(picture), "conv0")
    for block in range(1, level):
        for number in range(1, _COUNTS[block] + 1):
            x = graph.relu(graph.convolution(x, f"conv{block}{number}"))
        x = graph.pooled(x)
    x = graph.relu(graph.convolution(x, f"conv{level}1"))
    graph.output(x, "features", (1, len(parameters[f"conv{level}1.bias"]), "rows", "columns"))
    return graph.model()


def _decoder(level: int, parameters: Mapping[str, Values]) -> bytes:
    graph = Graph(f"decoder_{level}", parameters, borders="reflect")
    width = parameters[f"conv{level}1.weight"].shape[1]
    x = graph.input("features", (1, width, "rows", "columns"))
    x = graph.relu(graph.convolution(x, f"conv{level}1"))
    for block in range(level - 1, 0, -1):
        x = graph.enlarged(x)
        for number in range(_COUNTS[block], 0, -1):
            x = graph.relu(graph.convolution(x, f"conv{block}{number}"))
    x = graph.clipped(x) if level == LEVELS[-1] else x
    graph.output(graph.pixels(x), "stylized", (1, "height", "width", 3))
    return graph.model()
