"""One line: a photograph, a style, a result.

Usage: python examples/one_line.py [PHOTO STYLE OUTPUT]
"""

import sys

import impasto

if __name__ == "__main__":
    photo, style, output = sys.argv[1:] or ("photo.jpg", "mosaic", "out.jpg")
    print(impasto.stylize(photo, style).save(output))
