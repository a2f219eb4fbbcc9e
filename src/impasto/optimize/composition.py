"""What goes where in a picture: regions with styles of their own, and what stays as it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from impasto.errors import SettingsError
from impasto.images import Identity, Picture, face_mask, find_faces, identify, open_mask, sized
from impasto.images.masks import Mask
from impasto.settings import Settings
from impasto.settings.choices import FACES, REST


@dataclass(frozen=True)
class Composition:
    """Regions and what is kept, at the size of the result.

    Attributes:
        masks: One for each style; none: each applies everywhere.
        keep: Where the photograph stays, or None.
        identities: Of the files of masks, and `kept` of that of `keep`, or None.
        faces: How many faces are kept; None: none were looked for.
    """

    masks: Sequence[Mask] = ()
    keep: Mask | None = None
    identities: Sequence[Identity] = ()
    kept: Identity | None = None
    faces: int | None = None

    @property
    def notes(self) -> list[str]:
        """What a person should know of it, a line each."""
        if self.faces is None:
            return []
        if not self.faces:
            return ["no face was found: nothing is kept"]
        return [f"kept {self.faces} face{'s' if self.faces > 1 else ''}"]

    def shares(self, given: Sequence[float]) -> list[float]:
        """Return how much each style counts, of what shares were given, by the area it paints.

        A loss is a mean over its region: where that is small, each pixel would move more.
        """
        free = 1 if self.keep is None else 1 - self.keep
        if not self.masks:
            return [share * float(np.mean(free)) for share in given]
        pairs = zip(given, self.masks, strict=True)
        areas = [share * float((mask * free).mean()) for share, mask in pairs]
        covered = float((np.sum(self.masks, axis=0) * free).mean())
        return [covered * area / max(sum(areas), 1e-9) for area in areas]


def compose(settings: Settings, content: Picture, styles: int) -> Composition:
    """Read the masks that the settings name, for so many styles and a content of final size."""
    names = settings.masks or ()
    if names and len(names) != styles:
        raise SettingsError(f"masks has {len(names)} pictures for {styles} styles: name one each")
    files = [name for name in names if name != REST]
    if names and not files:
        raise SettingsError(f"masks are all {REST!r}: name a picture for one style at least")
    drawn = {name: open_mask(_there(name, "masks"), content.size) for name in files}
    keep, kept, faces = None, None, None
    if settings.keep == FACES:
        found = find_faces(content)
        keep, faces = face_mask(found, content.size) if found else None, len(found)
    elif settings.keep is not None:
        keep = open_mask(_there(settings.keep, "keep"), content.size)
        kept = identify(settings.keep)
    return Composition(_shared(names, drawn), keep, [identify(name) for name in files], kept, faces)


def mask_tensor(mask: Mask | None, size: tuple[int, int], device: torch.device) -> Tensor | None:
    """Return a mask as (1, 1, H, W) at (width, height); None: everywhere."""
    if mask is None:
        return None
    return torch.from_numpy(np.ascontiguousarray(sized(mask, size)))[None, None].to(device)


def _shared(names: tuple[str, ...], drawn: dict[str, Mask]) -> list[Mask]:
    """Return the masks of all styles, none counting more than once where they overlap."""
    if not names:
        return []
    covered = np.sum([drawn[name] for name in names if name != REST], axis=0)
    over, rest = np.maximum(covered, 1), (1 - covered).clip(0, 1)
    rests = max(1, names.count(REST))
    return [
        (rest / rests if name == REST else drawn[name] / over).astype(np.float32) for name in names
    ]


def _there(name: str, setting: str) -> Path:
    path = Path(name)
    if not path.is_file():
        raise SettingsError(f"{setting} names {name!r}: there is no such picture")
    return path
