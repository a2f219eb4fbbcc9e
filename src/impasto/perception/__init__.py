"""What a picture looks like to a network: encoders, Gram matrices and losses."""

from impasto.perception.encoders import Encoder, build_encoder
from impasto.perception.layers import LAYERS, canonical, deepest, pools_before
from impasto.perception.losses import (
    content_loss,
    gram_matrix,
    relative_content_loss,
    relative_style_loss,
    style_loss,
    tv_loss,
)
from impasto.perception.vgg import VGG19, random_parameters

__all__ = [
    "LAYERS",
    "VGG19",
    "Encoder",
    "build_encoder",
    "canonical",
    "content_loss",
    "deepest",
    "gram_matrix",
    "pools_before",
    "random_parameters",
    "relative_content_loss",
    "relative_style_loss",
    "style_loss",
    "tv_loss",
]
