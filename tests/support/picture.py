"""`python -m tests.support.picture shards/v1 .github/row.png`: draw one real row, for the README."""

import io
import sys
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pyarrow.parquet as pq
from PIL import Image

mpl.use("Agg")
from matplotlib import pyplot as plt
from matplotlib.patches import Rectangle

from schemas.vocabulary.spaces import space

LIPS = {"jawOpen": "#c44e52", "mouthSmileLeft": "#4c72b0", "browInnerUp": "#55a868"}


def fullest(rows: list[dict]) -> dict:
    """Return the row with words whose speaker is seen for most of it."""

    def share(row: dict) -> float:
        spans = [face["span"] for face in row["faces"] if face["track"] == row["targets"][0]["track"]]
        length = row["actual"]["end"] - row["actual"]["start"]
        return sum(span["end"] - span["start"] for span in spans) / length

    return max((row for row in rows if row["words"] and row["image"]), key=share)


def draw(row: dict, place: Path) -> None:
    """Draw key frame with face boxes, blendshapes, speech and words of one row on one time line."""
    length = row["actual"]["end"] - row["actual"]["start"]
    figure = plt.figure(figsize=(13, 4.6), dpi=110)
    grid = figure.add_gridspec(3, 2, width_ratios=(1, 2), height_ratios=(3, 1, 1), hspace=0.15, wspace=0.12)
    _still(figure.add_subplot(grid[:, 0]), row)
    shapes = figure.add_subplot(grid[0, 1])
    target = row["targets"][0]
    face = next(face for face in row["faces"] if face["track"] == target["track"])
    names = space("arkit52").labels
    series = np.array(face["blendshapes"])
    for name, colour in LIPS.items():
        shapes.plot(face["times"], series[:, names.index(name)], color=colour, label=name, lw=1.4)
    shapes.set(xlim=(0, length), ylim=(0, 1), xticks=[], ylabel="blendshape")
    shapes.legend(loc="upper right", ncols=3, fontsize=8, frameon=False)
    shapes.set_title(f"{row['source']['file']}, clip {row['clip_id']}: {target['reason']}", fontsize=9, loc="left", wrap=True)
    turns = figure.add_subplot(grid[1, 1])
    for turn in row["turns"]:
        span = turn["span"]
        turns.add_patch(Rectangle((span["start"], 0.2), span["end"] - span["start"], 0.6, color="#8172b3"))
        turns.text(span["start"], 0.5, f" {turn['speaker']}", va="center", color="white", fontsize=9)
    turns.set(xlim=(0, length), ylim=(0, 1), xticks=[], yticks=[], ylabel="turns")
    words = figure.add_subplot(grid[2, 1])
    for number, word in enumerate(row["words"]):
        words.text(word["span"]["start"], (0.8, 0.5, 0.2)[number % 3], word["text"], fontsize=8, va="center")
    words.set(xlim=(0, length), ylim=(0, 1), yticks=[], xlabel="clip time in s", ylabel="words")
    place.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(place, bbox_inches="tight")


def _still(axes, row: dict) -> None:
    still = Image.open(io.BytesIO(row["image"]["bytes"]))
    axes.imshow(still)
    axes.axis("off")
    kind = [frame for frame in row["frames"] if frame["image"]["bytes"] == row["image"]["bytes"]]
    time = kind[0]["time"] if kind else 0.0
    persons = {person["track"]: person["person"] for person in row["persons"]}
    for face in row["faces"]:
        away = np.abs(np.array(face["times"]) - time)
        nearest = int(np.argmin(away))
        if away[nearest] > 0.2:
            continue
        box = face["boxes"][nearest]
        x, y = box["x"] * still.width, box["y"] * still.height
        colour = "#dd8452" if face["track"] == row["targets"][0]["track"] else "#937860"
        width, height = box["width"] * still.width, box["height"] * still.height
        axes.add_patch(Rectangle((x, y), width, height, fill=False, color=colour, lw=2))
        label = f"{face['track']} · {persons.get(face['track'], 'person unknown')}"
        axes.text(x, y - 5, label, color="white", fontsize=8, backgroundcolor=colour)


if __name__ == "__main__":
    found = [row for file in sorted(Path(sys.argv[1]).glob("data/*.parquet")) for row in pq.read_table(file).to_pylist()]
    draw(fullest(found), Path(sys.argv[2]))
