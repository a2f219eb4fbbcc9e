"""A clip stylized from beginning to end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from impasto.errors import SettingsError
from impasto.images import Source, Sources, source_list
from impasto.settings import Settings
from impasto.video.setup import VideoOptions, check_output, prepare

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from impasto.settings.typed import Options


def video_settings(styles: Sequence[Source], **options: Unpack[Options]) -> Settings:
    """Return the settings of a clip's frames: method fast where nothing else is asked for.

    Raises:
        SettingsError: An option that does not exist or does not fit, or there is no style.
    """
    method: dict[str, Any] = {} if {"method", "quality"} & options.keys() else {"method": "fast"}
    settings = Settings(**method).updated(**options)
    if not styles and not settings.row.one_style:
        raise SettingsError("give a style picture: impasto video CLIP STYLE")
    return settings


def stylize_video(
    source: str | Path,
    styles: Sources,
    output: str | Path,
    video: VideoOptions | None = None,
    *,
    resume: bool = False,
    overwrite: bool = False,
    **options: Unpack[Options],
) -> Path:
    """Paint every frame of a clip without flicker, as `impasto video` does.

    Args:
        source: A video file, a GIF or WebP, or pictures: `frames/%04d.png`.
        styles: One style picture or several, or names; empty where the method knows its own style.
        output: A video file, a .gif or .webp, or a pattern as `frames/%06d.png`.
        video: Stability, which part, codec and others; None for the defaults.
        resume: Continue a run that was stopped.
        overwrite: Whether an existing output is replaced.
        **options: Single options, by the names of `Settings`. The clip's size is kept unless
            `size` is given.

    Returns:
        Where the result is.

    Raises:
        SettingsError: An option that does not exist or does not fit.
        ImageError: The clip or a style cannot be read, or the output exists.
        WeightsError: Trained weights that cannot be had.
        MissingExtraError: The extra `video` is not installed.
    """
    looks, output = source_list(styles), Path(output)
    settings = video_settings(looks, **options)
    video = video or VideoOptions()
    video = replace(video, size=options.get("size", video.size))
    paths = [str(look) for look in looks if isinstance(look, str | Path)]
    check_output(output, [str(source), *paths], replaces=overwrite or resume)
    work = prepare(str(source), looks, output, settings, video)
    for _ in work.run(work.begin(resume)):
        pass
    return work.finish()
