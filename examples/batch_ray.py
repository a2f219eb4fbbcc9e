"""Many pictures by the actors of Ray: each opens the network once.

Usage: python examples/batch_ray.py [FOLDER STYLE OUTPUT]   (needs the extra `scale`)
"""

import sys
from pathlib import Path

import ray

import impasto
from impasto.images import is_picture_name


class Painter:
    """A stylizer in a process of its own."""

    def __init__(self, style: str, output: str) -> None:
        self.stylizer, self.output = impasto.stylizer(style, method="fast", size=256), Path(output)

    def paint(self, path: Path) -> str:
        """Paint one picture and return where it is."""
        target = self.output / f"{path.stem}.jpg"
        return str(self.stylizer(path).save(target, overwrite=True))


def main(folder: str, style: str, output: str) -> None:
    """Share the pictures out and print the results as they come."""
    Path(output).mkdir(parents=True, exist_ok=True)
    ray.init("local", log_to_driver=False)  # on a cluster: "auto"
    painters = [ray.remote(Painter).remote(style, output) for _ in range(2)]
    photos = [path.absolute() for path in sorted(Path(folder).iterdir()) if is_picture_name(path)]
    pool = ray.util.ActorPool(painters)
    for result in pool.map_unordered(lambda painter, path: painter.paint.remote(path), photos):
        print(result, flush=True)


if __name__ == "__main__":
    main(*(sys.argv[1:] or ("photos", "mosaic", "painted")))
