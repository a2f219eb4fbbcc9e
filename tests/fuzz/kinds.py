"""The kinds of cases: each makes inputs below a folder and returns a command that reads them."""

import json
import random
import shutil
import string
import tarfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image
from tests.fuzz.damage import DEEP, NUMBERS, ODD_TEXTS, damage, damaged, odd_json
from tests.fuzz.inputs import clip_file, network_bytes, picture_file

ONE_STEP = ("--steps", "1", "--size", "48", "-q")
DRAFT = ("--method", "fast", "-q")
FAST = (*DRAFT, "--size", "48")


def picture(rng: random.Random, box: Path) -> list[str]:
    """A damaged content."""
    path = damage(rng, picture_file(rng, box, "photo"), box)
    extra = rng.choice(((), ("--bits", "16"), ("--keep-exif",), ("--color", "content")))
    return [
        "stylize",
        str(path),
        "waves",
        *FAST,
        *extra,
        "-o",
        f"out/x{rng.choice(('.png', '.jpg'))}",
    ]


def style(rng: random.Random, box: Path) -> list[str]:
    """A damaged style."""
    path = damage(rng, picture_file(rng, box, "painting"), box)
    method = rng.choice((FAST, ONE_STEP))
    return ["stylize", "in/good.png", str(path), *method, "-o", "out/x.png"]


def mask(rng: random.Random, box: Path) -> list[str]:
    """A damaged mask, or one of what is kept."""
    path = damage(rng, picture_file(rng, box, "mask", (64, 48)), box)
    option = rng.choice(("--masks", "--keep"))
    return ["stylize", "in/good.png", "waves", option, str(path), *ONE_STEP, "-o", "out/x.png"]


def clip(rng: random.Random, box: Path) -> list[str]:
    """A damaged clip."""
    path = damage(rng, clip_file(rng, box), box)
    suffix = rng.choice((".mp4", ".gif", ".webm", ".mkv", ".apng"))
    cut = rng.choice(((), ("--start", "0.04"), ("--end", "0.1"), ("--stability", "0")))
    return ["video", str(path), "waves", *FAST, *cut, "-o", f"out/x{suffix}"]


def flicker(rng: random.Random, box: Path) -> list[str]:
    """A damaged clip that is measured."""
    path = clip_file(rng, box)
    whole = path.with_name("whole" + path.suffix)
    shutil.copy(path, whole)
    return ["flicker", str(whole), str(damage(rng, path, box))]


def recipe(rng: random.Random, box: Path) -> list[str]:
    """A recipe with an odd value, printed or run."""
    from impasto import stylize

    stylized = stylize(box / "good.png", "waves", method="fast", size=32)
    stylized.save(box / "made.png")
    with Image.open(box / "made.png") as image:
        text = next(
            value for value in image.info.values() if isinstance(value, str) and "{" in value
        )
    path = box / "recipe.json"
    odd = odd_json(rng, json.loads(text))
    path.write_text(json.dumps(odd).replace(f'"{DEEP}"', "[" * 5000 + "]" * 5000))
    if rng.random() < 0.2:
        return ["recipe", str(damage(rng, box / "made.png", box))]
    command = rng.choice(("recipe", "reproduce", "stylize"))
    if command == "recipe":
        return ["recipe", str(path), *rng.choice(((), ("--json",)))]
    if command == "reproduce":
        return ["reproduce", str(path), "-o", "out/x.png"]
    return [
        "stylize",
        "in/good.png",
        "waves",
        "--recipe",
        str(path),
        "--size",
        "32",
        "-o",
        "out/x.png",
    ]


def network(rng: random.Random, box: Path) -> list[str]:
    """A damaged network."""
    path = box / "net.onnx"
    path.write_bytes(network_bytes())
    path = damage(rng, path, box)
    return [
        "stylize",
        "in/good.png",
        "--method",
        str(path),
        "--size",
        "48",
        "-q",
        "-o",
        "out/x.png",
    ]


def weights(rng: random.Random, box: Path) -> list[str]:
    """A damaged file of parameters."""
    from safetensors.numpy import save_file

    path = box / "some.safetensors"
    save_file({f"layer{n}.weight": np.ones((4, 3, 3, 3), np.float32) for n in range(3)}, path)
    path = damage(rng, path, box)
    to = rng.choice(
        (["export", str(path)], ["stylize", "in/good.png", "waves", "--weights", str(path)])
    )
    return [*to, "-o", "out/x.png"] if to[0] == "stylize" else [*to, "-o", "out/net"]


def dataset(rng: random.Random, box: Path) -> list[str]:
    """A folder or a shard of a data set with damaged, odd or hostile members."""
    folder = box / "set"
    folder.mkdir()
    for n in range(3):
        picture_file(rng, folder, f"photo{n}")
    damage(rng, rng.choice(sorted(folder.iterdir())), box)
    if rng.random() < 0.5:
        return ["dataset", str(folder), "waves", *DRAFT, "--workers", "1", "-o", "out/set"]
    shard = box / "shards" / "a-000.tar"
    shard.parent.mkdir()
    with tarfile.open(shard, "w") as tar:
        for n, path in enumerate(sorted(folder.iterdir())):
            name = rng.choice(
                (f"{n}/a.png", f"../{n}.png", f"/tmp/{n}.png", f"{n}.jpg", "a\nb.png")
            )
            tar.add(path, name)
        link = tarfile.TarInfo("link.png")
        link.type, link.linkname = rng.choice((tarfile.SYMTYPE, tarfile.LNKTYPE)), "../../secret"
        tar.addfile(link)
    if rng.random() < 0.5:
        shard.write_bytes(damaged(rng, shard.read_bytes(), b""))
    return ["dataset", str(shard.parent), "waves", *DRAFT, "--workers", "1", "-o", "out/set"]


def batch(rng: random.Random, box: Path) -> list[str]:
    """One damaged file among others."""
    folder = box / "some"
    folder.mkdir()
    for n in range(2):
        picture_file(rng, folder, f"photo{n}")
    damage(rng, rng.choice(sorted(folder.iterdir())), box)
    return ["batch", str(folder), "-s", "waves", *FAST, "-o", "out/all"]


def evaluate(rng: random.Random, box: Path) -> list[str]:
    """A damaged picture that is measured."""
    path = damage(rng, picture_file(rng, box, "stylized"), box)
    pair = ("-c", "in/good.png", "-s", "in/good.png")
    return ["evaluate", *pair, "-o", str(path), "--size", "96", "-q", "--table", "out/table.csv"]


def options(rng: random.Random, box: Path) -> list[str]:
    """Odd values of one to three settings."""
    from impasto.settings import FIELDS

    said = ["--steps", "1", "--size", "32"]
    for name in rng.sample(sorted(FIELDS), rng.randint(1, 3)):
        flag = "--" + str(name).replace("_", "-")
        odd = rng.choice(
            (*ODD_TEXTS, *map(str, NUMBERS), "".join(rng.choices(string.printable, k=9)))
        )
        usual = rng.choice((*(FIELDS[name].metadata.get("choices") or ()), "0.5", "2", "64", "0"))
        value = odd if rng.random() < 0.3 else str(usual)
        if flag not in ("--time", "--tune", "--steps"):  # long work may be wanted
            said += [flag, value]
    return ["stylize", "in/good.png", "waves", *said, "-o", "out/x.png"]


KINDS: dict[str, Callable[[random.Random, Path], list[str]]] = {
    each.__name__: each
    for each in (
        *(picture, style, mask, clip, flicker, recipe, network, weights),
        *(dataset, batch, evaluate, options),
    )
}
