"""AdaIN (Huang & Belongie 2017).

VGG-19 to relu4_1, whose channels get the style's means and deviations, and a decoder back to a
picture.
"""

from collections.abc import Mapping

import numpy as np

from impasto.fast.graph import Graph, Values, read_parameters
from impasto.fast.network import Files, Network
from impasto.fast.opening import transfer_network
from impasto.settings import Settings
from impasto.settings.methods import Method

CELL = 8
#: Subtracted from pictures, RGB.
MEAN = np.array([123.68, 116.779, 103.939], np.float32) / 255
#: Convolutions of each block.
BLOCKS = {1: 2, 2: 2, 3: 4, 4: 1}


def open_network(row: Method, settings: Settings, files: Files) -> Network:
    """Open the network."""
    encoder, decoder = (read_parameters(path) for path in files.values())
    graphs = [(_encoder(encoder), _decoder(decoder))]
    return transfer_network(row, settings, files, graphs, CELL, diagonal=True)


def _encoder(parameters: Mapping[str, Values]) -> bytes:
    graph = Graph("encoder", {**parameters, "mean": MEAN}, borders="reflect")
    picture = graph.input("picture", (1, "height", "width", 3))
    x = graph.image(graph.add("Sub", picture, graph.tensor("mean")))
    for block, count in BLOCKS.items():
        x = x if block == 1 else graph.pooled(x)
        for number in range(1, count + 1):
            x = graph.relu(graph.convolution(x, f"conv{block}_{number}"))
    graph.output(x, "features", (1, 512, "rows", "columns"))
    return graph.model()


def _decoder(parameters: Mapping[str, Values]) -> bytes:
    graph = Graph("decoder", parameters, borders="reflect")
    x = graph.input("features", (1, 512, "rows", "columns"))
    for block in reversed(BLOCKS):
        for number in range(1, BLOCKS[block] + 1):
            x = graph.convolution(x, f"block{block}_conv{number}")
            x = x if (block, number) == (1, 2) else graph.relu(x)
        x = x if block == 1 else graph.enlarged(x)
    graph.output(graph.pixels(graph.clipped(x)), "stylized", (1, "height", "width", 3))
    return graph.model()
