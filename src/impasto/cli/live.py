"""`impasto live`: a camera, painted."""

import sys
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from impasto.cli.options import more, one_of, own, say, style_pictures, with_help_all
from impasto.cli.terminal import echo, status_of, uninterrupted
from impasto.errors import SettingsError

if TYPE_CHECKING:
    from impasto.live.outputs import Output, Recorder
    from impasto.live.session import Session
    from impasto.runs import Stylizer
    from impasto.settings import Settings


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
        None, "Minutes to fit the network to each style first; 0: never.", min=0
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
    from impasto.files import check_writable, output_path
    from impasto.live.outputs import Controls, Recorder
    from impasto.live.session import Session
    from impasto.live.sources import Newest, open_source
    from impasto.settings import Settings

    settings = Settings(method=method, size=size, tune=tune)
    if settings.row.steps:
        raise SettingsError(f"{method} is too slow for live pictures: use --method fast")
    if not styles and not settings.row.one_style:
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
        _run(session, recorder)


def _stylizers(styles: list[str], settings: "Settings") -> "tuple[list[Stylizer], list[str]]":
    """Return one stylizer for each style, and the names of the styles."""
    from impasto.cli.painting import prepare
    from impasto.fast.tuned import find_styles
    from impasto.images import identify
    from impasto.stylizers import stylizer

    found = [each for style in styles for each in find_styles([style], settings)]
    prepare(settings, quiet=False)
    stylizers = [stylizer([each], settings) for each in found] or [stylizer([], settings)]
    return stylizers, [Path(identify(s).name).stem for s in found] or [Path(settings.method).stem]


def _run(session: "Session", recorder: "Recorder") -> None:
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
    said = f"{session.frames} frames, {rate:.1f} a second, {latency:.0f} ms late"
    echo(said, file=sys.stderr)


def _outputs(
    window: bool, serve: bool, virtual: bool, host: str, port: int, fps: float
) -> "list[Output]":
    """Open what is shown on; the page's address is printed."""
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
