"""Paint the pairs with the known fast networks and with ours, judge them all and time them.

Usage: python -m benchmarks.peers --judge JUDGE.py --data FOLDER --weights FOLDER [--pairs 0,1]
           [-o FOLDER] [--rounds 15] [--size 512]

WEIGHTS has adain_decoder, vgg19_normalised_to_conv4_1 and microast as safetensors and Magenta's
TFLite pair. Each network is evaluated here from its file, in float32, without its authors' code:
AdaIN (Huang & Belongie 2017), MicroAST (Wang et al. 2023), Magenta (Ghiasi et al. 2017, int8,
through LiteRT: `pip install ai-edge-litert`). Times are medians of calls that take turns, at
512x384, the style read before.
"""

import argparse
import csv
import statistics
import time
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import torch
import torch.nn.functional as F
from benchmarks.quality import load_judge
from numpy.typing import NDArray
from safetensors.torch import load_file
from torch import Tensor

from impasto import FastStylizer, open_picture
from impasto.images import Picture, fitted_size

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
    deviation, mean = torch.std_mean(x, (2, 3), keepdim=True)
    wanted, center = torch.std_mean(style, (2, 3), keepdim=True)
    return (x - mean) / (deviation + 1e-5) * wanted + center


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
    """The published TFLite pair: 100 numbers from a style of 256x256 pixels, and a transformer."""

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

        def paint(pixels: Pixels) -> Pixels:
            shape = (1, *pixels.shape)
            if tuple(transform.get_input_details()[0]["shape"]) != shape:
                transform.resize_tensor_input(picture["index"], shape)
                transform.allocate_tensors()
            transform.set_tensor(picture["index"], pixels[None])
            transform.set_tensor(code["index"], numbers)
            transform.invoke()
            (made,) = transform.get_output_details()
            found: Pixels = transform.get_tensor(made["index"])[0].clip(0, 1)
            return found

        return paint


def ours(runtime: str, size: int) -> Method:
    """Return our own network in a runtime."""

    def read(style: Picture) -> Painter:
        stylizer = FastStylizer(style, runtime=runtime, size=size)
        return lambda pixels: stylizer.paint(Picture(pixels))

    return read


def timed(painters: Mapping[str, Painter], rounds: int) -> dict[str, float]:
    """Return the median milliseconds of each painter at 512x384; they take turns."""
    pixels = np.random.default_rng(0).random((384, 512, 3), dtype=np.float32)
    times: dict[str, list[float]] = {name: [] for name in painters}
    for number in range(rounds + 2):
        for name, paint in painters.items():
            start = time.perf_counter()
            paint(pixels)
            if number > 1:
                times[name].append(1e3 * (time.perf_counter() - start))
    return {name: statistics.median(values) for name, values in times.items()}


@torch.no_grad()
def main() -> None:
    """Paint, judge, time and print tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    for name in ("judge", "data", "weights"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--pairs", default="")
    parser.add_argument("-o", "--output", type=Path, default=None)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--runtimes", default="onnxruntime,openvino")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    judge = load_judge(arguments.judge)
    folder = arguments.output or Path(mkdtemp(prefix="impasto-"))
    folder.mkdir(parents=True, exist_ok=True)
    runtimes = [name for name in arguments.runtimes.split(",") if name]
    methods: dict[str, Method] = {
        f"impasto {name}": ours(name, arguments.size) for name in runtimes
    }
    for kind in (AdaIN, MicroAST, Magenta):
        methods[kind.__name__] = kind(arguments.weights)
    with (arguments.data / "pairs.csv").open() as file:
        pairs = [(row["content"], row["style"]) for row in csv.DictReader(file)]
    wanted = [int(i) for i in arguments.pairs.split(",") if i] or range(len(pairs))
    found: dict[str, list[dict[str, float]]] = {name: [] for name in methods}
    for content_name, style_name in (pairs[i] for i in wanted):
        content_path, style_path = arguments.data / content_name, arguments.data / style_name
        content, style = (
            p.resized(fitted_size(p.size, arguments.size))
            for p in map(open_picture, (content_path, style_path))
        )
        painters = {name: method(style) for name, method in methods.items()}
        for name, paint in painters.items():
            path = folder / f"{content_path.stem} × {style_path.stem} {name}.png"
            Picture(np.clip(paint(content.pixels), 0, 1)).save(path, overwrite=True)
            measures = judge(str(content_path), str(style_path), str(path))
            found[name].append(measures)
            print(content_path.stem, style_path.stem, name, measures, flush=True)
    speed = timed(painters, arguments.rounds)
    names = list(found[next(iter(found))][0])
    print(f"| mean of {len(list(wanted))} pairs | {' | '.join(names)} | ms at 512x384 |")
    print("|---" * (len(names) + 2) + "|")
    for name, rows in found.items():
        means = [f"{statistics.mean(row[each] for row in rows):.3f}" for each in names]
        print(f"| {name} | {' | '.join(means)} | {speed[name]:.1f} |")
    print(f"pictures in {folder}")


if __name__ == "__main__":
    main()
