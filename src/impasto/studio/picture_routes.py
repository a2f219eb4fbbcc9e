"""Requests about the studio, its styles, uploads, and pictures that are painted at once."""

import time
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from fastapi import APIRouter, Depends, Query, Request, UploadFile
from fastapi.responses import FileResponse, Response
from PIL import Image

from impasto.composition import compose
from impasto.errors import ImageError
from impasto.gallery.names import style_path as path_of_style
from impasto.images import Picture, open_picture
from impasto.settings import Settings
from impasto.studio.bodies import MOST_STYLES, PaintBody, StyleBody, settings_schema
from impasto.studio.processes import THUMBNAIL, small_copy
from impasto.studio.responses import FileOf, Jpeg, StudioOf, VisitorOf, in_turn, jpeg
from impasto.studio.store import GoneError
from impasto.studio.studio import EXAMPLES, QUICK
from impasto.version import __version__

#: Longest side of a camera's frames as they are painted, in pixels, and pixels of one.
CAMERA, _MOST_FRAME = 384, 2_000_000
#: Longest side of a thumbnail, in pixels.
Side = Annotated[int, Query(ge=16, le=THUMBNAIL)]
Region = Literal["person", "background", "sky", "face"]
router = APIRouter(prefix="/api")
_unchanging = lru_cache(maxsize=256)(small_copy)


@router.get("/studio")
def about(studio: StudioOf) -> dict[str, Any]:
    """What this studio is and takes."""
    options = studio.options
    return {
        "version": __version__,
        "public": options.public,
        "max_size": options.max_size,
        "max_upload": int(options.max_upload * 1e6),
        "minutes": options.minutes,
        "camera_size": CAMERA,
    }


@router.get("/health")
def health(studio: StudioOf) -> dict[str, float]:
    """Paint a small picture, unless another one is being painted, and say how long that took."""
    if studio.engine.turns.busy:
        return {"seconds": 0.0}
    begun, settings = time.perf_counter(), Settings(method="fast", size=64)
    studio.engine.turns.submit("health", lambda: studio.engine.sample(64, settings)).result()
    return {"seconds": round(time.perf_counter() - begun, 3)}


@router.get("/styles")
def styles(studio: StudioOf) -> list[dict[str, Any]]:
    """The styles that have names."""
    return [
        {
            **each._asdict(),
            "title": name.replace("_", " ").capitalize(),
            "description": each.description if each.kind != "own" else "",
            "thumbnail": f"api/styles/{name}/thumbnail" if each.here else None,
        }
        for name, each in studio.styles.items()
    ]


@router.post("/styles/read", status_code=204)
def read_styles(studio: StudioOf) -> None:
    """Read drawn styles while nobody waits: somebody is about to choose one."""
    studio.engine.read_ahead()


@router.get("/styles/{name}/thumbnail", response_class=Jpeg)
def style_thumbnail(name: str, studio: StudioOf, size: Side = THUMBNAIL) -> Response:
    """A small copy of a style."""
    if name not in studio.styles or not studio.styles[name].here:
        raise GoneError(f"the style {name} has no picture here")
    copy = small_copy if studio.styles[name].kind == "own" else _unchanging
    return Jpeg(copy(path_of_style(name), size), headers={"Cache-Control": "max-age=86400"})


@router.get("/examples")
def examples() -> list[dict[str, str]]:
    """Photographs to begin with."""
    said = [(name, title, f"api/examples/{name}") for name, title in EXAMPLES.items()]
    return [
        {"name": name, "title": title, "picture": address, "thumbnail": f"{address}/thumbnail"}
        for name, title, address in said
    ]


def _example(name: str, studio: StudioOf) -> Path:
    if name not in EXAMPLES:
        raise GoneError(f"there is no example {name}")
    return studio.examples[name]


@router.get("/examples/{name}", response_class=Jpeg)
def example(path: Annotated[Path, Depends(_example)]) -> Response:
    """A photograph to begin with."""
    return FileResponse(path)


