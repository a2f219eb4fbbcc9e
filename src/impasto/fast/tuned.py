"""The any-style network, tuned to the one style that is asked for: as it comes, or when needed."""

from __future__ import annotations

import hashlib
import json
import os
import queue
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

from impasto.errors import ImageError, SettingsError, WeightsError
from impasto.gallery.names import gallery_name, read_styles
from impasto.images import Picture, Source, Sources, identify, open_role, placed, source_list
from impasto.methods import NETWORK_FILES
from impasto.settings import Settings
from impasto.weights import fetch, sha256_of
from impasto.weights.atomic import replacing
from impasto.weights.tuned import SUFFIX, tuned_folder, tuned_network

#: Told how many minutes a tuning has taken so far.
Watch = Callable[[float], None]
#: Longest side of the style picture that a network is tuned to, if `style_scale` is 1, and bounds.
SIZE, _LEAST_SIZE, _MOST_SIZE = 512, 256, 768
_TICK = 0.5
"""Seconds between two looks at the clock."""
#: What makes glibc ask for large pages, with which convolutions are 1.4 times as fast.
_ENVIRONMENT = {
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
    "MALLOC_MMAP_THRESHOLD_": str(1 << 30),
    "MALLOC_TRIM_THRESHOLD_": str((1 << 31) - 1),
    "THP_MEM_ALLOC_ENABLE": "1",
}


def is_network(source: Source) -> bool:
    """Tell whether a style is no picture, but a network that was tuned to it."""
    return isinstance(source, str | Path) and str(source).lower().endswith(NETWORK_FILES)


def find_looks(sources: Sources, settings: Settings) -> list[Source]:
    """Return style pictures, read as by `impasto.gallery.names.read_styles`.

    A style of the gallery that the network of method fast comes tuned to is that network, if
    nothing is asked for that it could not do.

    Raises:
        ImageError: There is no such style, or it cannot be read.
    """
    given = source_list(sources)
    plain = Settings(method="fast", runtime=settings.runtime, device=settings.device)
    kept = ("tune", "weights", "style_scale", "style_turn", "style_tiles")
    as_it_comes = all(getattr(settings, name) == getattr(plain, name) for name in kept)
    if len(given) == 1 and settings.method == "fast" and as_it_comes and settings.color != "match":
        name = gallery_name(given[0])
        network = None if name is None else tuned_network(name)
        if network is not None:
            return [network]
    return read_styles(given)


def check_one(styles: Sequence[Source]) -> None:
    """Refuse to tune to several styles at once.

    Raises:
        SettingsError: There are several.
    """
    if len(styles) != 1:
        raise SettingsError("tune fits the network to one style: give one style picture")


def tuned(style: Source, settings: Settings, watch: Watch | None = None) -> Path:
    """Return the network tuned to a style; the first time that takes `settings.tune` minutes.

    Ctrl-C loses nothing: the next call goes on.

    Args:
        style: A picture.
        settings: With minutes of tuning.
        watch: Told how far it is.

    Raises:
        SettingsError: The settings ask for what a tuned network cannot do.
        ImageError: The picture cannot be read.
        WeightsError: What is needed cannot be had, or the tuning failed.
    """
    if settings.color == "match":
        raise SettingsError("tune fits the network to the style's own colors: leave color out")
    begin = fetch("any-style") if settings.weights is None else Path(settings.weights)
    if not begin.is_file():
        raise WeightsError(f"there is no {begin}: name what `impasto export` wrote")
    size = min(max(round(SIZE * settings.style_scale), _LEAST_SIZE), _MOST_SIZE)
    picture = placed(open_role(style, "style", size), settings)
    picture = Picture(picture.filled().pixels)
    said = [identify(picture).sha256, sha256_of(begin), settings.tune]
    key = hashlib.sha256(json.dumps(said).encode()).hexdigest()[:12]
    stem = Path(identify(style).name).stem
    target = tuned_folder() / f"{stem}-{key}{SUFFIX}"
    if target.is_file():
        return target
    part = tuned_folder() / f"{key}.part"
    made = part / f"style{SUFFIX}"
    try:
        part.mkdir(parents=True, exist_ok=True)
        painting = picture.save(part / "painting.png", overwrite=True)
    except (OSError, ImageError) as error:
        raise WeightsError(
            f"{part} cannot be written to: make room, or set IMPASTO_HOME"
        ) from error
    arguments = {
        "painting": painting,
        "output": made,
        "begin": begin,
        "teacher": fetch("vgg19"),
        "size": size,
        "minutes": settings.tune,
    }
    for minutes, _ in fitted(arguments):
        if watch is not None:
            watch(minutes)
    made.replace(target)
    shutil.rmtree(part, ignore_errors=True)
    return target


def kept_network(content: bytes) -> Path:
    """Return the file of a network that came here as bytes.

    Raises:
        WeightsError: It cannot be written.
    """
    path = tuned_folder() / f"{hashlib.sha256(content).hexdigest()[:12]}{SUFFIX}"
    if not path.is_file():
        try:
            with replacing(path) as part:
                part.write_bytes(content)
        except OSError as error:
            raise WeightsError(
                f"{path} cannot be written ({error.strerror or error}): make room, or set "
                "IMPASTO_HOME to another folder"
            ) from error
    return path


def fitted(options: Mapping[str, object]) -> Iterator[tuple[float, str]]:
    """Fit the network to a style in a process of its own, which has the memory to itself.

    Args:
        options: Of `impasto.training.options.StyleOptions`.

    Yields:
        Minutes since it began, and a line of the log, or "" where there is none yet.

    Raises:
        SettingsError: An option is wrong.
        WeightsError: It failed.
    """
    command = [sys.executable, "-m", "impasto.training.style"]
    command += [f"--{name}={value}" for name, value in options.items()]
    environment = {**_ENVIRONMENT, **os.environ}
    lines: queue.SimpleQueue[str] = queue.SimpleQueue()
    said: list[str] = []
    pipe, begun = subprocess.PIPE, time.monotonic()
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env=environment) as child:
        readers = [
            threading.Thread(target=_hand_on, args=(child.stdout, lines.put), daemon=True),
            threading.Thread(target=_hand_on, args=(child.stderr, said.append), daemon=True),
        ]
        for reader in readers:
            reader.start()
        try:
            while child.poll() is None or not lines.empty():
                try:
                    line = lines.get(timeout=_TICK)
                except queue.Empty:
                    line = ""
                yield (time.monotonic() - begun) / 60, line
        finally:
            if child.poll() is None:
                child.terminate()
            for reader in readers:
                reader.join()
    if child.returncode:
        reason = said[-1].strip() if said else f"it ended with status {child.returncode}"
        wrong = SettingsError if child.returncode == 2 else WeightsError
        raise wrong(reason.partition("error: ")[2] or reason)


def _hand_on(stream: IO[str], take: Callable[[str], object]) -> None:
    for line in stream:
        take(line.rstrip())
