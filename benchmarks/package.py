"""How large the networks are, and how long impasto takes to start.

Usage: python -m benchmarks.package --judge JUDGE.py --data FOLDER [--rounds 3] [--quick]
"""

import sys
from pathlib import Path

from benchmarks.measuring import impasto, options, progress, run, seconds, table

from impasto import weights
from impasto.weights.catalogue import CATALOGUE

BUNDLED = Path(weights.__file__).parent / "bundled"


def main() -> None:
    """Measure and print."""
    given = options(__doc__)
    progress("the package")
    files = [path for path in sorted(BUNDLED.iterdir()) if path.suffix in {".onnx", ".safetensors"}]
    sizes = {path.name: path.stat().st_size for path in files}
    total = sum(sizes.values())
    sizes |= {"one-pass network, both files": sum(s for n, s in sizes.items() if "style" in n)}
    sizes |= {"all networks in the package": total}
    sizes |= {"VGG-19, downloaded on first use": CATALOGUE["vgg19-keras"].size_bytes or 0}
    rows = [[name, f"{size / 1e6:.1f} MB"] for name, size in sizes.items()]
    table("Files.", ["", "size"], rows)
    rounds = range(2 * given.rounds - 1)
    commands = {
        "`impasto --help`": [impasto("--help").seconds for _ in rounds],
        "`import impasto`": [run(sys.executable, "-c", "import impasto").seconds for _ in rounds],
    }
    rows = [[name, seconds(took)] for name, took in commands.items()]
    table("Start, the whole process.", ["", "median"], rows)


if __name__ == "__main__":
    main()