@router.get("/examples/{name}/thumbnail", response_class=Jpeg)
def example_thumbnail(path: Annotated[Path, Depends(_example)], size: Side = THUMBNAIL) -> Response:
    """A small copy of a photograph to begin with."""
    return Jpeg(_unchanging(path, size))


@router.get("/settings")
def settings() -> dict[str, Any]:
    """The settings as a JSON Schema."""
    return settings_schema()


@router.post("/files", status_code=201)
def upload(
    file: UploadFile, studio: StudioOf, who: VisitorOf, kind: Literal["", "picture", "clip"] = ""
) -> dict[str, Any]:
    """Upload a picture or a clip."""
    size, name = file.size or 0, file.filename or ""
    return studio.store.add(who, file.file, size, name, kind).described()


@router.get("/files/{id}", responses={200: {"content": {"image/png": {}}}})
def file(found: FileOf) -> Response:
    """An upload as it was understood: upright, in sRGB, at most as large as results are."""
    kind = "image/png" if found.facts["kind"] == "picture" else "application/octet-stream"
    return FileResponse(found.path, media_type=kind, filename=found.name)


@router.get("/files/{id}/thumbnail", response_class=Jpeg)
def file_thumbnail(found: FileOf) -> Response:
    """A small copy of an upload."""
    if not found.small.is_file():
        raise GoneError("this file has no picture")
    return FileResponse(found.small)


@router.get("/files/{id}/regions/{region}", response_class=Jpeg)
async def find_region(
    id: str, region: Region, request: Request, studio: StudioOf, visitor: VisitorOf
) -> Jpeg:
    """Where a region is in an uploaded picture: white there."""
    content, settings = studio.store.file(visitor, id, "picture").path, Settings(masks=(region,))

    def act() -> Jpeg:
        masks = compose(settings, open_picture(content, max_size=QUICK), 1).masks
        return jpeg(open_picture((255 * masks[0]).astype(np.uint8)))

    return await in_turn(request, studio, visitor, act)


@router.delete("/files/{id}", status_code=204)
def delete_file(found: FileOf, studio: StudioOf) -> None:
    """Delete an upload."""
    studio.store.remove(found)


@router.post("/paint", response_class=Jpeg)
async def paint(request: Request, body: PaintBody, studio: StudioOf, visitor: VisitorOf) -> Jpeg:
    """Paint a picture at once, in one pass, or in one for each style that has a mask."""
    begun, order = time.perf_counter(), studio.quick(visitor, body)
    return await in_turn(request, studio, visitor, lambda: jpeg(studio.engine.quick(order), begun))


@router.post("/frame", response_class=Jpeg)
async def frame(
    request: Request,
    studio: StudioOf,
    visitor: VisitorOf,
    styles: str,
    strength: float = 1.0,
    size: int = CAMERA,
) -> Response:
    """Paint a camera's frame, a JPEG, at once; `styles` are names and ids, with commas.

    Where the last frame of this visitor still waits, this one takes its place.
    """
    content = _frame(await request.body())
    known, said = studio.styles, styles[:2000].split(",")[:MOST_STYLES]
    chosen = [StyleBody(name=each) if each in known else StyleBody(file=each[:64]) for each in said]
    values = Settings(method="fast", size=min(size, QUICK), strength=strength)
    settings, found = studio.engine.checked(values), studio.named(visitor, chosen)
    begun = time.perf_counter()

    def act() -> Jpeg:
        return jpeg(studio.engine.stylizer(found, settings)(content), begun)

    return await in_turn(request, studio, visitor, act, newest=True)


def _frame(data: bytes) -> Picture:
    """Open a camera's frame: a plain JPEG, which costs little to decode, whatever is in it."""
    try:
        with Image.open(BytesIO(data), formats=["JPEG"]) as image:
            if image.width * image.height > _MOST_FRAME or image.info.get("progressive"):
                raise ImageError("this frame is too large: send a smaller one")
            return open_picture(image.convert("RGB"))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise ImageError("this frame is not a JPEG picture") from error
