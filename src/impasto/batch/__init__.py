"""Every content in every style: named, painted by all cores, resumed, shown on one sheet."""

from impasto.batch.pairs import Outcome, find_pictures, make_pairs
from impasto.batch.running import Batch, stylize_batch

__all__ = ["Batch", "Outcome", "find_pictures", "make_pairs", "stylize_batch"]
