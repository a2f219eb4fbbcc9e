"""Every content in every style: named, painted by all cores, resumed, shown on one sheet."""

from impasto.batch.pairs import Outcome, Pair, find_pictures, make_pairs
from impasto.batch.running import Batch, stylize_batch
from impasto.batch.sheets import save_page, save_sheet

__all__ = [
    "Batch",
    "Outcome",
    "Pair",
    "find_pictures",
    "make_pairs",
    "save_page",
    "save_sheet",
    "stylize_batch",
]
