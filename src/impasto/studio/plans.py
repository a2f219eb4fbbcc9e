"""What a large work will take, in words, before it begins."""

from __future__ import annotations

from impasto.runs import Plan
from impasto.settings import Settings
from impasto.settings.encoders import ENCODERS


def is_large(settings: Settings) -> bool:
    """Return whether a work may take long; not, if it has a time limit of its own.

    Args:
        settings: Of the work.
    """
    if not settings.row.steps or settings.time is not None:
        return False
    return settings.size > min(ENCODERS[each].planned_from for each in settings.encoders)


def in_words(plan: Plan, minutes: float) -> str:
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
