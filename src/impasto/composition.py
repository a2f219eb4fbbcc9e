"""The composition of a picture: regions with a style each, and what is kept."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.errors import ImageError, SettingsError
from impasto.flow import warped
from impasto.images import Identity, Picture, face_mask, find_faces, identify, open_mask
from impasto.images.masks import Mask, blurred
from impasto.regions import find_person, find_sky
from impasto.runs import Carried, Reference
from impasto.settings import Settings
from impasto.settings.choices import BACKGROUND, FACE, FACES, MASK_WORDS, PERSON, REGIONS, REST, SKY

Pixels = NDArray[np.float32]
#: Width of the edge between two styles of one pass, of the longest side.
_EDGE = 1 / 128
#: How much of a face is kept; the share of a picture below which a region is not there.
_KEPT, _LEAST = 0.7, 0.004
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
    carried: Carried = field(default_factory=dict)  # state for the next frame of a video
    notes: Sequence[str] = ()  # messages for the user

    @property
    def regions(self) -> Sequence[Mask | None]:
        """Where each style applies; one for all, everywhere (None), if there are no masks."""
        return self.masks or (None,)

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

    What is found of a frame that has a reference moves along with that of the frame before. Masks
    for another number of styles, or a file that is missing, are a `SettingsError`; a mask that
    cannot be read, or has another shape than the content, and a region that is not found in a
    picture, is an `ImageError`.
    """
    carried: dict[str, NDArray[Any]] = {}
    for name in {*settings.regions, *([FACE] if settings.keep == FACES else ())}:
        carried |= _followed(name, content, reference or Reference())
    found = {name: carried[f"{name} mask"] for name in sorted(settings.regions)}
    notes = [_share(name, mask, content, reference) for name, mask in found.items()]
    # Of two that overlap the smaller one counts: the face of a person, the sky of a background.
    if PERSON in found:
        found[BACKGROUND] = (1 - found[PERSON]) * (1 - found.get(SKY, np.float32(0)))
        found[PERSON] = found[PERSON] * (1 - found.get(FACE, np.float32(0)))
    masks, soft, keep = open_masks(settings, content.size, styles, found)
    if settings.keep == FACES:
        faces = int(carried["face found"])
        kept = f"kept {faces} face{'s' * (faces > 1)}"
        notes.append(kept if faces else "no face was found: nothing is kept")
        keep = np.float32(_KEPT) * carried["face mask"] if carried["face mask"].any() else None
    return Composition(masks, soft, keep, carried, notes)


def _share(name: str, mask: Mask, content: Picture, reference: Reference | None) -> str:
    """Return in words how much of a picture a region is, or whether a frame has it."""
    share = float(mask.mean())
    if reference is not None:
        return f"{name} found" if share > _LEAST else f"no {name} found"
    if share > _LEAST:
        return f"{name}: {100 * share:.0f} % of the picture"
    said = f"no {name} was found in {content.name or 'the picture'}"
    raise ImageError(f"{said}: draw the region white in a mask, and give that instead")


def open_masks(
    settings: Settings,
    size: tuple[int, int],
    styles: int,
    found: Mapping[str, Mask] | None = None,
) -> tuple[Sequence[Mask], Sequence[Mask], Mask | None]:
    """Return masks of so many styles at (width, height), soft ones, and `keep`; see `compose`.

    Regions are what was found, by name; None: nothing yet.
    """
    names = settings.masks or ()
    if names and len(names) != styles:
        raise SettingsError(f"masks has {len(names)} pictures for {styles} styles: name one each")
    if names and all(name == REST for name in names):
        raise SettingsError(f"masks are all {REST!r}: name a picture for one style at least")
    files = tuple(None if name in MASK_WORDS else _there(name, "masks") for name in names)
    read = _regions if size[0] * size[1] <= _REMEMBERED else _regions.__wrapped__
    if settings.regions:
        nothing = np.zeros(size[::-1], np.float32)
        there = [(found or {}).get(name, nothing) if name in REGIONS else None for name in names]
        drawn = [file and open_mask(file[0], size) for file in files]
        masks = _shared([d if t is None else t for d, t in zip(drawn, there, strict=True)])
    else:
        masks = read(files, size)
    if settings.keep in (None, FACES):
        return *masks, None
    return *masks, read((_there(str(settings.keep), "keep"),), size)[0][0]


def mask_identities(settings: Settings) -> dict[str, Identity | Sequence[Identity] | None]:
    """Return the identities of the files of masks and of `keep`, for a recipe."""
    files = [_there(name, "masks")[0] for name in settings.masks or () if name not in MASK_WORDS]
    kept = settings.keep not in (None, FACES)
    keep = identify(_there(str(settings.keep), "keep")[0]) if kept else None
    return {"keep": keep, "masks": list(map(identify, files))}


def _there(name: str, setting: str) -> tuple[Path, int]:
    """Return the file of a mask, and what changes where another file takes its place."""
    path = Path(name)
    if not path.is_file():
        region = f", nor a region ({', '.join(REGIONS)})" if setting == "masks" else ""
        raise SettingsError(f"{setting} names {name!r}: there is no such picture{region}")
    return path, path.stat().st_mtime_ns


@lru_cache(2)
def _regions(
    files: tuple[tuple[Path, int] | None, ...], size: tuple[int, int]
) -> tuple[Sequence[Mask], Sequence[Mask]]:
    """Return the masks of all styles, and soft ones; None stands for the rest."""
    return _shared([file and open_mask(file[0], size) for file in files])


def _shared(drawn: Sequence[Mask | None]) -> tuple[Sequence[Mask], Sequence[Mask]]:
    """Return masks of which none counts more than once where they overlap, and soft ones."""
    covered: Any = sum(mask for mask in drawn if mask is not None)
    over, rest = np.maximum(covered, 1), np.clip(1 - covered, 0, 1)
    rests = max(1, sum(mask is None for mask in drawn))
    masks: list[Mask] = [rest / rests if mask is None else mask / over for mask in drawn]
    return masks, [blurred(mask, max(1, round(_EDGE / 2 * max(mask.shape)))) for mask in masks]


def _followed(name: str, content: Picture, reference: Reference) -> dict[str, NDArray[Any]]:
    """Return where a region is, and the state for the next frame of a video.

    It is looked for in some frames, and what was found is warped along the motion.
    """
    before, size = reference.frames.get(1), content.size
    known = {} if before is None else reference.carried
    mask = wanted = np.zeros((size[1], size[0]), np.float32)
    if before is not None and f"{name} mask" in known:
        mask, wanted = (
            warped(known[key].astype(np.float32), before.flow, cubic=False)
            for key in (f"{name} mask", f"wanted {name} mask")
        )
    age, found = int(known.get(f"{name} age", 0)), known.get(f"{name} found", np.array(0))
    if name != FACE:
        wanted = (find_sky if name == SKY else find_person)(content)
    elif age % FACES_EVERY == 0:
        faces = find_faces(content)
        found = np.array(len(faces))
        wanted = np.maximum(face_mask(faces, size), np.float32(_FADED) * wanted)
    mask = mask + np.float32(_FOLLOWED if age else 1) * (wanted - mask)
    masks = {f"{name} mask": mask, f"wanted {name} mask": wanted}
    return {**masks, f"{name} age": np.array(age + 1), f"{name} found": found}
