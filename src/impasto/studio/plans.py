"""What a large work will take, in words, before it begins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from impasto.settings import Settings

if TYPE_CHECKING:
    from impasto.optimize import Forecast

#: Longest side in pixels above which a work is planned first; where VGG-19 looks, which takes about
#: six times as long a pixel, above the size that takes as long.
_LARGE = {"pocket": 1024, "vgg19": 416}


def is_large(settings: Settings) -> bool:
    """Return whether a work may take long; not, if it has a time limit of its own.

    Args:
        settings: Of the work.
    """
    if settings.one_pass or settings.time is not None:
        return False
    return settings.size > min(_LARGE.get(each, _LARGE["vgg19"]) for each in settings.encoders)


def in_words(plan: Forecast, minutes: float) -> str:
    """Return what a page says of a plan.

    Args:
        plan: What a work will take.
        minutes: That a work may take in this studio.
    """
    *octaves, total = plan.lines()
    text = f"**This will take {total}.**<br>{'; '.join(octaves)}."
    if plan.seconds <= 60 * minutes:
        return text
    return f"{text}<br>It will be ended after {minutes:g} minutes: what is painted then is kept."
