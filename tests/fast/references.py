"""The known fast systems, each evaluated from its file without its authors' code and without ours.

In float32, with torch; Magenta's TFLite pair through LiteRT (`pip install -e ".[magenta]"`).
What `--method` runs is held against these.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from safetensors.torch import load_file
from torch import Tensor

from impasto.images import Picture

Pixels = NDArray[np.float32]
#: Pixels (H, W, 3) -> stylized pixels, for one style.
Painter = Callable[[Pixels], Pixels]
#: A style picture, 512 pixels long -> a painter.
Method = Callable[[Picture], Painter]


def reflected(x: Tensor, pad: int) -> Tensor:
    """Return (N, C, H + 2 pad, W + 2 pad)."""
    return F.pad(x, (pad, pad, pad, pad), mode="reflect")


def modulated(x: Tensor, style: Tensor) -> Tensor:
    """Adaptive instance normalization: give x the mean and deviation of style's channels."""
    variance, mean = torch.var_mean(x, (2, 3), keepdim=True)
    wanted, center = torch.var_mean(style, (2, 3), keepdim=True)
    return (x - mean) / (variance + 1e-5).sqrt() * (wanted + 1e-5).sqrt() + center


def to_tensor(pixels: Pixels) -> Tensor:
    """Return (1, 3, H, W), channels last in memory."""
    image = torch.from_numpy(np.ascontiguousarray(pixels)).permute(2, 0, 1)[None]
    return image.contiguous(memory_format=torch.channels_last)


def to_pixels(image: Tensor) -> Pixels:
    """Return (H, W, 3) within [0, 1]."""
    pixels: Pixels = image[0].clamp(0, 1).permute(1, 2, 0).contiguous().numpy()
    return pixels


def read(path: Path) -> dict[str, Tensor]:
    """Read a safetensors file in float32, kernels channels last."""
    tensors = {name: tensor.float() for name, tensor in load_file(path).items()}
    return {
        name: t.contiguous(memory_format=torch.channels_last) if t.dim() == 4 else t
        for name, t in tensors.items()
    }


class AdaIN:
    """VGG-19 to relu4_1, adaptive instance normalization, a decoder back."""

    MEAN = (123.68 / 255, 116.779 / 255, 103.939 / 255)

    def __init__(self, weights: Path) -> None:
        self.encoder = read(weights / "vgg19_normalised_to_conv4_1.safetensors")
        self.decoder = read(weights / "adain_decoder.safetensors")

    def encoded(self, image: Tensor) -> Tensor:
        """Return relu4_1."""
        x = image - torch.tensor(self.MEAN).view(1, 3, 1, 1)
        for block, count in ((1, 2), (2, 2), (3, 4), (4, 1)):
            for number in range(1, count + 1):
                name = f"conv{block}_{number}"
                weight, bias = (self.encoder[f"{name}.{part}"] for part in ("weight", "bias"))
                x = F.relu(F.conv2d(reflected(x, 1), weight, bias))
            x = F.max_pool2d(x, 2) if block < 4 else x
        return x

    def decoded(self, x: Tensor) -> Tensor:
        """Return a picture."""
        for block, count in ((4, 1), (3, 4), (2, 2), (1, 2)):
            for number in range(1, count + 1):
                name = f"block{block}_conv{number}"
                weight, bias = (self.decoder[f"{name}.{part}"] for part in ("weight", "bias"))
                x = F.conv2d(reflected(x, 1), weight, bias)
                x = x if (block, number) == (1, 2) else F.relu(x)
            x = F.interpolate(x, scale_factor=2.0, mode="nearest") if block > 1 else x
        return x

    def __call__(self, style: Picture) -> Painter:
        """Read a style."""
        read = self.encoded(to_tensor(style.pixels))
        return lambda pixels: to_pixels(
            self.decoded(modulated(self.encoded(to_tensor(pixels)), read))
        )


