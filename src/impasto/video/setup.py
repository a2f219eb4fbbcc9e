"""From what a user asks for to the work that does it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from impasto.errors import ImageError, SettingsError
from impasto.fast.tuned import find_styles
from impasto.files import refuse_inputs
from impasto.images import Source, fitted_size, identify
from impasto.images.recipe import recipe_json
from impasto.recipes import make_recipe
from impasto.settings import Settings
from impasto.stylizers import stylizer
from impasto.video.clip import Clip, Reader, Span
from impasto.video.encoding import CODECS, USUAL, Encoding
from impasto.video.files import FileReader
from impasto.video.keyframes import Keyframes
from impasto.video.mux import Extras, check_container
from impasto.video.painting import FramePainter
from impasto.video.pictures import (
    ANIMATIONS,
    PICTURES,
    AnimationReader,
    SequenceReader,
    is_sequence,
    sequence,
)
from impasto.video.pipeline import Sink, Work
from impasto.video.writers import AnimationSink, FileSink, FolderSink

#: Pixels of the shorter side of a clip.
LEAST = 16


@dataclass(frozen=True)
class VideoOptions:
    """What is asked for besides `Settings`.

    Attributes:
        span: Which frames.
        stability: From 0, frame by frame, to 1.
        size: Longest side in pixels; None: the clip's own.
        codec: Of `CODECS`; None: what the file's kind usually has.
        crf: Quality of the codec, lower is better; None: its usual one.
        sound: Whether sound is copied.
        rate: Frames a second of pictures by number.
        compare: `side-by-side`, `wipe` or None.
        keyframes: Strength and mixture over time; None: as the settings say.

    Raises:
        SettingsError: A value is out of range.
    """

    span: Span = field(default_factory=Span)
    stability: float = 0.9
    size: int | None = None
    codec: str | None = None
    crf: int | None = None
    sound: bool = True
    rate: float = 25.0
    compare: str | None = None
    keyframes: Keyframes | None = None

    def __post_init__(self) -> None:
        rules = {
            "stability is from 0 to 1": 0 <= self.stability <= 1,
            "every is at least 1": self.span.every >= 1,
            "start is not negative, and end is after it": self.span.start >= 0
            and (self.span.end is None or self.span.start < self.span.end),
            "size is at least 16": self.size is None or self.size >= 16,
            "crf is from 0 to 63": self.crf is None or 0 <= self.crf <= 63,
            f"codec is {', '.join(CODECS)}": self.codec is None or self.codec in CODECS,
            "fps is more than 0 and at most 1000": 0 < self.rate <= 1000,
        }
        for rule, kept in rules.items():
            if not kept:
                raise SettingsError(rule)


def open_reader(source: str, rate: float = 25.0) -> Reader:
    """Open a clip: a video file, a GIF or WebP, or pictures by number.

    Args:
        source: A file, a folder, or a pattern as `frames/%04d.png`.
        rate: Frames a second of pictures by number.

    Raises:
        ImageError: It is missing, damaged or of another kind.
        MissingExtraError: PyAV is not installed.
    """
    path = Path(source)
    if is_sequence(source):
        return SequenceReader(source, Fraction(rate).limit_denominator(1001))
    if path.suffix.lower() in ANIMATIONS:
        return AnimationReader(path)
    return FileReader(path)


def prepare(
    source: str, styles: Sequence[Source], output: Path, settings: Settings, options: VideoOptions
) -> Work:
    """Check everything and return the work that makes a stylized clip.

    Args:
        source: What `open_reader` takes.
        styles: Style pictures.
        output: A video file, a .gif or .webp, or a pattern as `frames/%06d.png`.
        settings: How frames are painted.
        options: What else is asked for.

    Raises:
        SettingsError: Something does not fit.
        ImageError: The clip or a style cannot be read.
        WeightsError: Trained weights that cannot be had.
        MissingExtraError: Something is not installed.
    """
    reader = open_reader(source, options.rate)
    if min(reader.clip.size) < LEAST:
        width, height = reader.clip.size
        raise ImageError(f"{source} is {width}x{height} pixels: {LEAST} a side are the least")
    clip = _shown_square(reader.clip, output, options)
    size = painted_size(clip, options.size)
    shown = (2 * size[0], size[1]) if options.compare == "side-by-side" else size
    _sink(output, clip, shown, options, {})  # what does not fit is said before a style is learned
    sources = find_styles(styles, settings)
    settings = settings.updated(size=max(size))
    made = stylizer(sources, settings)
    painter = FramePainter(made, options.stability, options.keyframes)
    inputs = {"styles": [identify(style) for style in sources]}
    recipe = make_recipe(settings, inputs, video=asdict(options), weights=made.weights)
    plan = {**recipe, "clip": _identity(clip), "output": output.name}
    return Work(
        reader=reader,
        span=options.span,
        size=size,
        painter=painter,
        sink=_sink(output, clip, shown, options, recipe),
        folder=parts_folder(output),
        plan=plan,
        compare=options.compare,
    )


def _shown_square(clip: Clip, output: Path, options: VideoOptions) -> Clip:
    """Return the clip with square pixels, if what it is written as cannot say another form."""
    codec = CODECS.get(options.codec or USUAL.get(output.suffix.lower(), ""))
    if clip.aspect == 1 or (codec is not None and codec.says_aspect):
        return clip
    aspect = clip.aspect if clip.rotation in (0, 180) else 1 / clip.aspect
    width, height = clip.size
    return replace(clip, size=(round(width * aspect), height), aspect=Fraction(1))


def parts_folder(output: Path) -> Path:
    """Return where the parts of a result are until it is there."""
    output = output.absolute()
    target = output.parent if is_pattern(output) else output
    return target.with_name(f"{target.name}.parts")


def is_pattern(output: Path) -> bool:
    """Tell whether an output is pictures by number: one `%d` or `%06d` in a picture's name."""
    plain = output.suffix.lower() in PICTURES and output.name.count("%") == 1
    return plain and bool(re.search(r"%0?\d*d", output.name))


