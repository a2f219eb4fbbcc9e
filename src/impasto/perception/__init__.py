"""What a picture looks like to a network: encoders, Gram matrices and losses."""

from impasto.perception.encoders import (
    Encoder,
    Network,
    add_encoder,
    build_encoder,
    check_encoders,
)
from impasto.perception.layers import LAYERS, canonical, deepest, pools_before
from impasto.perception.losses import (
    content_loss,
    energy,
    flatness,
    gram_matrix,
    neighbors,
    relative_content_loss,
    relative_style_loss,
    squared_distance,
    style_loss,
    tv_loss,
)
from impasto.perception.pocket import POCKET_LAYERS, SAMPLED_LAYERS, Pocket
from impasto.perception.style_losses import (
    STYLE_LOSSES,
    StyleLoss,
    add_style_loss,
    needs_of,
    self_similarity_loss,
)
from impasto.perception.summaries import Needs, Picks, Summary, draw_picks, summarize
from impasto.perception.vgg import VGG19

__all__ = [
    "LAYERS",
    "POCKET_LAYERS",
    "SAMPLED_LAYERS",
    "STYLE_LOSSES",
    "VGG19",
    "Encoder",
    "Needs",
    "Network",
    "Picks",
    "Pocket",
    "StyleLoss",
    "Summary",
    "add_encoder",
    "add_style_loss",
    "build_encoder",
    "canonical",
    "check_encoders",
    "content_loss",
    "deepest",
    "draw_picks",
    "energy",
    "flatness",
    "gram_matrix",
    "needs_of",
    "neighbors",
    "pools_before",
    "relative_content_loss",
    "relative_style_loss",
    "self_similarity_loss",
    "squared_distance",
    "style_loss",
    "summarize",
    "tv_loss",
]
