"""Tuning on the way, with a bar."""

from collections.abc import Sequence
from pathlib import Path

from impasto.cli.progress import tuning
from impasto.cli.weights import announce
from impasto.images import Source, identify
from impasto.settings import Settings
from impasto.weights import fetch


def tune_styles(
    styles: Sequence[Source], settings: Settings, *, mixed: bool = False, quiet: bool = False
) -> None:
    """Tune the network to styles, if the settings want that, so that it is there when needed.

    Args:
        styles: Pictures or names; networks that are tuned already stay as they are.
        settings: How everything is painted.
        mixed: Whether all of them make one look, which only one can.
        quiet: Show no bar.

    Raises:
        ImpastoError: As `impasto.fast.tuned.tuned`.
    """
    if not settings.tune:
        return
    from impasto.fast.tuned import check_one, find_looks, is_network, tuned

    if mixed:
        check_one(styles)
    for style in styles:
        (look,) = find_looks([style], settings)
        if not is_network(look):
            fetch("vgg19", on_download=announce)
            with tuning(Path(identify(look).name).stem, settings.tune, quiet) as show:
                tuned(look, settings, show)
