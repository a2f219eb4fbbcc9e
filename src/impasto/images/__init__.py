"""Pictures in and out: files, arrays and animations; upright, in sRGB, with the depth they have."""

from impasto.images.animation import check_animation, save_animation
from impasto.images.color import final_colors, is_gray, match_colors
from impasto.images.formats import is_picture_name, output_name
from impasto.images.masks import face_mask, find_faces, open_mask, sized
from impasto.images.opening import (
    LEAST_PICTURE,
    NamedBytes,
    Source,
    Sources,
    identify,
    identify_opened,
    open_for_role,
    open_picture,
    read_source,
    source_list,
    with_content_size,
)
from impasto.images.picture import Identity, Picture
from impasto.images.pixels import fitted_size
from impasto.images.recipe import read_recipe
from impasto.images.rotate_tile import periodic, rotate_tile

__all__ = [
    "LEAST_PICTURE",
    "Identity",
    "NamedBytes",
    "Picture",
    "Source",
    "Sources",
    "check_animation",
    "face_mask",
    "final_colors",
    "find_faces",
    "fitted_size",
    "identify",
    "identify_opened",
    "is_gray",
    "is_picture_name",
    "match_colors",
    "open_for_role",
    "open_mask",
    "open_picture",
    "output_name",
    "periodic",
    "read_recipe",
    "read_source",
    "rotate_tile",
    "save_animation",
    "sized",
    "source_list",
    "with_content_size",
]
