"""The table of weights files: where each comes from and what may be done with it.

A hash stands here only if the publisher of the file states it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from impasto.errors import WeightsError


@dataclass(frozen=True)
class WeightsFile:
    """One file of trained parameters.

    Attributes:
        name: The short name that users type, such as ``"vgg19-keras"``.
        filename: What the file is called on disk.
        group: The name of the network; files of one group can stand in for each other.
        purpose: What the file is for, in a few words.
        license: What may be done with it, and whose it is.
        source: Who published it.
        url: Where it is downloaded from; None for a file that is only ever found locally.
        size_bytes: Its exact size, where the publisher's file is known to have one.
        published_hash: The strongest hash that the publisher states, as ``"algorithm:digits"``;
            it ends in ``"..."`` where only the first digits are published.
        kept_as: For a pickled file, the name of the safetensors copy that is used in its place.
        layout: Of a pickled file: whose names its parameters have (see `conversion`).
    """

    name: str
    filename: str
    group: str
    purpose: str
    license: str
    source: str
    url: str | None = None
    size_bytes: int | None = None
    published_hash: str | None = None
    kept_as: str | None = None
    layout: str = "vgg19"

    @property
    def size(self) -> str:
        """The size for people: ``"80 MB"``, or ``"unknown"``."""
        return "unknown" if self.size_bytes is None else f"{self.size_bytes / 1e6:.0f} MB"


_VGG_LICENSE = "CC BY 4.0 (Visual Geometry Group, Oxford)"

# The order within a group is the order of preference within a folder; the first with a url is
# the one downloaded.
_FILES = (
    WeightsFile(
        name="pocket-1",
        filename="pocket.safetensors",
        group="pocket",
        purpose="the pocket encoder, a small network distilled from VGG-19",
        license=f"Apache-2.0; from VGG-19, {_VGG_LICENSE}",
        source="bundled with impasto",
        size_bytes=3_304_448,
        published_hash="sha256:a905ca3ea29704131eab8c562cbf81d15118d884f7f343fa20f0d9fd97691554",
    ),
    WeightsFile(
        name="any-style-1",
        filename="any_style.onnx",
        group="any-style",
        purpose="the any-style network of method fast",
        license=f"Apache-2.0; trained with VGG-19, {_VGG_LICENSE}",
        source="bundled with impasto",
        size_bytes=5_195_325,
        published_hash="sha256:fda401950809874e5c3ef60c54f877d1ae513fd22c9768f6830509e2053a9362",
    ),
    WeightsFile(
        name="style-reader-1",
        filename="style_reader.onnx",
        group="style-reader",
        purpose="what reads styles for the any-style network",
        license=f"Apache-2.0; trained with VGG-19, {_VGG_LICENSE}",
        source="bundled with impasto",
        size_bytes=2_977_355,
        published_hash="sha256:b974ec2a0b83bf53310b2601b42da19ae90c7e2172d820afb9c05d5e17eb49d6",
    ),
    WeightsFile(
        name="vgg19-safetensors",
        filename="vgg19.safetensors",
        group="vgg19",
        purpose="VGG-19 convolutions in impasto's own layout",
        license=_VGG_LICENSE,
        source="converted by whoever put it there",
    ),
    WeightsFile(
        name="vgg19-keras",
        filename="vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5",
        group="vgg19",
        purpose="VGG-19 convolutions, the original Caffe parameters",
        license=_VGG_LICENSE,
        source="Keras Applications",
        url=(
            "https://storage.googleapis.com/tensorflow/keras-applications/vgg19/"
            "vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5"
        ),
        size_bytes=80_134_624,
        published_hash="md5:253f8cb515780f3b799900260a226db6",
    ),
    WeightsFile(
        name="vgg19-torchvision",
        filename="vgg19-dcbb9e9d.pth",
        group="vgg19",
        purpose="VGG-19 trained anew for torchvision, with its classifier",
        license="BSD-3-Clause (torchvision)",
        source="torchvision",
        url="https://download.pytorch.org/models/vgg19-dcbb9e9d.pth",
        size_bytes=574_673_361,
        # torch.hub's convention: the digits in the file's name begin its SHA-256.
        published_hash="sha256:dcbb9e9d...",
        kept_as="vgg19-dcbb9e9d.safetensors",
    ),
    WeightsFile(
        name="microast-whole",
        filename="microast.safetensors",
        group="microast",
        purpose="for method microast, its four files in one",
        license="MIT",
        source="EndyWon/MicroAST",
    ),
)


_GOOGLE = "https://storage.googleapis.com/download.tensorflow.org/models/tflite/task_library/"
_GITHUB = "https://github.com"
#: Known fast systems by method: who published them, their license, and where their files are.
_SYSTEMS = {
    "magenta": (
        "Magenta",
        "Apache-2.0",
        f"{_GOOGLE}style_transfer/android/magenta_arbitrary-image-stylization-v1-256_int8_",
    ),
    "adain": (
        "naoto0804/pytorch-AdaIN",
        "MIT",
        f"{_GITHUB}/naoto0804/pytorch-AdaIN/releases/download/v0.0.0/",
    ),
    "microast": (
        "EndyWon/MicroAST",
        "MIT",
        f"{_GITHUB}/EndyWon/MicroAST/raw/d2796c7dbf01dbc29ed35b11675d87fcc640f969/models/",
    ),
    "wct": (
        "MingSun-Tse/Collaborative-Distillation",
        "MIT",
        f"{_GITHUB}/MingSun-Tse/Collaborative-Distillation/raw/"
        "75c1b81c1dbea11c96d3fb04e96f207dee16dcbb/trained_models/",
    ),
}
_WCT = {
    "encoder-1": "wct_se_16x_new/20191110-133713_E20.pth",
    "encoder-2": "wct_se_16x_new/20191110-132713_E20.pth",
    "encoder-3": "wct_se_16x_new/20191110-132705_E20.pth",
    "encoder-4": "wct_se_16x_new/20191110-132643_E20.pth",
    "encoder-5": "wct_se_16x_new/20191109-211322_E20.pth",
    "decoder-1": "wct_se_16x_new_sd/20191111-091942_E20.pth",
    "decoder-2": "wct_se_16x_new_sd/20191111-091932_E20.pth",
    "decoder-3": "wct_se_16x_new_sd/20191111-091929_E20.pth",
    "decoder-4": "wct_se_16x_new_sd/20191111-092553_E20.pth",
    "decoder-5": "wct_se_16x_new_sd/20191110-204615_E20.pth",
}
#: Their files: group, name here, the rest of the url, and for a pickled file its layout.
_OF_SYSTEMS = (
    ("magenta-predict", "magenta_style_predict_int8.tflite", "prediction_1.tflite", ""),
    ("magenta-transform", "magenta_style_transform_int8.tflite", "transfer_1.tflite", ""),
    (
        *("adain-encoder", "vgg19_normalised_to_conv4_1.safetensors"),
        *("vgg_normalised.pth", "adain-encoder"),
    ),
    ("adain-decoder", "adain_decoder.safetensors", "decoder.pth", "adain-decoder"),
    *(
        (f"microast-{p}", f"microast_{p}.safetensors", f"{p}_iter_160000.pth.tar", f"microast-{p}")
        for p in ("content_encoder", "style_encoder", "modulator", "decoder")
    ),
    *(
        (f"wct-{part}", f"wct_16x_{part.replace('-', '_')}.safetensors", path, "wct")
        for part, path in _WCT.items()
    ),
)


def _published() -> Iterator[WeightsFile]:
    """Yield the files of known fast systems: as we use them, and as they were published.

    No publisher states a hash; a url that names a commit stands for one.
    """
    for name, kept, path, layout in _OF_SYSTEMS:
        method = name.partition("-")[0]
        source, license, base = _SYSTEMS[method]
        license = f"{license}; {_VGG_LICENSE}" if name == "adain-encoder" else license
        here = WeightsFile(f"{name}-here", kept, name, f"for method {method}", license, source)
        yield here
        yield replace(
            here,
            name=f"{name}-published",
            filename=(base + path).rpartition("/")[2],
            url=base + path,
            kept_as=kept if layout else None,
            layout=layout,
        )


CATALOGUE: Mapping[str, WeightsFile] = {file.name: file for file in (*_FILES, *_published())}
"""All files by their short name, in the order of preference."""


def files_named(name: str) -> tuple[WeightsFile, ...]:
    """At least one catalogued file that a name stands for.

    It is a short name (``"vgg19-keras"``), a file name, or a group (``"vgg19"``): then all of its
    files, the preferred one first.

    Raises:
        WeightsError: The catalogue does not have the name.
    """
    found = tuple(
        file
        for file in CATALOGUE.values()
        if name in (file.name, file.filename, file.kept_as, file.group)
    )
    if not found:
        known = ", ".join(dict.fromkeys([*(f.group for f in CATALOGUE.values()), *CATALOGUE]))
        raise WeightsError(f"{name}: neither a file nor the name of any weights; known: {known}")
    return found
