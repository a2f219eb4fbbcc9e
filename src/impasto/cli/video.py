"""`impasto video`: every frame of a clip, without flicker, with its sound."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from impasto.cli.options import (
    Force,
    Quiet,
    argument,
    more,
    own,
    say,
    stopping,
    style_pictures,
    with_settings,
)
from impasto.cli.terminal import echo
from impasto.errors import SettingsError
from impasto.files import output_path

if TYPE_CHECKING:
    from impasto.video.pipeline import Work


@with_settings
def video(
    clip: str = argument(..., "A video, a GIF, WebP or APNG, or pictures: frames/%04d.png."),
    styles: list[str] | None = style_pictures(),
    *,
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
    from impasto.cli.painting import prepare
    from impasto.images import output_name
    from impasto.video.options import video_settings
    from impasto.video.pictures import is_sequence
    from impasto.video.setup import check_output, parts_folder
    from impasto.video.setup import prepare as begun

    if side_by_side and wipe:
        raise SettingsError("give --side-by-side or --wipe, not both")
    if flicker and (side_by_side or wipe):
        raise SettingsError("--flicker measures the result alone: leave --side-by-side, --wipe out")
    looks = styles or []
    compare = "side-by-side" if side_by_side else "wipe" if wipe else None
    options |= {"stability": stability, "start": start, "end": end, "every": every, "fps": fps}
    options |= {"codec": codec, "crf": crf, "sound": sound}
    options |= {"compare": compare, "keyframes": keyframes}
    settings, asked = video_settings(looks, **options)
    path = Path(clip)
    whole = path.parent if is_sequence(clip) and not path.is_dir() else path
    names = [Path(look).name for look in looks or [settings.method]]
    target = output_path(output or ".", f"{output_name(whole.absolute().stem, names)}.mp4")
    if resume and not force and target.exists() and not parts_folder(target).exists():
        say(f"{target} is finished: nothing is left to resume; --force paints it again")
        echo(target)
        return
    check_output(target, [clip, *looks], replaces=force or resume)
    prepare(settings, quiet)
    work = begun(clip, looks, target, settings, asked, strict=strict)
    for note in work.notes:
        say(note, quiet)
    echo(_run(work, work.begin(resume), quiet, flicker))


def _run(work: "Work", done: int, quiet: bool, flicker: bool) -> Path:
    """Paint and show how it goes; return where the result is."""
    from impasto.cli.progress import Bar
    from impasto.video.flicker import FlickerMeter, mean_errors

    meter, found = FlickerMeter() if flicker else None, []
    begun, painted, whole = time.monotonic(), 0, work.video.count(work.reader.clip)

    def stopped() -> str:
        there = f"{work.frames_of(work.done())} frames are in {work.folder}"
        return f"stopped: {there}; the same command with --resume continues"

    with stopping(stopped):
        left, right = "{task.completed} of {task.fields[whole]} frames", "{task.fields[rate]}"
        about = f"about {whole}" if whole else "?"
        with Bar(left, right, whole, quiet, whole=about, rate="") as bar:
            for progress in work.run(done):
                painted += 1
                speed = bar.tasks[0].speed
                bar.show(progress.done, rate=f"{speed:.1f} a second" if speed else "")
                if meter is not None:
                    found.append(meter(progress.original, progress.painted))
        path = work.finish()
    for line in work.reader.damage.told():
        say(line)
    if painted:
        rate = painted / (time.monotonic() - begun)
        say(f"{painted} frames, {rate:.1f} a second", quiet)
    for note, count in work.painter.notes.items():
        say(f"{note} (in {count} of {painted} frames)")
    errors = [each for each in found if each is not None]
    if errors:
        stylized, original = mean_errors(errors)
        say(f"warping error {stylized:.4f}, of the original {original:.4f}")
    return path
