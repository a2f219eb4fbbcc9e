"""Data sets in many styles: for training that looks at shapes, and more pictures of few."""

from impasto.dataset.options import DatasetOptions
from impasto.dataset.running import Dataset
from impasto.dataset.stylize import stylize_dataset

__all__ = ["Dataset", "DatasetOptions", "stylize_dataset"]
