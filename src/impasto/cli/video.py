"""`impasto video`: every frame of a clip, without flicker, with its sound."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from impasto.cli.options import INTERRUPTED, interruptible, with_settings
from impasto.errors import SettingsError

#: The part of a clip's frames that it must at least have given.
_WHOLE = 0.9
SIDE, WIPE = "side-by-side", "wipe"


@interruptible
@with_settings
def video(
    clip: Annotated[
        str, typer.Argument(help="A video, a GIF or WebP, or pictures: frames/%04d.png.")
    ],
    styles: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="STYLE...", help="What to paint like: files, or names (see styles)."
        ),
    ] = None,
    *,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="A .mp4, .mkv, .mov, .webm, .gif, .webp or frames/%06d.png. \\[CLIP-STYLE.mp4]",
        ),
    ] = None,
    stability: Annotated[
        float, typer.Option(help="From 0, each frame for itself, to 1, the least flicker.")
    ] = 0.9,
    start: Annotated[str, typer.Option(help="Where to begin: 83.5 or 1:23.5.")] = "0",
    end: Annotated[str | None, typer.Option(help="Where to end, likewise.")] = None,
    every: Annotated[int, typer.Option(help="Paint one frame in so many.", min=1)] = 1,
    fps: Annotated[float, typer.Option(help="Frames a second of a folder of pictures.")] = 25.0,
    codec: Annotated[
        str | None, typer.Option(help="h264, hevc, vp9 or av1. \\[as the file's kind has it]")
    ] = None,
    crf: Annotated[
        int | None, typer.Option(help="Quality, lower is better. \\[18 for h264]")
    ] = None,
    sound: Annotated[bool, typer.Option("--sound/--no-sound", help="Copy the sound.")] = True,
    keyframes: Annotated[
        Path | None,
        typer.Option(
            help="Strength and style weights at times, JSON: "
            '\\[{"time": 0, "strength": 0}, {"time": 5, "strength": 1}].',
            metavar="FILE",
        ),
    ] = None,
    side_by_side: Annotated[
        bool, typer.Option("--side-by-side", help="Show the original beside the result.")
    ] = False,
    wipe: Annotated[
        bool, typer.Option("--wipe", help="Show the original behind a line that moves.")
    ] = False,
    flicker: Annotated[
        bool, typer.Option("--flicker", help="Measure the warping error and print it in the end.")
    ] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on where a run was stopped.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", "-f", help="Replace an existing output.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print the path only.")] = False,
    options: dict[str, Any],
) -> None:
    """Paint every frame of CLIP in the style of STYLE.

    Stopped (Ctrl-C, a crash), no more than the last 20 seconds of work are lost: add --resume.

    Example: impasto video holiday.mp4 painting.jpg -o painted.mp4
    """
    from impasto.cli.painting import download_weights, say
    from impasto.settings import Settings
    from impasto.video.clip import Span
    from impasto.video.keyframes import read_keyframes, seconds
    from impasto.video.production import VideoOptions, check_output, prepare

    if side_by_side and wipe:
        raise SettingsError("give --side-by-side or --wipe, not both")
    if flicker and (side_by_side or wipe):
        raise SettingsError("--flicker measures the result alone: leave --side-by-side, --wipe out")
    if not {"method", "quality"} & options.keys():
        options["method"] = "fast"
    settings = Settings.from_dict(options)
    if not styles and not settings.row.one_style:
        raise SettingsError("give a style picture: impasto video CLIP STYLE")
    looks = styles or []
    asked = VideoOptions(
        span=Span(seconds(start), None if end is None else seconds(end), every),
        stability=stability,
        size=options.get("size"),
        codec=codec,
        crf=crf,
        sound=sound,
        rate=fps,
        compare=SIDE if side_by_side else WIPE if wipe else None,
        keyframes=None if keyframes is None else read_keyframes(keyframes, len(looks)),
    )
    target = output or Path(f"{_name(clip, looks or [settings.method])}.mp4")
    check_output(target, [clip, *looks], replaces=force or resume)
    download_weights(settings, quiet, lambda: None)
    work = prepare(clip, looks, target, settings, asked)
    for note in work.reader.clip.notes:
        say(note, quiet)
    done = work.begin(resume)
    print(_run(work, done, quiet, flicker))


def _name(clip: str, looks: Sequence[str]) -> str:
    """Return what a result is called if nothing is said."""
    from impasto.images import output_name
    from impasto.video.pictures import is_sequence

    path = Path(clip)
    whole = path.parent if is_sequence(clip) and not path.is_dir() else path
    return output_name(whole.absolute().stem, [Path(look).name for look in looks])


def _run(work: Any, done: int, quiet: bool, flicker: bool) -> Path:  # noqa: ANN401
    """Paint and show how it goes; return where the result is."""
    from impasto.cli.painting import say
    from impasto.cli.progress import framing
    from impasto.evaluation.flicker import FlickerMeter, mean_errors

    meter, found = FlickerMeter() if flicker else None, []
    begun, painted, whole = time.monotonic(), 0, work.span.count(work.reader.clip)
    try:
        with framing(whole, quiet) as show:
            for progress in work.run(done):
                painted += 1
                show(progress.done)
                if meter is not None:
                    found.append(meter(progress.original, progress.painted))
        path: Path = work.finish()
    except KeyboardInterrupt:
        there = work.frames_of(work.done())
        say(f"stopped: {there} frames are in {work.folder}; the same command with --resume goes on")
        raise typer.Exit(INTERRUPTED) from None
    if whole and not done and painted < _WHOLE * whole:
        say(f"there were {painted} frames of about {whole}: is {work.reader.clip.path} damaged?")
    if painted:
        rate = painted / (time.monotonic() - begun)
        say(f"{painted} frames, {rate:.1f} a second", quiet)
    errors = [each for each in found if each is not None]
    if errors:
        stylized, original = mean_errors(errors)
        say(f"warping error {stylized:.4f}, of the original {original:.4f}")
    return path
