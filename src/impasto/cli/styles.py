"""`impasto styles`: style pictures that have names."""

import sys
from pathlib import Path

import typer

from impasto.cli import completion
from impasto.cli.options import Force, argument, own
from impasto.cli.terminal import echo

app = typer.Typer(
    help="Style pictures that have names: listed, saved, and folders of your own.",
    invoke_without_command=True,
)


@app.callback()
def list_all(context: typer.Context) -> None:
    """List the styles that have names: use one instead of a picture's path.

    Drawings come with impasto; paintings, all in the public domain, are downloaded when they are
    first used; then come the pictures of folders that were added. Method fast comes tuned to some
    of them, and then does not need their picture.

    Example: impasto stylize photo.jpg mosaic
    """
    if context.invoked_subcommand is not None:
        return
    from impasto.gallery.names import list_styles

    styles = list(list_styles())
    width = max(len(style.name) for style in styles)
    for style in styles:
        notes = ["" if style.here else "downloaded on first use", "tuned" if style.tuned else ""]
        said = ", ".join(note for note in notes if note)
        end = f" ({said})" if said else ""
        echo(f"{style.name:<{width}}  {style.kind:<8}  {style.description}{end}")


@app.command()
def save(
    name: str = argument(..., "A name of `impasto styles`.", autocompletion=completion.styles),
    output: Path = own(..., "Where to save it.", "--output", "-o"),
    *,
    size: int | None = own(None, "Longest side in pixels, at most.", min=1),
    force: Force = False,
) -> None:
    """Save the picture of a style, as large as it is or smaller.

    Example: impasto styles save mosaic -o mosaic.png --size 512
    """
    from impasto.gallery import open_style

    echo(open_style(name, size).save(output, overwrite=force))


@app.command()
def add(folder: Path = argument(..., "Its pictures get the names of their files.")) -> None:
    """Add a folder of your own: its pictures become styles with the names of their files.

    Example: impasto styles add paintings
    """
    from impasto.gallery.names import PREFIX, is_taken
    from impasto.gallery.own import add_folder

    names, left_out = add_folder(folder)
    echo(f"{len(names)} styles in {folder}: see `impasto styles`")
    for file, reason in left_out.items():
        echo(f"left out: {file} {reason}", file=sys.stderr)
    for name in filter(is_taken, names):
        echo(f"{name} is yours now; the gallery's is {PREFIX}{name}", file=sys.stderr)


@app.command()
def remove(folder: Path = argument(..., "A folder that was added.")) -> None:
    """Take a folder of your own off the list; its pictures stay where they are."""
    from impasto.gallery.own import remove_folder

    remove_folder(folder)