def check_output(output: Path, inputs: Sequence[str], *, replaces: bool) -> None:
    """Refuse to write onto inputs, or onto what is there.

    Args:
        output: What `prepare` takes.
        inputs: The clip and the styles.
        replaces: Whether what is there may be replaced.

    Raises:
        ImageError: It is one of the inputs, or there.
    """
    if not is_pattern(output):
        refuse_inputs(output, inputs)
        if output.exists() and not replaces:
            raise ImageError(f"{output} exists: --force replaces it, or name another --output")
        return
    clip = Path(inputs[0])
    folder = clip if clip.is_dir() else clip.parent
    if is_sequence(inputs[0]) and folder.resolve() == output.parent.resolve():
        raise ImageError(f"{output.parent} has the pictures that are painted: name another folder")
    there = _existing(output)
    for path in there:
        refuse_inputs(path, inputs)
    if there and not replaces:
        raise ImageError(f"{there[0]} exists: --force replaces it, or name another folder")


def _existing(output: Path) -> Sequence[Path]:
    """Return the pictures of a pattern that are there."""
    try:
        return sequence(str(output))
    except ImageError:
        return ()


def painted_size(clip: Clip, longest: int | None) -> tuple[int, int]:
    """Return width and height of painted frames: even, as encoders want them."""
    width, height = clip.size if longest is None else fitted_size(clip.size, longest)
    return max(16, width // 2 * 2), max(16, height // 2 * 2)


def _identity(clip: Clip) -> Mapping[str, Any]:
    """Return what tells a clip from another: reading all of it to hash it would take too long."""
    facts: dict[str, Any] = {"name": clip.path.name, "size": clip.size, "count": clip.count}
    source = str(clip.path)
    files = sequence(source) if is_sequence(source) else [clip.path]
    stats = [path.stat() for path in files]
    return facts | {"files": [[stat.st_size, stat.st_mtime_ns] for stat in stats]}


def _sink(
    output: Path,
    clip: Clip,
    size: tuple[int, int],
    options: VideoOptions,
    recipe: Mapping[str, Any],
) -> Sink:
    suffix = output.suffix.lower()
    if is_pattern(output):
        return FolderSink(output)
    if suffix in ANIMATIONS:
        return AnimationSink(output, clip, recipe)
    if suffix not in USUAL:
        kinds = ", ".join([*USUAL, *ANIMATIONS])
        raise ImageError(f"a video is written as {kinds}, or frames/%06d.png; not {output.name}")
    codec = options.codec or USUAL[suffix]
    if suffix == ".webm" and codec not in ("vp9", "av1"):
        raise SettingsError(".webm holds vp9 and av1: choose one of these, or another kind of file")
    source = clip.path if _has_streams(clip) else None
    if options.sound:
        check_container(output, source)
    extras = Extras(source, options.span, options.sound, {"comment": recipe_json(recipe)})
    return FileSink(output, Encoding(clip, size, codec, options.crf), extras)


def _has_streams(clip: Clip) -> bool:
    return clip.path.is_file() and clip.path.suffix.lower() not in (*ANIMATIONS, *PICTURES)
