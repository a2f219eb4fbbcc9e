"""The table of weights files: where each comes from and what may be done with it.

A hash stands there only if the publisher of the file states it: torch.hub does in the file's name,
and a url that names a commit stands for one.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from impasto.errors import WeightsError


@dataclass(frozen=True)
class WeightsFile:
    """One file of trained parameters.

    The hash is the strongest that the publisher states, as ``"algorithm:digits"``; it ends in
    ``"..."`` where only the first digits are published.
    """

    name: str  # that users type, such as "vgg19-keras"
    filename: str
    group: str  # the name of the network; files of one group can stand in for each other
    purpose: str  # in a few words
    license: str  # what may be done with it, and whose it is
    source: str  # who published it
    url: str | None = None  # None: it is only ever found locally
    size_bytes: int | None = None  # where the publisher's file is known to have an exact one
    published_hash: str | None = None
    kept_as: str | None = None  # the safetensors copy that is used in place of a pickled file
    layout: str = "vgg19"  # of a pickled file: whose names its parameters have (see `fetching`)

    @property
    def size(self) -> str:
        """The size for people: ``"80 MB"``, or ``"unknown"``."""
        return "unknown" if self.size_bytes is None else f"{self.size_bytes / 1e6:.0f} MB"


def _catalogued() -> Iterator[WeightsFile]:
    """Yield the files of `catalogue.json`; within a group the preferred one first.

    Files of known fast systems come twice: as we use them, and as they were published.
    """
    said = json.loads(Path(__file__).with_suffix(".json").read_text("utf-8"))
    yield from (WeightsFile(**each) for each in said["files"])
    for system in said["systems"]:
        for each in system["files"]:
            name, kept, url = each["group"], each["kept"], system["base"] + each["published"]
            here = WeightsFile(
                name=f"{name}-here",
                filename=kept,
                group=name,
                purpose=f"for method {system['method']}",
                license=each.get("license", system["license"]),
                source=system["source"],
            )
            yield here
            yield replace(
                here,
                name=f"{name}-published",
                filename=url.rpartition("/")[2],
                url=url,
                kept_as=kept if "layout" in each else None,
                layout=each.get("layout", ""),
            )


CATALOGUE: Mapping[str, WeightsFile] = {file.name: file for file in _catalogued()}
"""All files by their short name, in the order of preference."""


def files_named(name: str) -> tuple[WeightsFile, ...]:
    """At least one catalogued file that a name stands for, or a `WeightsError`.

    It is a short name (``"vgg19-keras"``), a file name, or a group (``"vgg19"``): then all of its
    files, the preferred one first.
    """
    files = CATALOGUE.values()
    found = tuple(f for f in files if name in (f.name, f.filename, f.kept_as, f.group))
    if not found:
        known = ", ".join(dict.fromkeys([*(f.group for f in files), *CATALOGUE]))
        raise WeightsError(f"{name}: neither a file nor the name of any weights; known: {known}")
    return found
