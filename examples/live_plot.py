"""Step by step, with a plot of the losses that grows while the picture forms.

Usage: python examples/live_plot.py [PHOTO STYLE OUTPUT]   (needs the extra `lab`)
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt

import impasto


def main(photo: str, style: str, output: str) -> None:
    """Paint; every fifth step is shown, and the plot is saved beside the picture."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4))
    content, styles = [], []
    run = impasto.stylizer(style, size=256).run(photo)
    for state in run:
        content.append(state.content_loss)
        styles.append(state.style_loss)
        if state.done % 5 and state.done != state.planned:
            continue
        left.clear()
        left.semilogy(content, label="content")
        left.semilogy(styles, label="style")
        left.legend()
        right.imshow(run.picture.to_pil())
        right.set_title(f"step {state.done} of {state.planned}")
        if plt.isinteractive() or "agg" not in plt.get_backend().lower():
            plt.pause(0.01)
    figure.savefig(Path(output).with_suffix(".plot.png"))
    print(run.picture.save(output))


if __name__ == "__main__":
    main(*(sys.argv[1:] or ("photo.jpg", "mosaic", "out.png")))
