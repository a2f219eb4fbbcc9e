"""Files of trained parameters: which there are, where they lie, and what is in them.

``load_vgg19(fetch("vgg19"))`` is the whole use of this package. Importing it loads nothing heavy:
numpy, h5py, safetensors, torch and requests are imported by the functions that need them.
"""

from impasto.weights.fetching import fetch, find
from impasto.weights.formats import load_pocket, load_vgg19
from impasto.weights.vgg import VGG19_LAYERS, VggParameters

__all__ = ["VGG19_LAYERS", "VggParameters", "fetch", "find", "load_pocket", "load_vgg19"]
