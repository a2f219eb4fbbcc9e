"""Files of trained parameters: which there are, where they lie, and what is in them.

``load_vgg19(fetch("vgg19"))`` is the whole use of this package. Importing it loads nothing heavy:
numpy, h5py, safetensors, torch and requests are imported by the functions that need them.
"""

from impasto.weights.catalogue import CATALOGUE, WeightsFile, files_named
from impasto.weights.downloading import hash_matches
from impasto.weights.fetching import fetch, find
from impasto.weights.folders import Folder, cache_folder, search_folders
from impasto.weights.formats import load_pocket, load_vgg19
from impasto.weights.vgg import VGG19_LAYERS, InputConvention, VggParameters, write_vgg19

__all__ = [
    "CATALOGUE",
    "VGG19_LAYERS",
    "Folder",
    "InputConvention",
    "VggParameters",
    "WeightsFile",
    "cache_folder",
    "fetch",
    "files_named",
    "find",
    "hash_matches",
    "load_pocket",
    "load_vgg19",
    "search_folders",
    "write_vgg19",
]
