"""The geometry of the any-style network, which torch and ONNX Runtime must agree on."""

#: Sides of the pictures that the network sees are multiples of this many pixels.
CELL = 16
#: Pixels a side that one value of the grain covers, and the planes of the grain.
GRAIN_CELL, PLANES = 4, 8
#: Below this strength the stylized picture fades into the content.
FADES_BELOW = 0.5
