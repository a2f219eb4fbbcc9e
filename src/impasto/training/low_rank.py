"""Fit the pocket encoder's tail to VGG-19 by regression, before it is trained.

A kernel of 3x3 becomes one of 3x1 and one of 1x3 (Jaderberg et al. 2014). As in Zhang et al. 2015,
"Accelerating Very Deep Convolutional Networks for Classification and Detection", they are fitted
to what the layers answer, one after the other: each sees what the fitted ones before it give and
learns what VGG-19 has there, so that errors do not add up.
"""

from collections.abc import Iterator, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from impasto.networks.pocket import TAIL
from impasto.networks.vgg import VGG19

_RIDGE = 0.01  # of the mean of the diagonal: what is hardly seen is not learned from noise
_CHUNK = 4  # pictures at a time
_ROWS, _COLUMNS = 2, 3


@torch.no_grad()
def fit_tail(
    found: Tensor, wanted: Tensor, teacher: VGG19, ranks: Sequence[int]
) -> dict[str, Tensor]:
    """Return kernels and biases of the tail, by name, as `Pocket` reads them.

    Args:
        found: Features of `relu3_1` that the tail will see, (N, 256, H, W).
        wanted: The teacher's for the same pictures.
        teacher: VGG-19 up to `relu5_1` or beyond.
        ranks: Of the convolutions from `conv3_2` to `conv5_1`.
    """
    parameters: dict[str, Tensor] = {}
    left = list(ranks)
    for step in TAIL:
        if step.startswith("pool"):
            found, wanted = F.max_pool2d(found, 2), F.max_pool2d(wanted, 2)
        elif step.startswith("relu"):
            found, wanted = F.relu(found), F.relu(wanted)
        else:
            kernel = teacher.get_buffer(f"{step}_weight").float()
            bias = teacher.get_buffer(f"{step}_bias").float()
            wanted = _convolved(F.pad(wanted, (1, 1, 1, 1), mode="replicate"), kernel, bias)
            down = _down_kernel(found, kernel, left.pop(0))
            found = _convolved(F.pad(found, (0, 0, 1, 1), mode="replicate"), down)
            across, bias = _across_kernel(found, wanted)
            found = _convolved(F.pad(found, (1, 1, 0, 0), mode="replicate"), across, bias)
            parameters |= {f"{step}_down.weight": down, f"{step}_down.bias": 0 * down[:, 0, 0, 0]}
            parameters |= {f"{step}_across.weight": across, f"{step}_across.bias": bias}
    return parameters


def _parts(x: Tensor) -> list[Tensor]:
    return [x[start : start + _CHUNK] for start in range(0, len(x), _CHUNK)]


def _convolved(x: Tensor, kernel: Tensor, bias: Tensor | None = None) -> Tensor:
    return torch.cat([F.conv2d(part, kernel, bias) for part in _parts(x)])


def _down_kernel(x: Tensor, kernel: Tensor, rank: int) -> Tensor:
    """Return (R, I, 3, 1): what decides most of the answers of a (O, I, 3, 3) kernel to `x`.

    They are principal directions in the measure of the second moments of the columns of three in
    the input (N, I, H, W).
    """
    size = 3 * x.shape[1]
    moments = torch.zeros(size, size, dtype=torch.float64, device=x.device)
    for rows in _with_neighbors(x, _ROWS):
        moments += rows @ rows.mT
    factor = torch.linalg.cholesky(_with_ridge(moments))
    answers = factor.mT @ kernel.permute(1, 2, 3, 0).flatten(2).flatten(0, 1).double()
    with torch.random.fork_rng():
        torch.manual_seed(0)
        directions, _, _ = torch.svd_lowrank(answers, min(rank + 16, *answers.shape), niter=4)
    columns = torch.linalg.solve_triangular(factor.mT, directions[:, :rank], upper=True)
    down: Tensor = columns / columns.norm(dim=0)
    return down.mT.float().reshape(rank, -1, 3, 1)


def _across_kernel(x: Tensor, wanted: Tensor) -> tuple[Tensor, Tensor]:
    """Return (O, R, 1, 3) and a bias that take (N, R, H, W) nearest to the wanted (N, O, H, W)."""
    size, outputs = 3 * x.shape[1] + 1, wanted.shape[1]
    moments = torch.zeros(size, size, dtype=torch.float64, device=x.device)
    products = moments.new_zeros(size, outputs)
    for rows, part in zip(_with_neighbors(x, _COLUMNS), _parts(wanted), strict=True):
        rows_and_one = torch.cat([rows, torch.ones_like(rows[:1])])
        moments += rows_and_one @ rows_and_one.mT
        products += rows_and_one @ part.transpose(0, 1).flatten(1).mT
    moments[:-1, :-1] = _with_ridge(moments[:-1, :-1])
    solved = torch.linalg.solve(moments, products).float()
    return solved[:-1].mT.reshape(outputs, -1, 1, 3), solved[-1]


def _with_neighbors(x: Tensor, dim: int) -> Iterator[Tensor]:
    """Yield, of a few pictures at a time, positions and their neighbors: (3C, positions)."""
    border = (0, 0, 1, 1) if dim == _ROWS else (1, 1, 0, 0)
    for part in _parts(x):
        padded = F.pad(part, border, mode="replicate")
        three = [padded.narrow(dim, offset, part.shape[dim]) for offset in range(3)]
        yield torch.stack(three, 2).flatten(1, 2).transpose(0, 1).flatten(1)


def _with_ridge(moments: Tensor) -> Tensor:
    ridge = float(_RIDGE * moments.diagonal().mean())
    return moments + ridge * torch.eye(len(moments), device=moments.device)
