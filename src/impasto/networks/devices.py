"""Where to compute and in which arithmetic, chosen once for a run; pictures in bfloat16."""

from typing import Any

import torch
from torch import Tensor

from impasto.errors import SettingsError


def choose_device(name: str = "auto") -> torch.device:
    """Return the device for `auto`, `cpu`, `cuda` or `mps`, or raise a `SettingsError`."""
    cuda, mps = torch.cuda.is_available(), torch.backends.mps.is_available()
    found = ["cuda"] * cuda + ["mps"] * mps + ["cpu"]
    if name == "auto":
        return torch.device(found[0])
    if name not in found:
        raise SettingsError(f"there is no {name} device here: use --device auto or cpu")
    return torch.device(name)


def has_fast_bfloat16(device: torch.device) -> bool:
    """Tell whether bfloat16 arithmetic is faster than float32 there."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if device.type != "cpu":
        return False
    # torch has no public function for this; where the private ones are missing, it is float32.
    probes = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return any(getattr(torch.cpu, probe, bool)() for probe in probes)


def choose_precision(name: str, device: torch.device) -> torch.dtype:
    """Return the data type for `auto`, `float32` or `bfloat16` on this device."""
    if name == "auto":
        return torch.bfloat16 if has_fast_bfloat16(device) else torch.float32
    return torch.bfloat16 if name == "bfloat16" else torch.float32


def describe(device: torch.device, precision: torch.dtype) -> str:
    """Return where and how a run computes, in words: `cpu, 2 threads, bfloat16`."""
    kind = str(precision).removeprefix("torch.")
    if device.type == "cuda":
        return f"cuda ({torch.cuda.get_device_name(device)}), {kind}"
    threads = f", {torch.get_num_threads()} threads" if device.type == "cpu" else ""
    return f"{device.type}{threads}, {kind}"


def split_bfloat16(image: Tensor) -> Tensor:
    """Split pictures into two bfloat16 summands, one after the other along the channels.

    Eight bits of mantissa would quantize the picture visibly. The gradient goes through the
    first summand alone, which gives all of it. (N, C, H, W) float32 becomes (N, 2C, H, W) bfloat16,
    channels last in memory.
    """
    parts: Tensor = _Split.apply(image)  # type: ignore[no-untyped-call]
    return parts


class _Split(torch.autograd.Function):
    """Written into place: `torch.cat` to channels_last takes ten times as long."""

    @staticmethod
    def forward(ctx: Any, image: Tensor) -> Tensor:  # noqa: ANN401
        number, channels, height, width = image.shape
        shape = (number, height, width, 2 * channels)
        parts = torch.empty(shape, dtype=torch.bfloat16, device=image.device).permute(0, 3, 1, 2)
        upper = image.to(torch.bfloat16)
        parts[:, :channels] = upper
        parts[:, channels:] = image - upper.float()
        return parts

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:  # noqa: ANN401
        return gradient[:, : gradient.shape[1] // 2].float()
