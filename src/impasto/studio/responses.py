"""What requests are told apart by, and answered with."""

from __future__ import annotations

import time
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.responses import Response

from impasto.images import Picture
from impasto.studio.studio import Studio, Visitor

#: How the OpenAPI document describes an answer that is a picture.
JPEG: dict[int | str, dict[str, Any]] = {200: {"content": {"image/jpeg": {}}}}


async def _studio(request: Request) -> Studio:
    studio: Studio = request.app.state.studio
    return studio


async def _visitor(request: Request) -> Visitor:
    return Visitor(request.state.visitor, request.state.who)


StudioOf = Annotated[Studio, Depends(_studio)]
VisitorOf = Annotated[Visitor, Depends(_visitor)]


def jpeg(picture: Picture, begun: float | None = None) -> Response:
    """Answer with a picture; `begun` is `time.perf_counter()` when its painting began."""
    seconds = {} if begun is None else {"X-Impasto-Seconds": f"{time.perf_counter() - begun:.3f}"}
    data = picture.on_white().encode("jpg")
    return Response(data, media_type="image/jpeg", headers=seconds)
