"""The geometry of the any-style network, which torch and ONNX Runtime must agree on."""

CELL = 16  # sides of the pictures that the network sees are multiples of this many pixels
#: Pixels a side that one value of the grain covers, and the planes of the grain.
GRAIN_CELL, PLANES = 4, 8
FADES_BELOW = 0.5  # below this strength the stylized picture fades into the content
#: Part of the way from the content's covariance to the style's that features go; the rest of it
#: would cost more of the content than it brings of the style.
COVARIANCE = 0.8
