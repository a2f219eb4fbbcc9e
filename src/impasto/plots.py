"""Curves as a picture, such as the losses of a run against its steps."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

from impasto.errors import ImageError, MissingExtraError
from impasto.files import refuse_inputs, write_atomically

FORMATS = (".png", ".svg", ".pdf")


def check_plotting(feature: str = "a plot") -> None:
    """Raise what a plot would raise, before the work; the message begins with the feature.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    try:
        # Where it cannot write its cache, it says so in many words.
        logging.getLogger("matplotlib").setLevel(logging.ERROR)
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise MissingExtraError(feature, "lab") from error


def check_plot(path: Path) -> None:
    """Raise what `save_plot` would raise, before the work.

    Raises:
        ImageError: The suffix is none of .png, .svg, .pdf.
        MissingExtraError: matplotlib is not installed.
    """
    if path.suffix.lower() not in FORMATS:
        raise ImageError(f"a plot is saved as {', '.join(FORMATS)}; not {path.name}")
    check_plotting()


def save_plot(
    curves: Mapping[str, Sequence[float]],
    path: Path,
    *,
    axes: tuple[str, str],
    at: Sequence[float] | None = None,
    colors: Sequence[str] | None = None,
    logarithmic: bool = False,
    overwrite: bool = False,
    protect: Sequence[str | Path] = (),
) -> Path:
    """Draw curves and save the picture; return the path that was written.

    Args:
        curves: Values by what they are called.
        path: A .png, .svg or .pdf.
        axes: What is counted, and what the values are.
        at: The place of each value; None: counted from 0.
        colors: One for each curve, as matplotlib names them.
        logarithmic: Whether the values have a logarithmic scale; else it begins at 0.
        overwrite: Replace an existing file instead of taking the next free number.
        protect: Files never to replace.

    Raises:
        ImageError: It cannot be saved there.
        MissingExtraError: matplotlib is not installed.
    """
    check_plot(path)
    refuse_inputs(path, protect)
    # The object interface: pyplot would keep state and might want a window.
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 4.5), layout="constrained")
    plane = figure.add_subplot()
    if colors is not None:
        plane.set_prop_cycle(color=colors)
    for name, values in curves.items():
        plane.plot(range(len(values)) if at is None else at, values, label=name)
    if not logarithmic:
        plane.set_ylim(bottom=0)
    elif any(value > 0 for values in curves.values() for value in values):
        plane.set_yscale("log", nonpositive="mask")
    plane.set(xlabel=axes[0], ylabel=axes[1])
    plane.grid(alpha=0.3)
    plane.legend()
    kind = path.suffix.lower()[1:]
    return write_atomically(
        path, lambda part: figure.savefig(part, format=kind, dpi=120), overwrite
    )
