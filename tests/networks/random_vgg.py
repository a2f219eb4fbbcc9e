"""A VGG-19 without trained weights, for tests of its shape."""

import torch

from impasto.weights import VGG19_LAYERS, VggParameters
from impasto.weights.vgg import InputConvention


def random_parameters(seed: int = 0, *, narrow: int = 1) -> VggParameters:
    """Draw a VGG-19 with He-normal kernels: a stand-in where there are no trained weights.

    Random filters see textures a little (Ustyuzhaninov et al. 2016) and objects not at all.

    Args:
        seed: Of the drawing.
        narrow: Divides the widths of all layers.
    """
    generator = torch.Generator().manual_seed(seed)
    weights = {}
    for layer, (inputs, outputs) in VGG19_LAYERS.items():
        inputs = inputs if inputs == 3 else inputs // narrow
        shape = (outputs // narrow, inputs, 3, 3)
        kernel = torch.randn(shape, generator=generator) * (2 / (9 * inputs)) ** 0.5
        bias = torch.randn(shape[0], generator=generator) * 0.01
        weights[layer] = (kernel.numpy(), bias.numpy())
    return VggParameters(
        weights=weights,
        convention=InputConvention("RGB", 1.0, mean=(0.5, 0.5, 0.5), std=(0.25, 0.25, 0.25)),
        source=f"random filters (seed {seed})",
    )
