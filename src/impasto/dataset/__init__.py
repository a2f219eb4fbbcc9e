"""Data sets in many styles: for training that looks at shapes, and more pictures of few."""

from impasto.dataset.plan import DatasetOptions
from impasto.dataset.running import Dataset, stylize_dataset

__all__ = ["Dataset", "DatasetOptions", "stylize_dataset"]
