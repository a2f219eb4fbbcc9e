"""`impasto styles`: pictures to paint like that have names."""

import sys
from pathlib import Path

import typer

from impasto.cli import completion
from impasto.cli.options import Force, argument, own

app = typer.Typer(
    help="Style pictures that have names: listed, saved, and folders of your own.",
    invoke_without_command=True,
)


@app.callback()
def list_all(context: typer.Context) -> None:
    """List the styles that have names: use one instead of a picture's path.

    Drawings are the project's own; paintings, all in the public domain, are downloaded when they
    are first used; then come the pictures of folders that were added. Method fast comes tuned to
    some of them, and then needs no picture of theirs.

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
        print(f"{style.name:<{width}}  {style.kind:<8}  {style.description}{end}")


@app.command()
def save(
    name: str = argument(..., "A name of `impasto styles`.", autocompletion=completion.styles),
    output: Path = own(..., "Where to save it.", "--output", "-o"),
    *,
    size: int = own(1024, "Longest side in pixels.", min=32, max=8192),
    seed: int = own(0, "Of a drawing: another of its kind.", min=0),
    force: Force = False,
) -> None:
    """Save a style picture: a drawing at any size, and another one for each seed.

    Example: impasto styles save mosaic -o mosaic.png --size 2048 --seed 3
    """
    from impasto.gallery import DRAWINGS, draw
    from impasto.gallery.names import PREFIX, find_style
    from impasto.images import open_picture

    name = name.removeprefix(PREFIX)
    if name in DRAWINGS:
        picture = draw(name, size, seed)
    else:
        picture = open_picture(find_style(f"{PREFIX}{name}"), max_size=size)
    print(picture.save(output, overwrite=force))


@app.command()
def add(folder: Path = argument(..., "Whose pictures get names: those of the files.")) -> None:
    """Add a folder of your own: its pictures are styles by their file names.

    Example: impasto styles add paintings
    """
    from impasto.gallery.names import is_taken
    from impasto.gallery.own import add_folder

    names = add_folder(folder)
    taken = [name for name in names if is_taken(name)]
    print(f"{len(names) - len(taken)} styles in {folder}: see `impasto styles`")
    if taken:
        print(f"the gallery has {', '.join(taken)} already: rename those files", file=sys.stderr)


@app.command()
def remove(folder: Path = argument(..., "A folder that was added.")) -> None:
    """Take a folder of your own off the list; its pictures stay where they are."""
    from impasto.gallery.own import remove_folder

    remove_folder(folder)
