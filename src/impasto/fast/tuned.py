"""Networks tuned to one style, when they are first needed."""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path

from filelock import FileLock

from impasto import images
from impasto.errors import ImageError, ImpastoError, MissingExtraError, SettingsError, WeightsError
from impasto.files import check_file, fingerprint, replacing, sha256_of
from impasto.images import Picture, Source, identify
from impasto.machine import module_command
from impasto.settings import Settings
from impasto.settings.methods import NETWORK_FILES
from impasto.version import __version__
from impasto.weights import fetch
from impasto.weights.folders import SUFFIX, expanded, tuned_folder

#: Told how many minutes a tuning has taken so far.
Watch = Callable[[float], object]
#: Name of a style and minutes it will take -> a context that shows the progress.
Show = Callable[[str, float], AbstractContextManager[Watch]]
#: Longest side of the style picture that a network is tuned to, if `style_scale` is 1, and bounds.
SIZE, _LEAST_SIZE, _MOST_SIZE = 512, 256, 768
#: Seconds between two reads of the log.
_TICK = 0.5
#: Settings for reading a style picture: a network that was tuned to it has no use for them.
_OF_THE_PICTURE = ("weights", "style_scale", "style_turn", "style_tiles")
#: What makes glibc ask for large pages, with which convolutions are 1.4 times as fast.
_ENVIRONMENT = {
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
    "MALLOC_MMAP_THRESHOLD_": str(1 << 30),
    "MALLOC_TRIM_THRESHOLD_": str((1 << 31) - 1),
    "THP_MEM_ALLOC_ENABLE": "1",
}

_shown: Show = lambda _name, _minutes: nullcontext(lambda _spent: None)  # noqa: E731


def show_tunings(show: Show = _shown) -> None:
    """Set how tunings show their progress from now on."""
    global _shown
    _shown = show


def is_network(source: Source) -> bool:
    """Tell whether a style is given as a network that was tuned to it, and not as a picture."""
    return isinstance(source, str | Path) and str(source).lower().endswith(NETWORK_FILES)


def network_settings(styles: Sequence[Source], settings: Settings) -> Settings:
    """Return the settings to paint by; where a style is a network, its file is the method.

    With `settings.tune` a picture becomes a network. What a network cannot do is a `SettingsError`.
    """
    networks = [Path(str(style)) for style in styles if is_network(style)]
    if not networks and not settings.tune:
        return settings
    if not settings.method_row.tunes:
        what = f"{networks[0].name} is a style" if networks else "tune is an option"
        raise SettingsError(f"{what} of method fast alone")
    if len(styles) != 1:
        raise SettingsError("a network tuned to a style does not mix: give one style, or no tune")
    if settings.color_mode.recolor_style:
        raise SettingsError("a network tuned to a style has its colors: leave color out")
    if not networks:
        file, settings = tuned(styles[0], settings), once_tuned(settings)
    elif settings.tune:
        raise SettingsError(f"{networks[0].name} is tuned already: leave tune out")
    else:
        file = networks[0]
    return settings.updated(method=str(file), tune=None, style_weights=None, masks=None)


def once_tuned(settings: Settings) -> Settings:
    """Return the settings to paint with once the networks are tuned."""
    if not settings.tune:
        return settings
    plain = {name: getattr(Settings(), name) for name in ("tune", *_OF_THE_PICTURE)}
    return settings.updated(**plain)


def tuned(style: Source, settings: Settings, folder: Path | None = None) -> Path:
    """Return the network tuned to a style; the first time that takes `settings.tune` minutes.

    After Ctrl-C the next call resumes from the last report, a minute before at most. It is kept
    in a folder, unless the user's has it already; None: the user's. Errors say what is missing:
    the picture, or photographs to learn with.
    """
    begin = fetch("any-style") if settings.weights is None else expanded(settings.weights)
    check_file(begin, WeightsError)
    size = min(max(round(SIZE * settings.style_scale), _LEAST_SIZE), _MOST_SIZE)
    picture = images.rotate_tile(images.open_for_role(style, "style", size), settings).filled()
    said = [__version__, identify(picture).sha256, sha256_of(begin), size, settings.tune]
    key = fingerprint(said)[:16]
    folders = [tuned_folder(), folder or tuned_folder()]
    for target in [each / f"tuned-{key}{SUFFIX}" for each in folders]:
        if target.is_file():
            return target
    part = target.with_suffix(".part")
    if importlib.util.find_spec("skimage") is None:
        raise MissingExtraError("tune", "lab")
    minutes, painting, output = settings.tune or 0.0, part / "painting.png", part / f"style{SUFFIX}"
    options = {
        "painting": painting,
        "output": output,
        "begin": begin,
        "device": settings.device if settings.device in ("cpu", "cuda") else "auto",
        "size": size,
        "minutes": minutes,
    }
    with _writing(part):
        part.mkdir(parents=True, exist_ok=True)
        lock = FileLock(part.with_suffix(".lock"))
    with _shown(Path(identify(style).name).stem, minutes) as watch, lock:
        if target.is_file():  # another process was waited for
            return target
        with _writing(part):
            Picture(picture.pixels).save(painting, overwrite=True)
        for spent, _ in fitted(options):
            watch(spent)
        with _writing(part):
            output.replace(target)
    shutil.rmtree(part, ignore_errors=True)
    return target


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, ImageError) as error:
        reason = getattr(error, "strerror", None) or error
        raise WeightsError(
            f"{path} cannot be written ({reason}): make room, or set IMPASTO_HOME to another folder"
        ) from error


def kept_network(content: bytes) -> Path:
    """Save a network that arrived as bytes, and return its file."""
    path = tuned_folder() / f"{hashlib.sha256(content).hexdigest()[:16]}{SUFFIX}"
    if not path.is_file():
        with _writing(path), replacing(path) as part:
            part.write_bytes(content)
    return path


def fitted(options: Mapping[str, object]) -> Iterator[tuple[float, str]]:
    """Fit the network to a style in a process of its own, which has the memory to itself.

    Its options are those of `impasto.training.options.StyleOptions`; a wrong one is a
    `SettingsError`, a failure a `WeightsError`. Yields minutes since it began, and a line of the
    log, or "" where there is none yet.
    """
    given = [f"--{name}={value}" for name, value in options.items()]
    command = module_command("impasto.training.style", *given)
    environment = {**_ENVIRONMENT, **os.environ, "PYTHONIOENCODING": "utf-8"}
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        said, trouble = Path(folder) / "said", Path(folder) / "trouble"
        with (
            said.open("w") as output,
            trouble.open("w") as errors,
            subprocess.Popen(command, stdout=output, stderr=errors, env=environment) as child,
            said.open(encoding="utf-8", errors="replace") as log,
        ):
            try:
                ended = False
                while not ended:
                    ended = child.poll() is not None  # first: its last lines are read after it
                    for line in log.readlines() or [""]:
                        yield (time.monotonic() - begun) / 60, line.rstrip()
                    with suppress(subprocess.TimeoutExpired):
                        child.wait(_TICK)
            finally:
                child.terminate()
        if child.returncode:
            raise _failure(child.returncode, trouble.read_text("utf-8", "replace"))


def _failure(status: int, said: str) -> ImpastoError:
    if status < 0:
        return WeightsError(f"training was ended by signal {-status}, perhaps for want of memory")
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    reason = lines[-1] if lines else f"the training ended with status {status}"
    wrong = SettingsError if status == 2 else WeightsError
    return wrong(reason.partition("error: ")[2] or reason)
