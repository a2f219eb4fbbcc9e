"""Checking what a user asks for, and making the job that does it."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from impasto.composition import mask_identities, open_masks
from impasto.errors import ImageError, SettingsError
from impasto.files import check_writable, refuse_inputs
from impasto.gallery.names import read_styles
from impasto.images import Source, Sources, fitted_size, identify, source_list
from impasto.recipes import make_recipe
from impasto.settings import Settings
from impasto.stylizers import stylizer
from impasto.video.clip import Clip
from impasto.video.encoding import CODECS, DEFAULT_CODECS, Encoding
from impasto.video.options import VideoOptions, VideoSettings, video_settings
from impasto.video.painting import FrameStylizer, even
from impasto.video.pictures import (
    ANIMATIONS,
    MIN_SIDE,
    NUMBER,
    PICTURES,
    is_sequence,
    matching,
    open_reader,
)
from impasto.video.pipeline import VideoJob
from impasto.video.streams import plan_streams
from impasto.video.writers import AnimationWriter, FrameFolderWriter, ResultWriter, VideoFileWriter

if TYPE_CHECKING:
    from typing_extensions import Unpack

_OPAQUE = (".jpg", ".jpeg", ".bmp")  # pictures without transparency


def prepare_video(
    source: str,
    styles: Sequence[Source],
    output: Path,
    settings: Settings,
    video: VideoSettings,
    *,
    strict: bool = False,
) -> VideoJob:
    """Check everything and return the job that makes a stylized clip.

    Arguments and errors are those of `stylize_video`; the settings say how frames are painted.
    """
    reader = open_reader(source, video.fps, strict=strict)
    clip = _with_square_pixels(reader.clip, output, video)
    wanted = clip.size if video.size is None else fitted_size(clip.size, video.size)
    if min(*reader.clip.size, *wanted) < MIN_SIDE:
        was, becomes = ("{}x{}".format(*each) for each in (reader.clip.size, wanted))
        said = f"{source} is {was} pixels, and would be painted at {becomes}"
        raise ImageError(f"{said}: {MIN_SIDE} a side are the least")
    size = even(wanted)
    writer, notes = _plan_output(output, clip, size, video)  # before a style is learned
    sources = read_styles(styles)
    settings = settings.updated(size=max(size))
    open_masks(settings, size, len(sources))  # says what is wrong with them before the first frame
    made = stylizer(sources, settings)
    inputs = {"styles": [identify(style) for style in sources], **mask_identities(settings)}
    recipe = make_recipe(
        settings, inputs, video=asdict(video), clip=clip.path.name, weights=made.weights
    )
    return VideoJob(
        notes=[*clip.notes, *notes],
        reader=reader,
        size=size,
        stylizer=FrameStylizer(made, video.stability, video.keyframes),
        writer=writer,
        folder=parts_folder(output),
        recipe=recipe,
        plan={**recipe, "clip": _identity(clip), "output": output.name},
        video=video,
    )


def stylize_video(
    source: str | Path,
    styles: Sources,
    output: str | Path,
    *,
    resume: bool = False,
    overwrite: bool = False,
    strict: bool = False,
    **options: Unpack[VideoOptions],
) -> Path:
    """Paint every frame of a clip without flicker, as `impasto video` does.

    Args:
        source: A video file, a GIF or WebP, or pictures: `frames/%04d.png`.
        styles: One style picture or several, or names; empty where the method knows its own style.
        output: A video file, a .gif or .webp, or a pattern as `frames/%06d.png`.
        resume: Continue a run that was stopped.
        overwrite: Whether an existing output is replaced.
        strict: Whether damage of the clip is an error; else a warning says what was left out.
        **options: Options by the names of `Settings`, and `stability` (0 to 1), `start` and `end`
            (seconds, or `1:23.5`), `every`, `codec`, `crf`, `sound`, `fps` (of numbered pictures),
            `compare` (`side-by-side`, `wipe`) and `keyframes` (a .json file). The clip's size is
            kept unless `size` is given.

    Returns:
        Where the result is.

    Raises:
        SettingsError: An option that does not exist or does not fit.
        ImageError: The clip or a style cannot be read, or the output exists.
        WeightsError: Trained weights that cannot be had.
        MissingExtraError: The extra `video` is not installed.
    """
    chosen, output = source_list(styles), Path(output)
    settings, video = video_settings(chosen, **options)
    paths = [str(style) for style in chosen if isinstance(style, str | Path)]
    check_output(output, [str(source), *paths], replaces=overwrite or resume)
    job = prepare_video(str(source), chosen, output, settings, video, strict=strict)
    for _ in job.run(job.begin(resume)):
        pass
    for line in job.reader.damage.messages():
        warnings.warn(line, stacklevel=2)
    return job.finish()


def _with_square_pixels(clip: Clip, output: Path, video: VideoSettings) -> Clip:
    """Return the clip with square pixels, if the result's codec cannot store their shape."""
    codec = CODECS.get(video.codec or DEFAULT_CODECS.get(output.suffix.lower(), ""))
    if clip.aspect == 1 or (codec is not None and codec.stores_aspect):
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
    return plain and bool(NUMBER.search(output.name))


