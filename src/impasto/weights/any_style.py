"""The geometry of the any-style network, which torch and ONNX Runtime must agree on."""

CELL = 16  # sides of the pictures that the network sees are multiples of this many pixels
#: Pixels a side that one value of the grain covers, and the planes of the grain.
GRAIN_CELL, PLANES = 4, 8
FADES_BELOW = 0.5  # below this strength the stylized picture fades into the content
