"""The fast stylizer: any style in one pass of a network; nothing here imports torch."""

from impasto.fast.stylizer import FastStylizer

__all__ = ["FastStylizer"]
