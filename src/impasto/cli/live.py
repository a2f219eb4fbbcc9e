"""`impasto live`: a camera, painted."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from impasto.cli.options import INTERRUPTED
from impasto.errors import SettingsError

if TYPE_CHECKING:
    from impasto.live.session import Output


def live(
    styles: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="STYLE...", help="What to paint like: files, or names (see styles)."
        ),
    ] = None,
    *,
    source: Annotated[
        str, typer.Option(help="Number of a camera, a video file, or rtsp://… or http://….")
    ] = "0",
    method: Annotated[
        str, typer.Option(help="fast, magenta, microast, or a network of one style.")
    ] = "fast",
    size: Annotated[int, typer.Option(help="Longest side of the picture.", min=64)] = 640,
    fps: Annotated[
        float, typer.Option(help="Frames a second to hold by painting smaller; 0: never.", min=0)
    ] = 25.0,
    tune: Annotated[
        float | None,
        typer.Option(help="Minutes to fit the network to each style first; 0: never.", min=0),
    ] = None,
    strength: Annotated[float, typer.Option(help="From 0 to 1.", min=0, max=1)] = 1.0,
    stability: Annotated[
        float, typer.Option(help="From 0 to 1, the least flicker; takes time.", min=0, max=1)
    ] = 0.0,
    window: Annotated[
        bool | None, typer.Option("--window/--no-window", help="Show a window.")
    ] = None,
    serve: Annotated[bool, typer.Option("--serve", help="Show it on a local page.")] = False,
    host: Annotated[str, typer.Option(help="Address of the page.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port of the page; 0: any.", min=0, max=65535)] = 7860,
    virtual: Annotated[
        bool, typer.Option("--virtual", help="Be a camera that calls can use.")
    ] = False,
    record: Annotated[
        Path | None, typer.Option(help="Record from the beginning into an .mp4.", metavar="FILE")
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="End when a file ends.")] = False,
) -> None:
    """Paint a camera as it is seen. The newest frame wins: it never falls behind.

    Keys: left and right for the style, up and down for the strength, space freezes, b shows before
    and after, s saves a picture, r records, o hides the numbers, q quits.

    Example: impasto live starry_night.jpg great_wave.jpg --serve
    """
    from impasto.cli.painting import download_weights
    from impasto.fast.tuned import find_styles
    from impasto.images import identify
    from impasto.live.controls import Controls
    from impasto.live.recording import Recorder
    from impasto.live.session import Session
    from impasto.live.sources import Newest, open_source
    from impasto.settings import Settings
    from impasto.stylizers import stylizer

    settings = Settings(method=method, size=size, tune=tune)
    if settings.row.steps:
        raise SettingsError(f"{method} is too slow for live pictures: use --method fast")
    if not styles and not settings.row.one_style:
        raise SettingsError("give a style picture: impasto live STYLE")
    frames = open_source(source, loop=not once)
    found = [each for style in styles or [] for each in find_styles([style], settings)]
    download_weights(settings, False, lambda: None)
    stylizers = [stylizer([each], settings) for each in found] or [stylizer([], settings)]
    names = [Path(identify(each).name).stem for each in found] or [Path(method).stem]
    recorder = Recorder(record or Path("impasto-live.mp4"), fps or 25)
    controls = Controls(styles=len(stylizers), strength=strength, recording=record is not None)
    shown = window if window is not None else not (serve or virtual or record)
    outputs: list[Output] = _outputs(shown, serve, virtual, host, port, fps)
    newest = Newest(frames)
    session = Session(
        newest,
        stylizers,
        names,
        outputs,
        controls,
        size=size,
        fps=fps,
        stability=stability,
        folder=Path(),
        recorder=recorder,
        complain=lambda trouble: print(f"{trouble}; trying again", file=sys.stderr),
    )
    interrupted = False
    try:
        report = session.run()
    except KeyboardInterrupt:
        interrupted = True
    finally:
        newest.close()
        recorder.close()
        for output in outputs:
            output.close()
    for path in recorder.saved:
        print(path)
    if interrupted:
        raise typer.Exit(INTERRUPTED)
    for path in report.saved:
        print(path)
    said = f"{report.frames} frames, {report.fps:.1f} a second, {1000 * report.latency:.0f} ms late"
    print(said, file=sys.stderr)


def _outputs(
    window: bool, serve: bool, virtual: bool, host: str, port: int, fps: float
) -> "list[Output]":
    """Open what is shown on; the page's address is printed."""
    found: list[Output] = []
    if serve:
        from impasto.live.page import Page

        page = Page(host, port)
        print(page.url, flush=True)
        found.append(page)
    if virtual:
        from impasto.live.recording import VirtualCamera

        found.append(VirtualCamera(fps or 25))
    if window:
        from impasto.live.window import Window

        found.append(Window())
    return found
