"""The commands, put together, and what becomes of errors."""

import inspect
import re
import sys
from typing import Annotated

import typer

from impasto.cli import batch, doctor, evaluate, recipes, studio, stylize, video, weights
from impasto.cli.options import Command, Group, in_flags, spelled
from impasto.cli.terminal import announce, echo, replace_unprintable, say
from impasto.errors import ImpastoError, SettingsError
from impasto.version import __version__
from impasto.weights.fetching import show_downloads

#: How torch says so, on the CPU and on a GPU: no exception of its own on the CPU.
_OUT_OF_MEMORY = re.compile("allocate memory|out of memory", re.IGNORECASE)
#: A name of so many characters is shortened in a message.
_LONG = re.compile(r"\S{400,}")

app = typer.Typer(
    cls=Group,
    help="Paint any picture in the style of any artwork.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["--help", "-h"]},
)
for command in (
    *(stylize.stylize, stylize.explore, video.video, video.live, studio.studio),
    *(batch.batch, batch.dataset, batch.collect),
    *(evaluate.evaluate, evaluate.compare, studio.judge, evaluate.flicker),
    *(recipes.reproduce, recipes.recipe, recipes.settings),
    *(doctor.methods, doctor.doctor, weights.export),
):
    text = re.sub(r"(?<!\n)\n(?!\n)", " ", inspect.getdoc(command) or "")  # as wide as the terminal
    app.command(command.__name__, cls=Command, help=text)(spelled(command))
app.add_typer(stylize.styles_app, name="styles")
app.add_typer(weights.app, name="weights")
app.add_typer(weights.train_app, name="train")


def _version(wanted: bool) -> None:
    if wanted:
        echo(f"impasto {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Paint any picture in the style of any artwork."""
    show_downloads(announce)


def run() -> None:
    """Run the command; an error that impasto knows is one line and exit status 1 or 2."""
    replace_unprintable()
    try:
        app(prog_name="impasto")
    except SettingsError as error:
        _fail(in_flags(str(error)), 2)
    except ImpastoError as error:
        _fail(str(error), 1)
    except (MemoryError, RuntimeError) as error:
        if not (isinstance(error, MemoryError) or _OUT_OF_MEMORY.search(str(error))):
            raise
        _fail("out of memory: try a smaller --size", 1)
    except BrokenPipeError:
        # The reader of our output has gone; Python would complain once more while closing it.
        sys.stderr.close()
        sys.exit(1)
    except OSError as error:  # of a name that no file can have, say
        if error.filename is None:
            raise
        _fail(f"{error.filename}: {error.strerror}: choose another name or place", 1)


def _fail(message: str, status: int) -> None:
    short = _LONG.sub(lambda word: f"{word[0][:80]}…{word[0][-20:]}", message)
    say(f"impasto: {short}")
    sys.exit(status)
