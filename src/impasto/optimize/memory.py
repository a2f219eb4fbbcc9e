"""What a run will need of memory, estimated before it begins."""

import torch

from impasto.machine import check_fits, free_memory
from impasto.optimize.objective import wants_whole_layers
from impasto.settings import Settings

#: Bytes a pixel of the last octave at the peak, measured (benchmarks/RESULTS.md); of a style
#: picture, which passes once and without gradients; and what libraries and weights take.
BYTES_PER_PIXEL = {
    ("vgg19", torch.float32): 3700,
    ("vgg19", torch.bfloat16): 2200,
    ("pocket", torch.float32): 1200,
    ("pocket", torch.bfloat16): 700,
}
STYLE_BYTES_PER_PIXEL = {torch.float32: 1200, torch.bfloat16: 700}
#: What the history of L-BFGS adds, and with pocket the largest layers whole instead of in phases.
HISTORY_BYTES_PER_PIXEL, WHOLE_BYTES_PER_PIXEL = 500, 500
BASE_BYTES = 0.65e9


def needed_bytes(
    size: tuple[int, int],
    style: int,
    settings: Settings,
    precision: torch.dtype,
) -> float:
    """Estimate the peak memory of a run.

    Args:
        size: (width, height) of the last octave.
        style: Longest side of the style picture there, taken for a square.
        settings: Whose encoders (they work one after the other), layers and optimizer count.
        precision: Of the arithmetic.
    """
    each = {name: BYTES_PER_PIXEL[name, precision] for name in settings.encoders}
    if "pocket" in each and wants_whole_layers(settings):
        each["pocket"] += WHOLE_BYTES_PER_PIXEL
    most = max(each.values())
    if settings.optimizer == "lbfgs":
        most += HISTORY_BYTES_PER_PIXEL
    reading = style**2 * STYLE_BYTES_PER_PIXEL[precision]
    return BASE_BYTES + max(size[0] * size[1] * most, reading)


def free_bytes(device: torch.device) -> float | None:
    """Return the free memory of the device in bytes, or None where nobody tells."""
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        return float(free)
    if device.type != "cpu":
        return None
    return free_memory()


def check_memory(
    size: tuple[int, int],
    style: int,
    device: torch.device,
    precision: torch.dtype,
    settings: Settings,
) -> None:
    """Refuse a run that cannot fit, before it takes the machine down.

    Raises:
        ImpastoError: It says what is needed, what there is, and the size that would fit.
    """
    needed = needed_bytes(size, style, settings, precision)
    what = f"painting at {size[0]}x{size[1]} with a style of {style} pixels"
    check_fits(needed, free_bytes(device), BASE_BYTES, max(size), what)
