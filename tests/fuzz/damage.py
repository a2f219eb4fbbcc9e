"""Damage to bytes, files and JSON."""

import random
from pathlib import Path

from tests.fuzz.inputs import picture_file

ODD_TEXTS = (
    *(
        "",
        " ",
        "-1",
        "0",
        "1e309",
        "nan",
        "-inf",
        "9" * 40,
        "1,2,3",
        "0x10",
        "½",
        "..",
        "/dev/zero",
    ),
    *(
        "a" * 5000,
        "mosaic,mosaic",
        "gram+" * 20 + "gram",
        "\x1b[31mred",
        "\u202egnp.exe",
        "%d",
        "{}",
    ),
    *("true", "None", "relu9_9", "in/other.png", "/", "~", "'; ls", "1:2:3:4", "4GiB", "-0.0"),
)
DEEP = "[[[["  # is written as lists in lists, too deep for any parser
NUMBERS = (0, -1, 1, 2**16, 2**31 - 1, 2**31, 2**63, 1e308, float("nan"), -0.5)


def damaged(rng: random.Random, data: bytes, other: bytes) -> bytes:
    """Return bytes with one to four of the usual kinds of damage."""
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        at = rng.randrange(len(data) // rng.choice((1, 1, 8)) + 1)
        end = min(len(data), at + rng.choice((1, 2, 4, 16, 200)))
        head = rng.randrange(min(len(data), 96) + 1)
        before, part, after = data[:at], data[at:end], data[end:]
        field = rng.choice((0, 1, 2**31 - 1, 2**32 - 1)).to_bytes(4, "big")
        data = rng.choice(
            (
                before,  # it ends early
                before + rng.randbytes(end - at) + after,
                before + bytes(each ^ 1 << rng.randrange(8) for each in part[:1]) + data[at + 1 :],
                before + b"\xff\xff\xff\x7f"[: end - at] + after,
                before + bytes(end - at) + after,
                before + part * rng.choice((2, 50, 2000)) + after,
                before + other[at:],  # the rest is of another file
                data[:head] + field + data[head + 4 :],
                before + after,
            )
        )
    return data


def damage(rng: random.Random, path: Path, folder: Path) -> Path:
    """Damage a file in its place; sometimes it has another suffix then, or is something else."""
    if rng.random() < 0.06:
        path.write_bytes(rng.choice((b"", b"hello", bytes(3000), b"%!PS-Adobe-3.0 EPSF-3.0\n" * 9)))
    else:
        other = picture_file(rng, folder.parent / "spare", "other").read_bytes()
        path.write_bytes(damaged(rng, path.read_bytes(), other))
    if rng.random() < 0.15:
        suffixes = (".jpg", ".png", ".gif", ".tif", ".mp4", ".onnx", ".json", ".svg", ".dcm", "")
        path = path.rename(path.with_suffix(rng.choice(suffixes)))
    if rng.random() < 0.05:
        path = path.rename(path.with_name("\x1b[2J\u202e-" + path.name))
    return path


def odd_json(rng: random.Random, value: object) -> object:
    """Return JSON with one value somewhere replaced by an odd one."""
    if isinstance(value, dict) and value and rng.random() < 0.9:
        key = rng.choice(list(value))
        changed = odd_json(rng, value[key])
        kept = {each: rest for each, rest in value.items() if each != key}
        return kept if rng.random() < 0.1 else {**kept, key: changed}
    if isinstance(value, list) and value and rng.random() < 0.8:
        at = rng.randrange(len(value))
        return [*value[:at], odd_json(rng, value[at]), *value[at + 1 :]]
    odd = rng.choice((None, True, [], {}, "x" * 10**5, [value] * 1000, DEEP, {"a": value}))
    return rng.choice((odd, rng.choice(ODD_TEXTS), rng.choice(NUMBERS)))