def check_output(output: Path, inputs: Sequence[str], *, replaces: bool) -> None:
    """Refuse to write onto the clip and the styles, or, unless it `replaces`, what is there."""
    if not is_pattern(output):
        refuse_inputs(output, inputs)
        check_writable(output)
        if output.exists() and not replaces:
            raise ImageError(f"{output} exists: --force replaces it, or name another --output")
        return
    if not output.parent.is_dir():
        check_writable(output.parent)  # which is made
    clip = Path(inputs[0])
    folder = clip if clip.is_dir() else clip.parent
    if is_sequence(inputs[0]) and folder.resolve() == output.parent.resolve():
        raise ImageError(f"{output.parent} has the pictures that are painted: name another folder")
    for path in matching(str(output)):
        refuse_inputs(path, inputs)
        if not replaces:
            raise ImageError(f"{path} exists: --force replaces it, or name another folder")


def _identity(clip: Clip) -> Mapping[str, Any]:
    """Return what identifies a clip without reading it all, which would take too long."""
    source = str(clip.path)
    stats = [p.stat() for p in (matching(source) if is_sequence(source) else [clip.path])]
    files = [[stat.st_size, stat.st_mtime_ns] for stat in stats]
    return {"name": clip.path.name, "size": clip.size, "count": clip.count, "files": files}


def _plan_output(
    output: Path, clip: Clip, size: tuple[int, int], video: VideoSettings
) -> tuple[ResultWriter, Sequence[str]]:
    """Return the writer of the result, and notes on what it will lack of the clip."""
    suffix, notes = output.suffix.lower(), list[str]()
    if clip.transparent and suffix in (*DEFAULT_CODECS, *_OPAQUE):
        notes.append(f"{suffix} is written without transparency: what is transparent becomes white")
    source: Path | None = None
    encoders: Mapping[int, str] = {}
    if clip.loops is None and clip.path.is_file():
        source = clip.path
        encoders, lost = plan_streams(source, output, video)
        notes += lost
    if is_pattern(output):
        return FrameFolderWriter(output), notes
    if suffix in ANIMATIONS:
        return AnimationWriter(output, clip), notes
    if suffix not in DEFAULT_CODECS:
        kinds = ", ".join([*DEFAULT_CODECS, *ANIMATIONS])
        raise ImageError(f"a video is written as {kinds}, or frames/%06d.png; not {output.name}")
    codec = video.codec or DEFAULT_CODECS[suffix]
    if suffix == ".webm" and codec not in ("vp9", "av1"):
        raise SettingsError(".webm holds vp9 and av1: choose one of these, or another kind of file")
    if (video.crf or 0) > (worst := CODECS[codec].worst):
        raise SettingsError(f"crf of {codec} is from 0 to {worst}")
    width = 2 * size[0] if video.compare == "side-by-side" else size[0]
    encoding = Encoding(clip, (width, size[1]), codec, video.crf)
    return VideoFileWriter(output, encoding, source, video, encoders), notes
