"""What a picture looks like to a network: encoders, Gram matrices and losses."""

from impasto.perception.encoders import Encoder, build_encoder, check_encoders
from impasto.perception.layers import LAYERS, canonical, deepest, pools_before
from impasto.perception.losses import (
    content_loss,
    gram_matrix,
    relative_content_loss,
    relative_style_loss,
    style_loss,
    tv_loss,
)
from impasto.perception.pocket import POCKET_LAYERS, SAMPLED_LAYERS, Pocket
from impasto.perception.vgg import VGG19

__all__ = [
    "LAYERS",
    "POCKET_LAYERS",
    "SAMPLED_LAYERS",
    "VGG19",
    "Encoder",
    "Pocket",
    "build_encoder",
    "canonical",
    "check_encoders",
    "content_loss",
    "deepest",
    "gram_matrix",
    "pools_before",
    "relative_content_loss",
    "relative_style_loss",
    "style_loss",
    "tv_loss",
]
