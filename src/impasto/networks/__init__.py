"""Networks, layers only: VGG-19, pocket, the any-style network; and the encoders made of them."""

from impasto.networks.encoders import Encoder, Network, add_encoder, build_encoder, check_encoders
from impasto.networks.pocket import POCKET_LAYERS, SAMPLED_LAYERS, Pocket
from impasto.networks.vgg import VGG19, canonical, deepest, pools_before

__all__ = [
    "POCKET_LAYERS",
    "SAMPLED_LAYERS",
    "VGG19",
    "Encoder",
    "Network",
    "Pocket",
    "add_encoder",
    "build_encoder",
    "canonical",
    "check_encoders",
    "deepest",
    "pools_before",
]
