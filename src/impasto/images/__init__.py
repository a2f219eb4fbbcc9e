"""Pictures in and out: files, arrays and animations; upright, in sRGB, with the depth they have."""

from impasto.images.animation import check_animation, save_animation
from impasto.images.color import (
    ColorStatistics,
    color_statistics,
    color_transform,
    keep_colors,
    match_colors,
)
from impasto.images.formats import is_picture_name
from impasto.images.masks import find_faces, open_mask, sized
from impasto.images.naming import output_name
from impasto.images.opening import open_picture
from impasto.images.picture import Identity, Picture
from impasto.images.placing import repeated, turned
from impasto.images.recipe import read_recipe
from impasto.images.resizing import fitted_size
from impasto.images.roles import LEAST_PICTURE, open_role, placed
from impasto.images.sources import (
    NamedBytes,
    Source,
    Sources,
    identify,
    read_source,
    source_list,
)
from impasto.images.writing import check_writable, refuse_inputs, write_atomically

__all__ = [
    "LEAST_PICTURE",
    "ColorStatistics",
    "Identity",
    "NamedBytes",
    "Picture",
    "Source",
    "Sources",
    "check_animation",
    "check_writable",
    "color_statistics",
    "color_transform",
    "find_faces",
    "fitted_size",
    "identify",
    "is_picture_name",
    "keep_colors",
    "match_colors",
    "open_mask",
    "open_picture",
    "open_role",
    "output_name",
    "placed",
    "read_recipe",
    "read_source",
    "refuse_inputs",
    "repeated",
    "save_animation",
    "sized",
    "source_list",
    "turned",
    "write_atomically",
]
