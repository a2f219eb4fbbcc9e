"""The composition of a picture: regions with a style each, and what is kept."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.errors import SettingsError
from impasto.flow import warped
from impasto.images import Identity, Picture, face_mask, find_faces, identify, open_mask
from impasto.images.masks import Mask
from impasto.runs import Carried, Reference
from impasto.settings import Settings
from impasto.settings.choices import FACES, REST

Pixels = NDArray[np.float32]
#: Width of the edge between two styles of one pass, of the longest side.
_EDGE = 1 / 128
#: In a video faces are detected in one frame of so many; the mask of those that are not found again
#: is multiplied by the second number, and the mask follows the detections by the third a frame.
FACES_EVERY, _FADED, _FOLLOWED = 12, 0.5, 0.25
#: Pixels up to which masks are kept in memory for the next frame: those of 4096x2160.
_REMEMBERED = 9_000_000


@dataclass(frozen=True)
class Composition:
    """Regions and what is kept, at the size of the result."""

    masks: Sequence[Mask] = ()  # one for each style; none: each applies everywhere
    soft: Sequence[Mask] = ()  # the same with edges a few pixels wide
    keep: Mask | None = None  # where the photograph stays, or None
    faces: int | None = None  # how many are kept; None: none were looked for
    carried: Carried = field(default_factory=dict)  # state for the next frame of a video

    @property
    def regions(self) -> Sequence[Mask | None]:
        """Where each style applies; one for all, everywhere (None), if there are no masks."""
        return self.masks or (None,)

    @property
    def notes(self) -> list[str]:
        """Messages for the user."""
        if self.faces is None:
            return []
        if not self.faces:
            return ["no face was found: nothing is kept"]
        return [f"kept {self.faces} face{'s' if self.faces > 1 else ''}"]

    def style_weights(self, given: Sequence[float]) -> list[float]:
        """Return the weight of each style's loss: the normalized one, by the area of its region.

        A loss is a mean over its region: in a small one each pixel would otherwise move more.
        """
        free = 1 if self.keep is None else 1 - self.keep
        if not self.masks:
            return [share * float(np.mean(free)) for share in given]
        pairs = zip(given, self.masks, strict=True)
        areas = [share * float((mask * free).mean()) for share, mask in pairs]
        covered = float((np.sum(self.masks, axis=0) * free).mean())
        return [covered * area / max(sum(areas), 1e-9) for area in areas]

    def blended(self, photo: Pixels, painted: Iterable[Pixels], shares: Sequence[float]) -> Pixels:
        """Return the photograph with each style painted in its region, and what is kept.

        All are (H, W, 3) in [0, 1]; one is painted for each mask, or one in all. Edges are a few
        pixels wide. Where masks overlap, styles count by their shares.
        """
        if not self.masks:
            (result,) = painted
            return self.with_kept(result, photo)
        total: Any = sum(share * mask for share, mask in zip(shares, self.soft, strict=True))
        covered: Any = np.where(total > 0, sum(self.soft), 0)  # a share of 0 leaves the photograph
        scale = covered / np.maximum(total, 1e-9)
        result = photo * (1 - covered)[..., None]
        for share, mask, pixels in zip(shares, self.soft, painted, strict=True):
            result += (share * mask * scale)[..., None] * pixels
        return self.with_kept(result, photo)

    def with_kept(self, painted: Pixels, photo: Pixels) -> Pixels:
        """Return a painted picture with the photograph, as large, where it is kept."""
        return painted if self.keep is None else painted + self.keep[..., None] * (photo - painted)


def compose(
    settings: Settings, content: Picture, styles: int, reference: Reference | None = None
) -> Composition:
    """Read the masks that the settings name, for so many styles and a content of final size.

    Faces of a frame that has a reference move along with those of the frame before. Masks for
    another number of styles, or a file that is missing, are a `SettingsError`; a mask that cannot
    be read, or has another shape than the content, is an `ImageError`.
    """
    masks, soft, keep = open_masks(settings, content.size, styles)
    if settings.keep != FACES:
        return Composition(masks, soft, keep)
    carried = _faces(content, reference or Reference())
    keep = carried["face mask"]
    return Composition(masks, soft, keep if keep.any() else None, int(carried["faces"]), carried)


def open_masks(
    settings: Settings, size: tuple[int, int], styles: int
) -> tuple[Sequence[Mask], Sequence[Mask], Mask | None]:
    """Return masks of so many styles at (width, height), soft ones, and `keep`; see `compose`."""
    names = settings.masks or ()
    if names and len(names) != styles:
        raise SettingsError(f"masks has {len(names)} pictures for {styles} styles: name one each")
    if names and all(name == REST for name in names):
        raise SettingsError(f"masks are all {REST!r}: name a picture for one style at least")
    files = tuple(None if name == REST else _there(name, "masks") for name in names)
    read = _regions if size[0] * size[1] <= _REMEMBERED else _regions.__wrapped__
    if settings.keep in (None, FACES):
        return *read(files, size), None
    return *read(files, size), read((_there(str(settings.keep), "keep"),), size)[0][0]


def mask_identities(settings: Settings) -> dict[str, Identity | Sequence[Identity] | None]:
    """Return the identities of the files of masks and of `keep`, for a recipe."""
    files = [_there(name, "masks")[0] for name in settings.masks or () if name != REST]
    kept = settings.keep not in (None, FACES)
    keep = identify(_there(str(settings.keep), "keep")[0]) if kept else None
    return {"keep": keep, "masks": list(map(identify, files))}


def _there(name: str, setting: str) -> tuple[Path, int]:
    """Return the file of a mask, and what changes where another file takes its place."""
    path = Path(name)
    if not path.is_file():
        raise SettingsError(f"{setting} names {name!r}: there is no such picture")
    return path, path.stat().st_mtime_ns


@lru_cache(2)
def _regions(
    files: tuple[tuple[Path, int] | None, ...], size: tuple[int, int]
) -> tuple[Sequence[Mask], Sequence[Mask]]:
    """Return the masks of all styles, none counting more than once where they overlap, and soft.

    None stands for the rest.
    """
    drawn = {file: open_mask(file[0], size) for file in files if file}
    covered: Any = sum(drawn[file] for file in files if file)
    over, rest = np.maximum(covered, 1), np.clip(1 - covered, 0, 1)
    rests = max(1, files.count(None))
    masks: list[Mask] = [drawn[file] / over if file else rest / rests for file in files]
    return masks, list(map(_feathered, masks))


def _feathered(mask: Mask) -> Mask:
    reach = max(1, round(_EDGE / 2 * max(mask.shape)))
    width = 2 * reach + 1
    for _ in range(2):  # columns, then rows
        padded = np.pad(mask, [(reach, reach), (0, 0)], mode="edge")
        sums: Any = sum(padded[first : first + len(mask)] for first in range(width))
        mask = (sums / np.float32(width)).T
    return mask


def _faces(content: Picture, reference: Reference) -> dict[str, NDArray[Any]]:
    """Return where faces are kept, and the state for the next frame of a video.

    They are detected in some frames, and warped along the motion in between.
    """
    before, size = reference.frames.get(1), content.size
    known = {} if before is None else reference.carried
    mask = wanted = np.zeros((size[1], size[0]), np.float32)
    if before is not None and "face mask" in known:
        mask, wanted = (
            warped(known[name].astype(np.float32), before.flow, cubic=False)
            for name in ("face mask", "wanted face mask")
        )
    age, faces = int(known.get("face age", 0)), known.get("faces", np.array(0))
    if age % FACES_EVERY == 0:
        found = find_faces(content)
        faces = np.array(len(found))
        wanted = np.maximum(face_mask(found, size), np.float32(_FADED) * wanted)
    mask = mask + np.float32(_FOLLOWED if age else 1) * (wanted - mask)
    masks = {"face mask": mask, "wanted face mask": wanted}
    return {**masks, "face age": np.array(age + 1), "faces": faces}
