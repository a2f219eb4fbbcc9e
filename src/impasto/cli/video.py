"""`impasto video` and `impasto live`: every frame of a clip, or of a camera, painted."""

import json
import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from impasto.cli.options import (
    Force,
    Masks,
    Quiet,
    Where,
    argument,
    more,
    one_of,
    own,
    style_pictures,
    with_help_all,
    with_settings,
)
from impasto.cli.terminal import echo, say, status_of, uninterrupted
from impasto.errors import ImageError, SettingsError
from impasto.files import check_writable, output_path
from impasto.settings import Settings

if TYPE_CHECKING:
    from impasto.live.outputs import Output, Recorder
    from impasto.live.session import Session
    from impasto.runs import Stylizer
    from impasto.video.pipeline import VideoJob


@with_settings
def video(
    clip: str = argument(..., "A video, a GIF, WebP or APNG, or pictures: frames/%04d.png."),
    styles: list[str] | None = style_pictures(),
    *,
    mask: Masks = None,
    where: Where = None,
    output: str | None = own(
        None, "A .mp4, .mkv, .mov, .webm, .gif, .webp, .apng or frames/%06d.png. \\[CLIP-STYLE.mp4]"
    ),
    stability: float = own(0.9, "From 0 (each frame alone) to 1 (the least flicker).", metavar="X"),
    start: str = own("0", "Where to begin: 83.5 or 1:23.5.", metavar="TIME"),
    end: str | None = own(None, "Where to end, likewise.", metavar="TIME"),
    every: int = more(1, "Paint one frame in so many.", min=1),
    fps: float = more(25.0, "Frames a second of numbered pictures.", metavar="X"),
    codec: str | None = more(
        None, "Of the video. \\[as the file's kind has it]", metavar="h264|hevc|vp9|av1"
    ),
    crf: int | None = more(None, "Quality, lower is better. \\[18 for h264]", metavar="N"),
    sound: bool = more(True, "Keep the sound."),
    keyframes: Path | None = more(
        None, 'Strengths and style weights at times: a .json of \\[{"time": 5, "strength": 1}, …].'
    ),
    side_by_side: bool = more(False, "Show the original beside the result."),
    wipe: bool = more(False, "Show the original behind a line that moves."),
    flicker: bool = more(False, "Measure the warping error and print it in the end."),
    resume: bool = own(False, "Resume a run that was stopped."),
    strict: bool = more(False, "Stop where the clip is damaged."),
    force: Force = False,
    quiet: Quiet = False,
    options: dict[str, Any],
) -> None:
    """Paint every frame of CLIP in the style of STYLE.

    If it is stopped (Ctrl-C, a crash), at most the last 20 seconds of work are lost: run it again
    with --resume.

    Example: impasto video holiday.mp4 painting.jpg -o painted.mp4
    """
    from impasto.cli.inputs import with_masks
    from impasto.cli.painting import prepare
    from impasto.images import output_name
    from impasto.video.options import video_settings
    from impasto.video.pictures import is_sequence
    from impasto.video.setup import check_output, parts_folder, prepare_video

    if side_by_side and wipe:
        raise SettingsError("give --side-by-side or --wipe, not both")
    if flicker and (side_by_side or wipe):
        raise SettingsError("--flicker measures the result alone: leave --side-by-side, --wipe out")
    chosen = styles or []
    if masks := [*(mask or []), *(where or [])]:
        chosen, options = with_masks(chosen, masks, options)
    options |= {"stability": stability, "start": start, "end": end, "every": every, "fps": fps}
    options |= {"codec": codec, "crf": crf, "sound": sound, "keyframes": keyframes}
    options["compare"] = "side-by-side" if side_by_side else "wipe" if wipe else None
    settings, asked = video_settings(chosen, **options)
    path = Path(clip)
    whole = path.parent if is_sequence(clip) and not path.is_dir() else path
    names = [Path(style).name for style in chosen or [settings.method]]
    target = output_path(output or ".", f"{output_name(whole.absolute().stem, names)}.mp4")
    finished = resume and not force and target.exists() and not parts_folder(target).exists()
    check_output(target, [clip, *chosen], replaces=force or resume)
    prepare(settings, quiet)
    job = prepare_video(clip, chosen, target, settings, asked, strict=strict)
    if finished:
        if not _is_of(job.recipe, target):
            otherwise = "--force replaces it, or name another --output"
            raise ImageError(f"{target} was made from something else, or otherwise: {otherwise}")
        say(f"{target} is finished: nothing is left to resume; --force paints it again")
        echo(target)
        return
    for note in job.notes:
        say(note, quiet)
    echo(_run(job, job.begin(resume), quiet, flicker))


def _is_of(recipe: Mapping[str, Any], target: Path) -> bool:
    """Tell whether a video says that this is its recipe."""
    from impasto.video.writers import recipe_in

    wanted, made = json.loads(json.dumps(recipe)), recipe_in(target)
    return all(made.get(name) == wanted[name] for name in ("clip", "styles", "settings", "video"))


