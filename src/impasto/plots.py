"""A plot of a run: content, style and total loss against steps."""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from impasto.errors import ImageError, MissingExtraError
from impasto.images import refuse_inputs, write_atomically

FORMATS = (".png", ".svg", ".pdf")


class Point(NamedTuple):
    """The losses at one step: content and style unweighted, total weighted."""

    step: int
    content: float
    style: float
    total: float


def check_plot(path: Path) -> None:
    """Raise what `save_plot` would raise, before the work.

    Raises:
        ImageError: The suffix is none of .png, .svg, .pdf.
        MissingExtraError: matplotlib is not installed.
    """
    if path.suffix.lower() not in FORMATS:
        raise ImageError(f"a plot is saved as {', '.join(FORMATS)}; not {path.name}")
    try:
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise MissingExtraError("a plot", "lab") from error


def save_plot(
    points: Sequence[Point],
    path: Path,
    *,
    overwrite: bool = False,
    protect: Sequence[str | Path] = (),
) -> Path:
    """Draw the losses on a logarithmic scale and save the picture.

    Args:
        points: The losses, step by step.
        path: A .png, .svg or .pdf.
        overwrite: Replace an existing file instead of taking the next free number.
        protect: Files never to replace.

    Returns:
        The path that was written.

    Raises:
        ImageError: It cannot be saved there.
        MissingExtraError: matplotlib is not installed.
    """
    check_plot(path)
    refuse_inputs(path, protect)
    return write_atomically(path, _drawn(points, path.suffix.lower()[1:]), overwrite)


def _drawn(points: Sequence[Point], kind: str) -> bytes:
    # The object interface: pyplot would keep state and might want a window.
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 4.5), layout="constrained")
    axes = figure.add_subplot()
    steps = [point.step for point in points]
    axes.semilogy(steps, [point.total for point in points], color="black", label="total, weighted")
    axes.semilogy(steps, [point.content for point in points], color="tab:green", label="content")
    axes.semilogy(steps, [point.style for point in points], color="tab:blue", label="style")
    axes.set_xlabel("step")
    axes.set_ylabel("loss")
    axes.grid(alpha=0.3)
    axes.legend()
    file = io.BytesIO()
    figure.savefig(file, format=kind, dpi=120)
    return file.getvalue()


def save_curves(
    curves: Mapping[str, Sequence[float]],
    path: Path,
    across: str,
    up: str,
    *,
    at: Sequence[float] | None = None,
    logarithmic: bool = False,
) -> Path:
    """Draw curves and save the picture; replaces what is there.

    Args:
        curves: Values by what they are called.
        path: A .png, .svg or .pdf.
        across: What is counted.
        up: What the values are.
        at: Where the values are across; None: 0, 1, 2, ….
        logarithmic: Whether the scale of the values is; those that are not positive are left out.

    Raises:
        ImageError: It cannot be saved there.
        MissingExtraError: matplotlib is not installed.
    """
    check_plot(path)
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 4.5), layout="constrained")
    axes = figure.add_subplot()
    for name, values in curves.items():
        axes.plot(range(len(values)) if at is None else at, values, label=name)
    axes.set_xlabel(across)
    axes.set_ylabel(up)
    if not logarithmic:
        axes.set_ylim(bottom=0)
    elif any(value > 0 for values in curves.values() for value in values):
        axes.set_yscale("log", nonpositive="mask")
    axes.grid(alpha=0.3)
    axes.legend()
    file = io.BytesIO()
    figure.savefig(file, format=path.suffix.lower()[1:], dpi=120)
    return write_atomically(path, file.getvalue(), True)
