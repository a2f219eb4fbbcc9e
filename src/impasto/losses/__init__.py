"""Losses: pure functions of features, one paper a function.

Features are (N, C, H, W); N is the paper's batch, always 1 in a run; C is the paper's N_l (filters)
and H·W its M_l (positions). The losses of content and of Gram matrices (Gatys et al. 2016, "Image
Style Transfer Using Convolutional Neural Networks") come in two forms:

- `gatys`, as the paper writes it;
- `relative`, divided by the size of the target, so that 1 means "as far away as a picture without
  any features": one set of weights then serves every encoder, layer and picture size.

The style losses by name (`STYLE_LOSSES`) are all relative.

Where `weight` is given, a (1, 1, H, W) map in [0, 1] says how much each position counts (alpha).
"""

from impasto.losses.gatys import (
    content_loss,
    energy,
    gram_matrix,
    relative_content_loss,
    relative_style_loss,
    squared_distance,
    style_loss,
)
from impasto.losses.smoothness import flatness, neighbors, tv_loss
from impasto.losses.statistics import LayerStatistics, draw_positions, layer_statistics
from impasto.losses.style import add_style_loss, required_statistics, self_similarity_loss
from impasto.settings.losses import STYLE_LOSSES, RequiredStatistics, StyleLoss

__all__ = [
    "STYLE_LOSSES",
    "LayerStatistics",
    "RequiredStatistics",
    "StyleLoss",
    "add_style_loss",
    "content_loss",
    "draw_positions",
    "energy",
    "flatness",
    "gram_matrix",
    "layer_statistics",
    "neighbors",
    "relative_content_loss",
    "relative_style_loss",
    "required_statistics",
    "self_similarity_loss",
    "squared_distance",
    "style_loss",
    "tv_loss",
]