def _run(job: "VideoJob", done: int, quiet: bool, flicker: bool) -> Path:
    """Paint and show how it goes; return where the result is."""
    from impasto.cli.painting import Bar
    from impasto.video.flicker import FlickerMeter, mean_errors

    meter, found = FlickerMeter() if flicker else None, []
    begun, painted, whole = time.monotonic(), 0, job.video.count(job.reader.clip)
    left, right = "{task.completed} of {task.fields[whole]} frames", "{task.fields[rate]}"
    about = f"about {whole}" if whole else "?"
    try:
        with Bar(left, right, whole, quiet, whole=about, rate="") as bar:
            for progress in job.run(done):
                painted += 1
                speed = bar.tasks[0].speed
                bar.show(progress.done, rate=f"{speed:.1f} a second" if speed else "")
                if meter is not None:
                    found.append(meter(progress.original, progress.painted))
        path = job.finish()
    except KeyboardInterrupt as interrupt:
        there = f"{job.frames_of(job.done())} frames are in {job.folder}"
        say(f"stopped: {there}; the same command with --resume continues")
        raise typer.Exit(status_of(interrupt)) from None
    for line in job.reader.damage.messages():
        say(line)
    if painted:
        say(f"{painted} frames, {painted / (time.monotonic() - begun):.1f} a second", quiet)
    for note, count in job.stylizer.notes.items():
        say(f"{note} (in {count} of {painted} frames)")
    errors = [each for each in found if each is not None]
    if errors:
        stylized, original = mean_errors(errors)
        say(f"warping error {stylized:.4f}, of the original {original:.4f}")
    return path


@with_help_all
def live(
    styles: list[str] | None = style_pictures(),
    *,
    source: str = own(
        "0", "Number of a camera, a video file, or rtsp://… or http://….", metavar="SOURCE"
    ),
    method: str = own(
        "fast",
        "fast, magenta, microast, or a network of one style.",
        metavar="NAME",
        autocompletion=one_of("fast", "magenta", "microast", files=True),
    ),
    size: int = own(640, "Longest side of the picture.", min=64),
    fps: float = own(25.0, "Frames a second to hold by painting smaller; 0: never.", min=0),
    tune: float | None = own(
        None, "Minutes to fit the network to each style on its first use.", min=0
    ),
    strength: float = own(1.0, "From 0 to 1.", min=0, max=1),
    stability: float = own(0.0, "From 0 to 1, the least flicker; takes time.", min=0, max=1),
    window: bool | None = own(None, "Show a window."),
    serve: bool = own(False, "Show it on a local page."),
    host: str = more("127.0.0.1", "Address of the page.", metavar="ADDRESS"),
    port: int = more(7860, "Port of the page; 0: any.", min=0, max=65535),
    virtual: bool = own(False, "Be a camera that calls can use."),
    record: str | None = own(None, "Record from the beginning: .mp4, .mov or .mkv."),
    once: bool = more(False, "End when a file ends."),
) -> None:
    """Paint a camera live. The newest frame wins, so the picture never falls behind.

    Keys: left and right for the style, up and down for the strength, space freezes, b shows before
    and after, s saves a picture, r records, o hides the numbers, q quits.

    Example: impasto live starry_night.jpg great_wave.jpg --serve
    """
    from impasto.live.outputs import Controls, Recorder
    from impasto.live.session import Session
    from impasto.live.sources import Newest, open_source

    settings = Settings(method=method, size=size, tune=tune)
    if settings.method_row.steps:
        raise SettingsError(f"{method} is too slow for live pictures: use --method fast")
    if not styles and not settings.method_row.one_style:
        raise SettingsError("give a style picture: impasto live STYLE")
    if window is None:
        window = not (serve or virtual or record)
    if not (window or serve or virtual or record):
        raise SettingsError("it would be shown nowhere: add --serve, --virtual or --record FILE")
    path = output_path(record or ".", "impasto-live.mp4")  # the key records without --record, too
    if record:
        check_writable(path)
    recorder = Recorder(path, fps or 25)
    frames = open_source(source, loop=not once)
    stylizers, names = _stylizers(styles or [], settings)
    with ExitStack() as stack:
        outputs = _outputs(window, serve, virtual, host, port, fps)
        for output in outputs:
            stack.callback(output.close)
        session = Session(
            stack.enter_context(closing(Newest(frames, needed=True, retry=not once))),
            stylizers,
            names,
            outputs,
            Controls(styles=len(stylizers), strength=strength, recording=record is not None),
            size=size,
            fps=fps,
            stability=stability,
            folder=Path(),
            recorder=recorder,
            complain=say,
        )
        _play(session, recorder)


def _stylizers(styles: list[str], settings: Settings) -> "tuple[list[Stylizer], list[str]]":
    from impasto.cli.painting import prepare
    from impasto.gallery.names import read_styles
    from impasto.images import identify
    from impasto.stylizers import stylizer

    found = read_styles(styles)
    prepare(settings, quiet=False)
    stylizers = [stylizer([each], settings) for each in found] or [stylizer([], settings)]
    return stylizers, [Path(identify(s).name).stem for s in found] or [Path(settings.method).stem]


def _play(session: "Session", recorder: "Recorder") -> None:
    """Paint until it ends or is interrupted; then say what there is."""
    status = 0
    try:
        session.run()
    except KeyboardInterrupt as interrupt:
        status = status_of(interrupt)
    finally:
        with uninterrupted():
            recorder.close()
        for path in (*recorder.saved, *session.saved):
            echo(path)
    if session.source.trouble:
        say(session.source.trouble)
    if status:
        raise typer.Exit(status)
    rate, latency = session.meter.fps, 1000 * session.meter.latency
    echo(f"{session.frames} frames, {rate:.1f} a second, {latency:.0f} ms late", file=sys.stderr)


def _outputs(
    window: bool, serve: bool, virtual: bool, host: str, port: int, fps: float
) -> "list[Output]":
    from impasto.live.outputs import VirtualCamera, Window
    from impasto.live.page import Page

    found: list[Output] = []
    if serve:
        page = Page(host, port)
        echo(page.url)
        found.append(page)
    if virtual:
        found.append(VirtualCamera(fps or 25))
    if window:
        found.append(Window())
    return found
