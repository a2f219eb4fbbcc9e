"""The pocket encoder while it learns: with batch normalization, which is folded away afterwards."""

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from impasto.errors import SettingsError
from impasto.networks.pocket import TAIL, PocketNetwork, PocketShape, at_phase, cells_of
from impasto.training.trainer import TEACHER_LAYERS

#: Layers whose features a student has, divided by its `scales`.
STUDENT_LAYERS = (*TEACHER_LAYERS[:3], *(step for step in TAIL if step.startswith("relu")))


class Student(PocketNetwork):
    """A pocket encoder in training, initialized at random by a seed.

    Batch normalization (Ioffe & Szegedy 2015), He initialization and whitening of what the first
    convolutions see (LeCun et al. 1998, "Efficient BackProp") decide how fast it learns. The heads
    and the tail learn the teacher's features divided by `scales`.
    """

    scales: Tensor
    white_pixels: Tensor
    white_cells: Tensor

    def __init__(self, shape: PocketShape, seed: int) -> None:
        super().__init__(shape)
        generator = torch.Generator().manual_seed(seed)
        self.kernels, self.norms = nn.ParameterDict(), nn.ModuleDict()
        for name, dimensions in shape.kernels().items():
            kernel = torch.empty(dimensions)
            nn.init.kaiming_normal_(kernel, generator=generator)
            self.kernels[name] = nn.Parameter(kernel)
            self.norms[name] = nn.BatchNorm2d(len(kernel))
        self.register_buffer("scales", torch.ones(len(STUDENT_LAYERS)))
        self.register_buffer("white_pixels", torch.eye(27))
        self.register_buffer("white_cells", torch.eye(108))

    @torch.no_grad()
    def whiten(self, images: Tensor) -> None:
        """Fix how the first convolutions see their input: typical images (N, 3, H, W) in [0, 1]."""
        self.white_pixels.copy_(_whitening(F.unfold(images, 3)))
        self.white_cells.copy_(_whitening(F.unfold(cells_of(images), 3)))

    @property
    def _whites(self) -> dict[str, Tensor]:
        return {"relu1_1": self.white_pixels, "stem": self.white_cells}

    def _kernel(self, name: str) -> Tensor:
        kernel: Tensor = self.kernels[name]
        if name not in self._whites:
            return kernel
        # In float32 always: `folded` must come to the same.
        with torch.autocast(kernel.device.type, enabled=False):
            return (kernel.flatten(1) @ self._whites[name]).view_as(kernel)

    def cells(self, image: Tensor) -> Tensor:
        """Return (N, 12, h + 2, w + 2)."""
        return cells_of(image - 0.5).contiguous(memory_format=torch.channels_last)

    def first(self, cells: Tensor, subsample_phase: int | None) -> Tensor:
        """Return the features of `relu1_1` at one phase; a student never computes all."""
        assert subsample_phase is not None
        kernel = at_phase(self._kernel("relu1_1"), subsample_phase)
        return F.relu(self._norm("relu1_1")(F.conv2d(cells, kernel)))

    def convolution(self, name: str, x: Tensor, stride: int = 1) -> Tensor:
        """Return convolution and normalization."""
        normed: Tensor = self._norm(name)(F.conv2d(x, self._kernel(name), stride=stride))
        return normed

    def _norm(self, name: str) -> nn.BatchNorm2d:
        norm = self.norms[name]
        assert isinstance(norm, nn.BatchNorm2d)
        return norm

    def scale(self, layer: str) -> float:
        """Return what the teacher's features of a layer are divided by."""
        return float(self.scales[STUDENT_LAYERS.index(layer)])

    def _gain(self, name: str) -> tuple[float, float]:
        """Return by how much a convolution's input and output are scaled down here."""
        conv, _, direction = name.rpartition("_")
        if direction in ("down", "across"):
            place = STUDENT_LAYERS.index(conv.replace("conv", "relu"))
            before, after = self.scales[place - 1 : place + 1].tolist()
            return before, before if direction == "down" else after
        return 1.0, self.scale(name) if name in STUDENT_LAYERS else 1.0

    @torch.no_grad()
    def unfold(self, parameters: Mapping[str, Tensor], trunk_only: bool = False) -> None:
        """Take over what `folded` gave, with the whitening and scales that are set.

        Rows of kernels get length 1; the normalization has the rest.
        """
        kernels = {n: k for n, k in self.kernels.items() if not trunk_only or n[:4] != "conv"}
        shapes = {name: kernel.shape for name, kernel in kernels.items()}
        if {n: parameters.get(f"{n}.weight", torch.empty(0)).shape for n in shapes} != shapes:
            raise SettingsError("the file to begin with has other widths or ranks than asked for")
        for name, kept in kernels.items():
            inputs, outputs = self._gain(name)
            kernel = parameters[f"{name}.weight"].to(kept) * (inputs / outputs)
            bias = parameters[f"{name}.bias"].to(kept) / outputs
            if name in self._whites:
                bias = bias + 0.5 * kernel.sum((1, 2, 3))
                kernel = torch.linalg.solve(self._whites[name].mT, kernel.flatten(1).mT).mT
            length = kernel.flatten(1).norm(dim=1) + 1e-12
            kept.copy_((kernel.flatten(1) / length.view(-1, 1)).view_as(kept))
            norm = self._norm(name)
            norm.get_buffer("running_var").fill_(1 - norm.eps)
            norm.weight.copy_(length)
            norm.bias.copy_(bias)

    @torch.no_grad()
    def folded(self) -> dict[str, Tensor]:
        """Return kernels and biases of the `Pocket` that computes the same: float32, on the CPU."""
        parameters = {}
        for name in self.norms:
            norm = self._norm(name)
            mean, variance = norm.get_buffer("running_mean"), norm.get_buffer("running_var")
            gain = norm.weight / (variance + norm.eps).sqrt()
            kernel = self._kernel(name) * gain.view(-1, 1, 1, 1)
            bias = norm.bias - mean * gain
            if name in self._whites:
                bias = bias - 0.5 * kernel.sum((1, 2, 3))
            inputs, outputs = self._gain(name)
            parameters[f"{name}.weight"] = (kernel * (outputs / inputs)).float().cpu()
            parameters[f"{name}.bias"] = (bias * outputs).float().cpu()
        return parameters


def _whitening(patches: Tensor) -> Tensor:
    """Return the (D, D) matrix that gives patches (N, D, L) the identity as covariance (ZCA)."""
    flat = patches.transpose(0, 1).flatten(1).double().cpu()
    values, vectors = torch.linalg.eigh(torch.cov(flat))
    # The faintest directions are mostly noise; they stay faint.
    white: Tensor = (vectors * (values + 1e-3 * values.mean()).rsqrt()) @ vectors.mT
    return white.float()