class MicroAST:
    """Two small encoders, and a decoder with modulated features and filters."""

    def __init__(self, weights: Path) -> None:
        self.parameters = read(weights / "microast.safetensors")

    def layer(self, x: Tensor, name: str, stride: int = 1) -> Tensor:
        """Return a convolution with reflected borders; its groups follow from its kernel."""
        weight = self.parameters[f"{name}.conv_layer.weight"]
        bias = self.parameters[f"{name}.conv_layer.bias"]
        groups = x.shape[1] // weight.shape[1]
        pad = weight.shape[2] // 2
        return F.conv2d(reflected(x, pad) if pad else x, weight, bias, stride, groups=groups)

    def residual(self, x: Tensor, name: str) -> Tensor:
        """Return a plain residual layer."""
        return x + self.layer(F.relu(self.layer(x, f"{name}.conv1")), f"{name}.conv2")

    def encoded(self, image: Tensor, who: str) -> list[Tensor]:
        """Return the features of both depths."""
        x = image
        for number, stride in ((0, 1), (2, 2), (4, 1), (6, 2), (8, 1)):
            x = F.relu(self.layer(x, f"{who}.enc1.{number}", stride))
        first = self.residual(x, f"{who}.enc1.10")
        return [first, self.residual(first, f"{who}.enc2.0")]

    def filtered(self, x: Tensor, name: str, gain: Tensor, offset: Tensor) -> Tensor:
        """Return a residual layer whose filters are modulated."""
        inner = F.relu(gain * self.layer(x, f"{name}.conv1") + offset * x)
        return x + gain * self.layer(inner, f"{name}.conv2") + offset * inner

    def __call__(self, style: Picture) -> Painter:
        """Read a style."""
        features = self.encoded(to_tensor(style.pixels), "style_encoder")
        signals = [
            [
                self.layer(f, f"modulator.{kind}{depth}.0").mean((2, 3), keepdim=True)
                for kind in ("weight", "bias")
            ]
            for depth, f in enumerate(features, 1)
        ]

        def paint(pixels: Pixels) -> Pixels:
            x = modulated(self.encoded(to_tensor(pixels), "content_encoder")[1], features[1])
            x = self.filtered(x, "decoder.dec1", *signals[1])
            x = self.filtered(modulated(x, features[0]), "decoder.dec2", *signals[0])
            for wide, narrow in ((1, 3), (6, 8)):
                x = F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)
                for number in (wide, narrow):
                    x = F.relu(self.layer(x, f"decoder.dec3.{number}"))
            return to_pixels(self.layer(x, "decoder.dec3.10"))

        return paint


class Magenta:
    """The published TFLite pair: 100 numbers from a style of 256x256 pixels, and a transformer.

    As published: contents are squeezed into 384x384 pixels, and results stretched again.
    """

    def __init__(self, weights: Path) -> None:
        from ai_edge_litert.interpreter import Interpreter

        self.predict = Interpreter(str(weights / "magenta_style_predict_int8.tflite"))
        self.predict.allocate_tensors()
        self.path = str(weights / "magenta_style_transform_int8.tflite")
        self.interpreter = Interpreter(self.path, num_threads=torch.get_num_threads())

    def __call__(self, style: Picture) -> Painter:
        """Read a style."""
        (entry,), (exit_,) = self.predict.get_input_details(), self.predict.get_output_details()
        self.predict.set_tensor(entry["index"], style.resized((256, 256)).pixels[None])
        self.predict.invoke()
        numbers = self.predict.get_tensor(exit_["index"])
        transform = self.interpreter
        picture, code = sorted(transform.get_input_details(), key=lambda d: d["shape"][-1])
        transform.allocate_tensors()

        def paint(pixels: Pixels) -> Pixels:
            height, width = pixels.shape[:2]
            squeezed = Picture(pixels).resized((384, 384)).pixels
            transform.set_tensor(picture["index"], squeezed[None])
            transform.set_tensor(code["index"], numbers)
            transform.invoke()
            (made,) = transform.get_output_details()
            found: Pixels = transform.get_tensor(made["index"])[0].clip(0, 1)
            return Picture(found).resized((width, height)).pixels

        return paint


