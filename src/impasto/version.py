"""The version, in the one place that the build and the recipes read."""

__version__ = "0.1.0"
