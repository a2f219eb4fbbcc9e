"""`impasto styles`: pictures to paint like that have names."""

import sys
from pathlib import Path
from typing import Annotated

import typer

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
    name: Annotated[str, typer.Argument(help="A name of `impasto styles`.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Where to save it.")],
    *,
    size: Annotated[int, typer.Option(help="Longest side in pixels.", min=32, max=8192)] = 1024,
    seed: Annotated[int, typer.Option(help="Of a drawing: another of its kind.", min=0)] = 0,
    force: Annotated[bool, typer.Option("--force", "-f", help="Replace an existing file.")] = False,
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
def add(
    folder: Annotated[Path, typer.Argument(help="Whose pictures get names: those of the files.")],
) -> None:
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
def remove(
    folder: Annotated[Path, typer.Argument(help="A folder that was added.")],
) -> None:
    """Take a folder of your own off the list; its pictures stay where they are."""
    from impasto.gallery.own import remove_folder

    remove_folder(folder)