class WCT:
    """Five levels, each: encoder, whitening and coloring, decoder (Li et al. 2017)."""

    BLOCKS = ((1, 2), (2, 2), (3, 4), (4, 4))

    def __init__(self, weights: Path) -> None:
        self.parts = {
            (part, level): read(weights / f"wct_16x_{part}_{level}.safetensors")
            for part in ("encoder", "decoder")
            for level in range(1, 6)
        }

    def encoded(self, x: Tensor, level: int) -> Tensor:
        """Return the features of a level."""
        p = self.parts["encoder", level]
        x = F.conv2d(x, p["conv0.weight"], p["conv0.bias"])
        for block, count in self.BLOCKS[: level - 1]:
            for n in range(1, count + 1):
                x = self.layer(p, x, f"conv{block}{n}")
            x = F.max_pool2d(x, 2)
        return self.layer(p, x, f"conv{level}1")

    def decoded(self, x: Tensor, level: int) -> Tensor:
        """Return a picture."""
        p = self.parts["decoder", level]
        x = self.layer(p, x, f"conv{level}1")
        for block, count in self.BLOCKS[: level - 1][::-1]:
            x = F.interpolate(x, scale_factor=2.0, mode="nearest")
            for n in range(count, 0, -1):
                x = self.layer(p, x, f"conv{block}{n}")
        return x

    @staticmethod
    def layer(p: dict[str, Tensor], x: Tensor, name: str) -> Tensor:
        """Return convolution and ReLU."""
        made: Tensor = F.relu(F.conv2d(reflected(x, 1), p[f"{name}.weight"], p[f"{name}.bias"]))
        return made

    @staticmethod
    def transferred(x: Tensor, style: Tensor) -> Tensor:
        """Whiten and color, in float64."""
        content, wanted = x[0].flatten(1).double(), style[0].flatten(1).double()

        def power(flat: Tensor, exponent: float) -> Tensor:
            values, vectors = torch.linalg.eigh(torch.cov(flat, correction=0))
            powers = torch.diag((values.clamp_min(0) + 1e-5) ** exponent)
            made: Tensor = vectors @ powers @ vectors.T
            return made

        white = power(content, -0.5) @ (content - content.mean(1, keepdim=True))
        colored = power(wanted, 0.5) @ white + wanted.mean(1, keepdim=True)
        transferred: Tensor = colored.float().view_as(x)
        return transferred

    def __call__(self, style: Picture) -> Painter:
        """Read a style."""
        features = {level: self.encoded(to_tensor(style.pixels), level) for level in range(1, 6)}

        def paint(pixels: Pixels) -> Pixels:
            x = to_tensor(pixels)
            for level in range(5, 0, -1):
                x = self.decoded(self.transferred(self.encoded(x, level), features[level]), level)
            return to_pixels(x)

        return paint


class Johnson:
    """A network that knows one style, as fast-style-transfer has it."""

    def __init__(self, path: Path) -> None:
        self.parameters = {name: tensor.float() for name, tensor in load_file(path).items()}

    def normalized(self, x: Tensor, name: str) -> Tensor:
        """Return instance normalization."""
        variance, mean = torch.var_mean(x, (2, 3), correction=0, keepdim=True)
        scale, shift = (
            self.parameters[f"{name}.{part}"].view(1, -1, 1, 1) for part in ("scale", "shift")
        )
        return (x - mean) / (variance + 1e-3).sqrt() * scale + shift

    def layer(self, x: Tensor, name: str, stride: int = 1) -> Tensor:
        """Return convolution and normalization, borders as TensorFlow's SAME."""
        weight = self.parameters[f"{name}.kernel_hwio"].permute(3, 2, 0, 1)
        pads: list[int] = []
        for size in (x.shape[3], x.shape[2]):
            whole = max(0, (-(-size // stride) - 1) * stride + weight.shape[2] - size)
            pads += [whole // 2, whole - whole // 2]
        return self.normalized(F.conv2d(F.pad(x, pads), weight, stride=stride), name)

    def __call__(self, pixels: Pixels) -> Pixels:
        """Paint."""
        x = 255 * to_tensor(pixels)
        for name, stride in (("conv1", 1), ("conv2", 2), ("conv3", 2)):
            x = F.relu(self.layer(x, name, stride))
        for n in range(1, 6):
            inner = F.relu(self.layer(x, f"residual{n}.conv1"))
            x = x + self.layer(inner, f"residual{n}.conv2")
        for name in ("up1", "up2"):
            weight = self.parameters[f"{name}.kernel_hwio"].permute(3, 2, 0, 1)
            larger = F.conv_transpose2d(x, weight, stride=2)[:, :, :-1, :-1]
            x = F.relu(self.normalized(larger, name))
        return to_pixels((self.layer(x, "out").tanh() * 150 + 127.5) / 255)
